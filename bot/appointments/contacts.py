"""Checks of what a citizen tells about himself: name, one contact, reason. Pure; no network."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from knowledge.text import fold

NAME_MAX_CHARS: Final = 80
REASON_MAX_CHARS: Final = 200
CONTACT_MAX_CHARS: Final = 254

ContactProblem = Literal[
    "empty", "email_without_at", "email_domain", "email", "phone_short", "phone_long", "phone"
]
NameProblem = Literal["empty", "too_long", "not_a_name"]

_WORD: Final = re.compile(r"[^\W\d_]+(?:[.'’‘`-]+[^\W\d_]*)*\.?")
_SPACES: Final = re.compile(r"\s+")
_SPOKEN: Final = (
    (re.compile(r"\s+(?:chiocciola|at)\s+", re.I), "@"),
    (re.compile(r"\s+punto\s+", re.I), "."),
)
_EMAIL: Final = re.compile(
    r"\S{1,64}@\S{1,255}|\S{1,64}\s+(?:chiocciola|at)\s+\S{1,64}(?:\s+punto\s+\S{1,64})?",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"(?:\+|00)?\d(?:[ ./()-]{0,2}\d){4,}")


@dataclass(frozen=True)
class Contact:
    """A valid contact: an address in lower-case domain, or a number in international form."""

    kind: Literal["email", "phone"]
    value: str


class Invalid(ValueError):
    """What was given cannot be used; ``problem`` says why, for the right second try."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


def contact_span(text: str) -> tuple[int, int] | None:
    """Where in a sentence something stands that looks like an address or a number, right or wrong; None if nowhere."""
    found = _EMAIL.search(text) or _NUMBER.search(text)
    return found.span() if found else None


def parsed_contact(text: str) -> Contact:
    """An e-mail address or a telephone number (Italian unless it says otherwise).

    Raises:
        Invalid: ``problem`` is a ContactProblem.
    """
    plain = _clean(text)
    for pattern, sign in _SPOKEN:
        plain = pattern.sub(sign, plain)
    plain = plain.strip(" .,;:<>()[]\"'").removeprefix("mailto:")
    if not plain:
        raise Invalid("empty")
    if "@" in plain:
        return _email(plain)
    if any(char.isalpha() for char in plain):
        raise Invalid("email_without_at")
    return _phone(plain)


def _email(text: str) -> Contact:
    try:
        checked = validate_email(
            re.sub(r"\s*([@.])\s*", r"\1", text),
            check_deliverability=False,
            # Most servers know no other addresses: a confirmation that cannot arrive helps nobody.
            allow_smtputf8=False,
        )
    except EmailNotValidError:
        local, _, domain = text.rpartition("@")
        raise Invalid("email_domain" if local and "." not in domain else "email") from None
    return Contact("email", (checked.ascii_email or checked.normalized).lower())


def _phone(text: str) -> Contact:
    digits = sum(char.isdigit() for char in text)
    try:
        number = phonenumbers.parse(text, "IT")
    except phonenumbers.NumberParseException:
        raise Invalid("phone_short" if 0 < digits < 6 else "phone") from None
    if not phonenumbers.is_valid_number(number):
        reason = phonenumbers.is_possible_number_with_reason(number)
        if reason == phonenumbers.ValidationResult.TOO_LONG:
            raise Invalid("phone_long")
        if reason == phonenumbers.ValidationResult.TOO_SHORT or digits < 8:
            raise Invalid("phone_short")
        raise Invalid("phone")
    return Contact("phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def parsed_name(text: str) -> str:
    """Name and surname as written, tidied.

    Raises:
        Invalid: ``problem`` is a NameProblem.
    """
    plain = _clean(text).strip(' .,;:!?"')
    if not plain:
        raise Invalid("empty")
    if len(plain) > NAME_MAX_CHARS:
        raise Invalid("too_long")
    words = plain.split(" ")
    letters = sum(char.isalpha() for char in plain)
    if letters < 2 or len(words) > 8 or not all(_WORD.fullmatch(word) for word in words):
        raise Invalid("not_a_name")
    return plain.title() if plain.isupper() or plain.islower() else plain


def parsed_reason(text: str) -> str:
    """What the appointment is about, tidied; "" is allowed.

    Raises:
        Invalid: "too_long".
    """
    plain = _clean(text)
    if len(plain) > REASON_MAX_CHARS:
        raise Invalid("too_long")
    return plain


def person_key(name: str) -> str:
    """A name in the form in which two names are compared: no accents, no case, words in order."""
    return " ".join(sorted((fold(name) or name.casefold()).split()))


def kind_of(contact: str) -> Literal["email", "phone"]:
    """The kind of a stored contact."""
    return "email" if "@" in contact else "phone"


def masked(contact: str) -> str:
    """A contact that its owner recognises and nobody else can use: "m•••@example.it", "+39•••••••167"."""
    if not contact:
        return ""
    if kind_of(contact) == "email":
        local, _, domain = contact.rpartition("@")
        return f"{local[:1]}•••@{domain}"
    return f"{contact[:3]}{'•' * max(3, len(contact) - 6)}{contact[-3:]}"


def _clean(text: str) -> str:
    """One line without control, hidden and direction-changing characters."""
    spaced = _SPACES.sub(" ", unicodedata.normalize("NFC", text))
    return "".join(c for c in spaced if unicodedata.category(c)[0] != "C").strip()
