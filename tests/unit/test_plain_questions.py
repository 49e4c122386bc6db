"""Yes or no first where the record tells it; a missing side is told only to who asked for it."""

from __future__ import annotations

import pytest

from actions.plain_questions import asks_plainly, yes_or_no


@pytest.mark.parametrize(
    ("question", "lead", "answer"),
    [
        ("è gratis?", "Il rilascio dei dati è gratuito.", "say_yes"),
        ("si paga qualcosa?", "Il rilascio dei dati è gratuito.", "say_no"),
        ("si paga?", "Per il pozzo si paga un canone ogni anno.", "say_yes"),
        ("serve un motivo?", "Non serve il motivo.", "say_no"),
        ("posso chiederlo online?", "Puoi fare domanda online.", "say_yes"),
        ("posso venire sabato?", "Non si può venire di sabato.", "say_no"),
        ("quanto si paga?", "Si paga un canone.", ""),
        ("chi può chiederlo?", "Lo può chiedere chiunque.", ""),
        ("parlami del pozzo", "Si paga un canone.", ""),
    ],
)
def test_yes_or_no_comes_from_the_lead_sentence(question: str, lead: str, answer: str) -> None:
    assert yes_or_no(question, lead) == answer


@pytest.mark.parametrize(
    ("facet", "question", "asks"),
    [
        ("il costo", "quanto costa?", True),
        ("il costo", "chi paga l'assistenza?", False),
        ("gli orari", "che orari fanno?", True),
        ("gli orari", "sono aperti i bandi?", False),
        ("i tempi", "entro quando si fa?", True),
        ("i tempi", "ho la patente scaduta", False),
    ],
)
def test_a_missing_side_is_told_to_who_asks_for_it(facet: str, question: str, asks: bool) -> None:
    assert asks_plainly(facet, question) is asks
