"""Questions about other countries, and those that only name one."""

from __future__ import annotations

import pytest

from knowledge.countries import country_asked_about


@pytest.mark.parametrize(
    ("question", "country"),
    [
        ("dove si paga il bollo in Svizzera", "Svizzera"),
        ("come si rinnova il passaporto negli stati uniti?", "Stati Uniti"),
        ("come funzionano le scuole in FRANCIA", "Francia"),
    ],
)
def test_a_question_about_another_country(question: str, country: str) -> None:
    assert country_asked_about(question) == country


@pytest.mark.parametrize(
    "question",
    [
        "ho preso la patente in Romania, vale qui?",
        "sono nata in Perù, dove rinnovo il permesso?",
        "vengo dal Marocco e cerco lavoro",
        "voglio lavorare in Germania con EURES",
        "in che zona è Rho",
    ],
)
def test_a_country_by_the_way(question: str) -> None:
    assert country_asked_about(question) == ""
