"""Checking data against a shape, with errors that an editor can act on: field and remedy, in Italian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from knowledge.schema_base import Item

ItemT = TypeVar("ItemT", bound=Item)

GUIDE: Final = "guarda docs/knowledge-schema.md"

_PLAIN: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("manca", "aggiungi il campo"),
    "extra_forbidden": ("non esiste", "togli il campo o correggi il suo nome"),
    "literal_error": ("può essere solo {expected}", "scegli uno di questi valori"),
    "string_type": ("deve essere un testo", "mettilo tra virgolette"),
    "string_too_short": ("è troppo corto: servono almeno {min_length} caratteri", "completa il testo"),
    "string_too_long": ("è troppo lungo: al massimo {max_length} caratteri", "accorcia il testo o dividilo"),
    "string_pattern_mismatch": ("non ha la forma giusta", GUIDE),
    "list_type": ("deve essere un elenco", "scrivi una voce per riga, con «- » davanti"),
    "too_short": ("è vuoto: serve almeno {min_length} voce", "aggiungi una voce"),
    "too_long": ("ha troppe voci: al massimo {max_length}", "togli qualche voce"),
    "dict_type": ("deve contenere righe «campo: valore»", GUIDE),
    "model_type": ("deve contenere righe «campo: valore»", GUIDE),
    "int_type": ("deve essere un numero intero", "scrivi solo cifre"),
    "int_parsing": ("deve essere un numero intero", "scrivi solo cifre"),
    "int_from_float": ("deve essere un numero intero", "scrivi solo cifre"),
    "float_type": ("deve essere un numero", "usa il punto per i decimali"),
    "float_parsing": ("deve essere un numero", "usa il punto per i decimali"),
    "bool_type": ("deve essere true o false", "scrivi true o false"),
    "bool_parsing": ("deve essere true o false", "scrivi true o false"),
    "date_type": ("deve essere una data", "scrivila come 2026-11-30"),
    "date_parsing": ("non è una data", "scrivila come 2026-11-30"),
    "date_from_datetime_parsing": ("non è una data", "scrivila come 2026-11-30"),
    "date_from_datetime_inexact": ("deve essere una data senza ora", "scrivila come 2026-11-30"),
    "greater_than_equal": ("deve essere almeno {ge}", "correggi il numero"),
    "less_than_equal": ("deve essere al massimo {le}", "correggi il numero"),
    "value_error": ("{error}", "correggi il valore"),
    "string_unicode": ("contiene caratteri non validi", "salva il file come UTF-8"),
}  # fmt: skip
"""What the library says, in the editor's language: problem and remedy by kind of error."""


class Invalid(Exception):
    """Data that do not follow a shape: each flaw is (location, problem, remedy)."""

    def __init__(self, flaws: list[tuple[tuple[str | int, ...], str, str]]) -> None:
        self.flaws = flaws
        super().__init__("; ".join(f"{loc}: {problem}" for loc, problem, _ in flaws))


def checked(model: type[ItemT], data: Any) -> ItemT:
    """``data`` as an item.

    Raises:
        Invalid: with every flaw found.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        flaws = []
        for flaw in error.errors(include_url=False, include_input=False):
            problem, remedy = _PLAIN.get(flaw["type"], ("non è un valore valido", GUIDE))
            flaws.append((flaw["loc"], problem.format(**flaw.get("ctx", {})), remedy))
        raise Invalid(flaws) from None
    except RecursionError:
        raise Invalid([((), "è annidato troppo in profondità", GUIDE)]) from None
