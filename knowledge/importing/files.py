"""Bytes of a file as text, whatever program has written them."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from bot.errors import ContentError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file.

    Raises:
        ContentError: it cannot be read, or is larger than ``max_bytes``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise ContentError(
            str(path), f"il file non si legge ({error.strerror})", "controlla nome e permessi"
        ) from None
    if len(data) > max_bytes:
        raise ContentError(
            str(path),
            f"il file supera {max_bytes // 1_048_576} MB",
            "dividilo, o alza SPORTELLO_IMPORT_MAX_BYTES",
        )
    return data


def decoded(data: bytes, path: str) -> str:
    """Text of a file in UTF-8, UTF-16 with its mark, or the Windows encoding that Italian spreadsheets save.

    Raises:
        ContentError: no text at all.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        # A byte that even cp1252 does not know costs one letter, not the file.
        text = data.decode("cp1252", errors="replace")
    if "\x00" in text:
        raise ContentError(path, "non è un file di testo", "esportalo come CSV, JSON o RDF")
    if not text.strip():
        raise ContentError(path, "il file è vuoto", "controlla il file")
    return text.replace("\r\n", "\n").replace("\r", "\n")
