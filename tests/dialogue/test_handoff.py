"""Asking for a person: in any words, in any state, at any hour; the truth is told and nobody is trapped."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.runtime import Runtime
from bot.storage import handoffs
from bot.terminal import say
from tests.support.chat import running, texts
from tests.support.conversations import Talk
from tests.support.counts import count
from tests.support.dialogue import share_knowledge

pytestmark = pytest.mark.model

OPEN = "2026-11-24T10:30"
NIGHT = "2026-11-24T20:30"

WORDINGS = (
    "voglio parlare con una persona",
    "vorrei parlare con qualcuno dell'ufficio",
    "mi passi un operatore?",
    "c'è un operatore disponibile?",
    "fammi parlare con un umano",
    "non voglio parlare con un robot",
    "preferirei parlare con un impiegato",
    "posso parlare con una persona vera?",
    "ho bisogno di parlare con un addetto",
    "mi serve l'aiuto di un operatore",
    "operatore per favore",
    "un operatore grazie",
    "VOGLIO UN OPERATORE",
    "nn capisci, passami una persona",
    "passatemi qualcuno",
    "potete farmi richiamare da un operatore?",
    "vorrei essere ricontattato da qualcuno",
    "mi può rispondere un essere umano?",
    "basta con la macchina, voglio una persona",
    "parlare con una persona",
    "chiedo di parlare con un funzionario",
    "Buongiorno, potrei parlare con un vostro collega?",
    "c'è qualcuno che mi può aiutare di persona in chat?",
    "vorrei l'assistenza di un operatore umano",
    "contatto umano",
    "mi metta in contatto con un operatore",
    "desidero parlare con un responsabile",
    "voglio un essere umano",
    "fatemi parlare con un dipendente",
    "io parlare con persona per favore",
)

STATES: dict[str, tuple[str, ...]] = {
    "at the beginning": (),
    "after an answer": ("in che zona è Rho?",),
    "after a misunderstanding": ("fghjk lmnop",),
    "after a question about erasing": ("cancella i miei dati",),
}


@pytest.fixture(params=[OPEN, NIGHT], ids=["open", "closed"])
async def runtime(
    request: Any, make_settings: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Runtime]:
    share_knowledge(monkeypatch)
    async with running(make_settings(clock=request.param), assistant) as runtime:
        yield runtime


@pytest.fixture
async def night(
    make_settings: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Runtime]:
    share_knowledge(monkeypatch)
    async with running(make_settings(clock=NIGHT), assistant) as runtime:
        yield runtime


async def test_thirty_wordings_in_every_state_put_the_request_into_the_queue(
    runtime: Runtime,
) -> None:
    """T64: at once, with the place; out of hours the truth and the next opening."""
    is_open = runtime.clock.now().hour == 10
    truth = r"aperto, fino alle 12\.00" if is_open else r"chiuso.*domani, dalle 10\.00"
    missed, place = [], 0
    for state, before in STATES.items():
        for wording in WORDINGS if not before else WORDINGS[: count(6, len(WORDINGS))]:
            person = Talk(runtime, f"{state}: {wording}")
            for message in before:
                await person.say(message)
            answer = await person.say(wording)
            place += 1
            queued = (await person.now()).owner == "waiting"
            told = re.search(rf"posto numero {place}\b.*{truth}", texts(answer), re.DOTALL)
            if not queued or not told:
                missed.append((state, wording, texts(answer)[:100]))
                place -= not queued
    assert missed == []


async def test_inside_the_form_the_request_is_already_in_the_queue(night: Runtime) -> None:
    person = Talk(night, "uno")
    await person.say("vorrei parlare con un operatore")
    answer = await person.say("fammi parlare con un umano")
    assert "già in coda" in texts(answer)
    assert "messaggio per l'ufficio" in texts(answer), "the form asks again"


async def test_off_hours_a_message_and_a_contact_are_taken(night: Runtime) -> None:
    person = Talk(night, "uno")
    first = await person.say("vorrei parlare con un operatore")
    assert "messaggio per l'ufficio" in texts(first)
    assert "dalle 10.00" in texts(first)
    second = await person.say("devo capire come rinnovare l'autorizzazione per il passo carrabile")
    assert "e-mail o un numero" in texts(second)
    last = await person.say("scrivetemi a Rosa.Verdi@Esempio.it grazie")
    assert "ho aggiunto tutto" in texts(last)
    request = await night.database.read(handoffs.request_of, person.id)
    assert request == handoffs.Request(
        "devo capire come rinnovare l'autorizzazione per il passo carrabile",
        "rosa.verdi@esempio.it",
    )
    assert "Fonte" in texts(await person.say("in che zona è Rho?"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("347 123 4567", "+393471234567"),
        ("il mio numero è 02 7740 1234, dopo le 17", "+390277401234"),
        ("rosa chiocciola esempio punto it", "rosa@esempio.it"),
        ("preferisco di no", None),
        ("no, rispondete qui", None),
        ("no grazie", None),
    ],
)
async def test_a_contact_is_checked_and_may_be_declined(
    night: Runtime, given: str, kept: str | None
) -> None:
    person = Talk(night, given)
    for message in ("un operatore", "ho un dubbio sulla mia caldaia che vorrei spiegare a voce"):
        await person.say(message)
    assert {m["custom"]["status"] for m in await person.say(given)} == {"handed_off"}
    request = await night.database.read(handoffs.request_of, person.id)
    assert request is not None
    assert request.contact == kept
    assert (await person.now()).owner == "waiting"


async def test_a_wrong_contact_gets_help_and_the_third_is_let_go(night: Runtime) -> None:
    person = Talk(night, "uno")
    for message in ("un operatore", "ho un dubbio sulla mia caldaia che vorrei spiegare a voce"):
        await person.say(message)
    assert "esempio.it" in texts(await person.say("rosa@@esempio"))
    assert "333 1234567" in texts(await person.say("12345678901234567"))
    assert "aggiunto" in texts(await person.say("rosa@esempio"))
    request = await night.database.read(handoffs.request_of, person.id)
    assert request is not None
    assert request.contact is None


async def test_declining_the_message_ends_the_form_and_keeps_the_request(night: Runtime) -> None:
    for decline in ("no", "no grazie", "no, va bene così", "niente", "lascia perdere"):
        person = Talk(night, decline)
        await person.say("un operatore")
        assert "resta in coda" in texts(await person.say(decline)), decline
        assert (await person.now()).owner == "waiting"


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("che orari fate?", r"10\.00-12\.00"),
        ("in che zona è Rho?", "Nord Ovest"),
        ("quanti abitanti ha Legnano?", r"58\.938"),
        ("qual è la pec?", "protocollo@pec"),
        ("chi sei?", "programma"),
        ("che cosa sai fare?", "Posso dirti"),
        ("perché vi servono i miei dati?", "solo per risponderti"),
        ("a cosa vi serve la mail?", "solo per risponderti"),
    ],
)
async def test_a_question_in_the_middle_is_answered_and_the_form_asks_again(
    night: Runtime, question: str, told: str
) -> None:
    person = Talk(night, question)
    await person.say("un operatore")
    for asked, given in (
        ("messaggio per l'ufficio", "devo parlarvi di una pratica complicata che ho da voi"),
        ("e-mail o un numero", "rosa@esempio.it"),
    ):
        answer = texts(await person.say(question))
        assert re.search(told, answer), answer
        assert asked in answer
        await person.say(given)
    request = await night.database.read(handoffs.request_of, person.id)
    assert request == handoffs.Request(
        "devo parlarvi di una pratica complicata che ho da voi", "rosa@esempio.it"
    )


async def test_danger_in_the_form_gives_the_numbers_and_asks_nothing_more(night: Runtime) -> None:
    person = Talk(night, "uno")
    await person.say("un operatore")
    (answer,) = await person.say("mio marito mi picchia")
    assert "1522" in answer["text"]
    assert "Fonte" in texts(await person.say("in che zona è Rho?"))


async def test_the_request_can_be_taken_back(runtime: Runtime) -> None:
    """T66: refused by the citizen, inside the form too."""
    person = Talk(runtime, "uno")
    await person.say("un operatore")
    assert "tolto la tua richiesta" in texts(await person.say("non mi serve più una persona"))
    assert (await person.now()).owner == "assistant"
    answer = texts(await person.say("in che zona è Rho?"))
    assert "coda" not in answer
    assert "messaggio per l'ufficio" not in answer
    assert "nessuna richiesta" in texts(await person.say("non mi serve più una persona"))


async def test_while_waiting_every_answer_says_that_the_request_is_queued(
    runtime: Runtime,
) -> None:
    person = Talk(runtime, "uno")
    for message in ("un operatore", "no"):
        await person.say(message)
    answer = await person.say("in che zona è Rho?")
    assert "Nord Ovest" in texts(answer)
    assert re.search(r"in coda, al posto numero 1\b", texts(answer))


async def test_two_misunderstandings_are_the_reason_that_staff_see(runtime: Runtime) -> None:
    person = Talk(runtime, "uno")
    for message in ("fghjk lmnop", "vrrr bzzt 99x", "un operatore"):
        await person.say(message)
    assert (await person.now()).reason == "not_understood"


async def test_the_terminal_talks_to_the_same_assistant(night: Runtime) -> None:
    answer = await say(night, "terminale", "/operatore")
    assert "coda" in texts(answer)
