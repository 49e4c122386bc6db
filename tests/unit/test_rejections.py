"""Messages that reject the last answer, and those that only sound like it."""

from __future__ import annotations

import pytest

from actions.rejections import rejects_answer
from knowledge.text import words


@pytest.mark.parametrize(
    "message",
    [
        "non hai risposto",
        "Non mi avete risposto alla domanda",
        "non è quello che ti ho chiesto",
        "hai capito male",
        "ma non c'entra niente",
        "no, volevo sapere un'altra cosa",
        "non hai capito la mia domanda",
    ],
)
def test_a_rejection_is_heard(message: str) -> None:
    assert rejects_answer(words(message))


@pytest.mark.parametrize(
    "message",
    [
        "non ho capito, puoi ripetere?",
        "perché il numero verde non risponde?",
        "il Comune non mi ha risposto in 30 giorni",
        "non rispondete alle mail?",
        "il tecnico della caldaia non è quello che mi avete detto voi, è un altro e vorrei sapere chi controlla",
    ],
)
def test_other_messages_are_no_rejection(message: str) -> None:
    assert not rejects_answer(words(message))
