"""Passwords: which are refused, and how they are hashed without letting a flood of sign-ins take the machine."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from zxcvbn import zxcvbn

from bot.errors import SportelloError
from bot.limits import PASSWORD_HASHES_AT_ONCE, PASSWORD_HASHES_WAITING, PASSWORD_MAX_BYTES

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's figures (19 MiB, two passes): 23 ms on one core."""

_SITE_WORDS: Final = (
    "sportello",
    "urp",
    "città",
    "citta",
    "metropolitana",
    "milano",
    "comune",
    "assistente",
    "password",
    "benvenuto",
    "cambiami",
)
_SCORED_CHARS: Final = 72
"""zxcvbn's time grows with the square of the length, and a text this long is never rejected for its tail."""

_OWN_LETTERS: Final = 4
"""Letters that a password must have besides words that everybody would try here."""

_GOOD_SCORE: Final = 3
"""zxcvbn: 3 means at least 10^8 guesses."""


class TooManySignIns(SportelloError):
    """More passwords wait to be checked than this machine wants to hash."""


def problem(password: str, *, min_chars: int, own_words: tuple[str, ...] = ()) -> str:
    """Key of the text that says why a new password is refused, "" when it is fine.

    No composition rules: length and how hard it is to guess are what counts.

    Args:
        own_words: name and e-mail address of the person.
    """
    if len(password) < min_chars:
        return "password_short"
    if len(password.encode("utf-8", "surrogatepass")) > PASSWORD_MAX_BYTES:
        return "password_long"
    if any(0xD800 <= ord(char) <= 0xDFFF for char in password) or "\x00" in password:
        return "password_unreadable"
    words = [word for text in own_words for word in re.split(r"[\s@.]+", text.lower()) if word]
    words += [*_SITE_WORDS, *(text.lower() for text in own_words)]
    scored = password[:_SCORED_CHARS]
    if zxcvbn(scored, user_inputs=words)["score"] < _GOOD_SCORE or _is_only(scored, words):
        return "password_guessable"
    return ""


def _is_only(password: str, words: list[str]) -> bool:
    """Whether hardly a letter is left once the words of the site and the person are taken out."""
    rest = password.lower()
    for word in sorted(words, key=len, reverse=True):
        if len(word) > 2:
            rest = rest.replace(word, "")
    letters = sum(char.isalpha() for char in rest)
    return letters < _OWN_LETTERS and rest != password.lower()


class Passwords:
    """Hashes and checks passwords on threads: a few at once, some waiting, the rest refused."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(PASSWORD_HASHES_AT_ONCE, thread_name_prefix="password")
        self._busy = 0
        # What an unknown name is compared with, so that it takes as long as a known one.
        self._nobody = _HASHER.hash("nessuno")

    async def hash(self, password: str) -> str:
        """An Argon2id hash.

        Raises:
            TooManySignIns: too many passwords are being checked.
        """
        return str(await self._run(_HASHER.hash, password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether a password is the stored one; with None it takes as long and says no.

        Raises:
            TooManySignIns: too many passwords are being checked.
        """
        if len(password.encode("utf-8", "surrogatepass")) > PASSWORD_MAX_BYTES:
            return False
        same = bool(await self._run(_verified, stored or self._nobody, password))
        return same and stored is not None

    async def problem(self, password: str, *, min_chars: int, own_words: tuple[str, ...]) -> str:
        """``problem`` off the event loop."""
        return str(
            await self._run(lambda: problem(password, min_chars=min_chars, own_words=own_words))
        )

    async def renewed(self, stored: str, password: str) -> str | None:
        """A new hash of a right password whose stored one was made with older, weaker figures; else None."""
        return await self.hash(password) if _HASHER.check_needs_rehash(stored) else None

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Any, *args: Any) -> Any:
        if self._busy >= PASSWORD_HASHES_AT_ONCE + PASSWORD_HASHES_WAITING:
            raise TooManySignIns("too many sign-ins at once")
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        finally:
            self._busy -= 1


def _verified(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
