"""Questions about many municipalities at once, answered from the table."""

from __future__ import annotations

import pytest

from actions.comune_lists import AskedList, asked_list, listed
from knowledge.content_files import Content


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("quali comuni hanno più di 40.000 abitanti?", AskedList(above=40_000)),
        ("comuni con oltre quarantamila abitanti", AskedList(above=40_000)),
        ("quanti paesi superano i 30 mila abitanti", AskedList(above=30_000)),
        ("quali comuni hanno meno di 1000 abitanti", AskedList(below=1_000)),
        ("comuni fra 10.000 e 20.000 abitanti", AskedList(above=9_999, below=20_001)),
        ("qual è il comune più piccolo?", AskedList(smallest=True)),
        ("il paese meno popoloso della martesana", AskedList(smallest=True)),
        ("i tre comuni più grandi", AskedList(largest=True, count=3)),
        ("che comune ha più abitanti", AskedList(largest=True)),
    ],
)
def test_what_is_asked_is_read(question: str, asked: AskedList) -> None:
    assert asked_list(question) == asked


@pytest.mark.parametrize(
    "question",
    [
        "quanti abitanti ha Rho?",
        "chi controlla le caldaie nei comuni sotto i 40.000 abitanti",
        "il comune più esteso per superficie",
        "quanti comuni ci sono",
    ],
)
def test_other_questions_are_no_lists(question: str) -> None:
    assert asked_list(question) is None


def test_a_list_holds_exactly_what_the_table_says(content: Content) -> None:
    for limit in (1_000, 5_000, 40_000, 100_000):
        above = AskedList(above=limit).chosen(content.comuni)
        below = AskedList(below=limit + 1).chosen(content.comuni)
        assert {c.istat for c in above} | {c.istat for c in below} == {
            c.istat for c in content.comuni
        }
        assert all(comune.population > limit for comune in above)
        assert not {c.istat for c in above} & {c.istat for c in below}
    assert AskedList(largest=True).chosen(content.comuni)[0].name == "Milano"
    assert AskedList(smallest=True).chosen(content.comuni)[0].name == "Nosate"


def test_a_long_list_says_how_many_more_there_are() -> None:
    assert listed(["Rho", "Pero", "Bresso"], room=100) == "Rho, Pero, Bresso"
    assert listed(["Rho", "Pero", "Bresso"], room=10) == "Rho, Pero e altri 1"
