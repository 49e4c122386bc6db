"""Unguessable links to one appointment, for mails: its id, signed with the installation's secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final

_PURPOSE: Final = b"appointment-link:"
_TOKEN: Final = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{32})")
_SIGNATURE_BYTES: Final = 24
PATH: Final = "/appuntamenti/"


class Links:
    """Makes and checks the links of one installation."""

    def __init__(self, secret: str, base_url: str) -> None:
        self._secret = secret.encode()
        self._base = base_url.rstrip("/")

    def url(self, appointment_id: str) -> str:
        """The address of the page of an appointment."""
        return f"{self._base}{PATH}{self.token(appointment_id)}"

    def token(self, appointment_id: str) -> str:
        """The part of the address that nobody can guess."""
        return f"{appointment_id}.{self._signature(appointment_id)}"

    def appointment_id(self, token: str) -> str | None:
        """The appointment that a token opens, or None."""
        match = _TOKEN.fullmatch(token)
        if match is None or not hmac.compare_digest(self._signature(match[1]), match[2]):
            return None
        return match[1]

    def _signature(self, appointment_id: str) -> str:
        digest = hmac.new(self._secret, _PURPOSE + appointment_id.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:_SIGNATURE_BYTES]).decode()
