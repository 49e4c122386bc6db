"""What all shapes of the knowledge share: the base class and the small text types."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

TITLE_MAX_CHARS: Final = 60
"""A title is a button: longer ones are cut by every channel."""

LINE_MAX_CHARS: Final = 120
SENTENCE_MAX_CHARS: Final = 420
"""Three sentences: what one fact may say on a phone screen."""


def _one_line(text: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise ValueError("contiene un a capo o un carattere di controllo")
    return text


class Item(BaseModel):
    """Base of everything stored: unknown fields are errors, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LINE_MAX_CHARS, strip_whitespace=True),
    AfterValidator(_one_line),
]
Sentence = Annotated[
    str, StringConstraints(min_length=10, max_length=SENTENCE_MAX_CHARS, strip_whitespace=True)
]
WebAddress = Annotated[
    str, StringConstraints(pattern=r"^https?://[^\s<>\"']+$", max_length=500, strip_whitespace=True)
]
"""Only addresses that a browser opens as pages: never ``javascript:`` or ``data:``."""

EmailAddress = Annotated[
    str,
    StringConstraints(
        pattern=r"^[^\s@<>\"']+@[^\s@<>\"']+\.[^\s@<>\"']+$", max_length=254, strip_whitespace=True
    ),
]
