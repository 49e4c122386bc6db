"""Codes of the second factor: time-based ones of a phone (RFC 6238) and recovery codes on paper."""

from __future__ import annotations

import hmac
import io
from datetime import datetime
from typing import Final

import pyotp
import segno

_STEP_S: Final = 30
_ISSUER: Final = "Sportello"
_DRIFT_STEPS: Final = (0, -1, 1)
"""Phones are a little early or late."""

RECOVERY_CODES: Final = 10


def new_secret() -> str:
    """160 random bits in base 32."""
    return pyotp.random_base32()


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step of which this is the code, or None. The caller makes sure that a step is used once."""
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // _STEP_S
    for drift in _DRIFT_STEPS:
        if hmac.compare_digest(totp.at((current + drift) * _STEP_S), digits):
            return current + drift
    return None


def qr_code(secret: str, email: str) -> bytes:
    """The secret as an SVG picture that a phone can read."""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=5, border=4, light="#ffffff")
    return out.getvalue()


def readable(secret: str) -> str:
    """The secret in groups of four, for those who type it."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
