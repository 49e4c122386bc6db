"""Whether a word is ordinary Italian: a compact table made from spaCy's lookup lemmas."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.settings import PROJECT_ROOT
from knowledge.text import fold

EXTRA_WORDS = [
    "che",
    "cosa",
    "cosi",
    "qui",
    "qua",
    "gia",
    "piu",
    "puo",
    "ce",
    "ne",
    "li",
    "la",
    "lo",
    "le",
    "gli",
    "un",
    "una",
    "uno",
    "del",
    "dello",
    "della",
    "dei",
    "degli",
    "delle",
    "al",
    "allo",
    "alla",
    "ai",
    "agli",
    "alle",
    "dal",
    "dallo",
    "dalla",
    "dai",
    "dagli",
    "dalle",
    "nel",
    "nello",
    "nella",
    "nei",
    "negli",
    "nelle",
    "sul",
    "sullo",
    "sulla",
    "sui",
    "sugli",
    "sulle",
    "col",
    "coi",
    "mi",
    "ti",
    "ci",
    "vi",
    "si",
    "lui",
    "lei",
    "loro",
    "noi",
    "voi",
    "io",
    "tu",
    "me",
    "te",
    "se",
    "ma",
    "anche",
    "come",
    "dove",
    "quando",
    "quanto",
    "quale",
    "quali",
    "quanti",
    "perche",
    "chi",
    "buongiorno",
    "buonasera",
    "salve",
    "ciao",
    "grazie",
    "prego",
    "ok",
    "okay",
    "mail",
    "email",
    "pec",
    "urp",
    "afol",
    "cpi",
    "atm",
    "tpl",
    "spid",
    "cie",
    "isee",
    "imu",
    "tari",
    "curit",
    "gol",
    "did",
    "eures",
    "foia",
    "ato",
    "cap",
    "mm",
    "cda",
    "anci",
    "pon",
    "bes",
    "milano",
    "lombardia",
    "covid",
    "online",
    "web",
    "sito",
    "app",
    "telegram",
    "whatsapp",
    "internet",
]


class ItalianWords:
    """Set of folded Italian word forms, kept as sorted 64-bit hashes (2.6 MB instead of 40 MB)."""

    def __init__(self, hashes: npt.NDArray[np.uint64]) -> None:
        self._hashes = hashes

    def __contains__(self, word: str) -> bool:
        return self._contains(word)

    @lru_cache(maxsize=16_384)  # noqa: B019 - one instance lives as long as the process
    def _contains(self, word: str) -> bool:
        value = _hash(word)
        at = int(np.searchsorted(self._hashes, value))
        return at < len(self._hashes) and bool(self._hashes[at] == value)

    @classmethod
    def from_words(cls, words: Iterable[str]) -> ItalianWords:
        """Build the table from plain words."""
        values = {_hash(word) for entry in words for word in fold(entry).split()}
        return cls(np.array(sorted(values), dtype=np.uint64))

    @classmethod
    def cached(cls, folder: Path) -> ItalianWords:
        """The table from ``folder``, made there first if it is missing (about 4 s)."""
        path = folder / f"italian-words-{version('spacy-lookups-data')}.npy"
        try:
            return cls(np.load(path, allow_pickle=False))
        except (OSError, ValueError):
            table = cls.from_spacy()
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.tmp")
        with unfinished.open("wb") as file:
            np.save(file, table._hashes, allow_pickle=False)
        unfinished.replace(path)
        return table

    @classmethod
    def from_spacy(cls) -> ItalianWords:
        """Build the table from ``spacy-lookups-data`` (forms and lemmas, about 330,000)."""
        raw = files("spacy_lookups_data").joinpath("data/it_lemma_lookup.json.gz").read_bytes()
        table: dict[str, str] = json.loads(gzip.decompress(raw))
        return cls.from_words((*table.keys(), *table.values(), *EXTRA_WORDS))


@lru_cache(maxsize=1)
def italian_words() -> ItalianWords:
    """The table of this installation, loaded once per process."""
    return ItalianWords.cached(PROJECT_ROOT / "models" / "cache")


def _hash(word: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big"))
