"""Personal data that people write: in no log or output whatever happens, masked in every table (A5, A6, T70).

A server is forked with its output going to a file, is told 26 invented markers in good, failing and broken
requests, and is stopped. Then everything it left behind is searched.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.executor import ActionExecutor

from bot.assistant.assistant import Assistant
from bot.logs import configure_logs
from tests.support.servers import WEBHOOK, ForkedServer
from tests.support.shared import settings_in

pytestmark = pytest.mark.model

_ACTION_FAILS, _TURN_FAILS = "guasto", "rottura"
_SENDER = "cartolaio-di-vicolo-stretto"
_NEVER_LOGGED = "quokkazanzibar"
"""A word that is no personal data: no text of a message is logged at all."""

_PLANTED = {
    "GLSTPN85M41F205X": "il mio codice fiscale è {}, in che zona è Rho?",
    "qtrrng70a01h501k": "cf {} quanti abitanti ha Legnano",
    "IT60X0542811101000000123456": "IBAN {} per il rimborso",
    "it88 b030 6909 6061 0000 0098 765": "accredito su {} grazie",
    "3475550199": "richiamatemi al {}",
    "+39 347 555 0123": "il mio numero è {}. In che zona è Rho? E quando apre l'URP il venerdì?",
    "02 55501987": "telefono {}, orari dell'urp",
    "0039-348-5550145": "oppure {}!",
    "gelsomina.trapanozzi@posta.example": "scrivetemi a {} per l'appuntamento",
    "E.QUATTROCCHI+URP@UFFICIO.EXAMPLE": "la mia mail: {}",
    "Gelsomina Trapanozzi": "buongiorno, mi chiamo {} e vorrei un appuntamento",
    "ermenegildo quattrocchi": "mi chiamo {}, in che zona è Rho?",
    "Fiordaliso Bentivenga": "il mio nome è {}",
    "Ottavia Squarcialupi": "a nome di {} per martedì",
    "ZW347KP": "la mia auto ha targa {}",
    "xz 128 yw": "targa {} parcheggiata al passo carraio",
    "4929 5550 1234 5678": "la carta {} non va",
    "5555012345678905": "pago con {}",
    "348 555 0167": f"c'è un {_ACTION_FAILS}: chiamate {{}}",
    "sofonisba@famiglia.example": f"{_TURN_FAILS} dell'acqua, scrivete a {{}}",
    "349 5550188": f"{_NEVER_LOGGED} {{}} a chi mi rivolgo per la caldaia?",
}
_SPELLINGS = {
    "spaced-fiscal-code": ("RNG QTR 70A41 H501W", "codice fiscale {}"),
    "fiscal-code-with-letters-for-digits": ("RNGQTR70A41HRLMW", "codice fiscale {}"),
    "name-after-colon": ("Piersanta Rondanini", "mi chiamo: {}"),
    "plate-with-dashes": ("YZ-731-WK", "targa {}"),
    "telephone-in-brackets": ("(348) 5550172", "chiamatemi: {}"),
}


@dataclass(frozen=True)
class Left:
    """What a stopped server left behind: its output, its tables as text, its files, the answers it gave."""

    output: str
    tables: dict[str, str]
    files: dict[str, bytes]
    answers: dict[str, Any]


@pytest.fixture(scope="module")
def left(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Left:
    """A server that has been through all of it."""
    folder = tmp_path_factory.mktemp("privacy")
    output = tmp_path_factory.mktemp("output") / "output"
    server = ForkedServer(settings_in(folder), assistant, lambda: _prepare(output))
    port = int(server.start().rsplit(":", 1)[1])
    try:
        planted = [*_PLANTED.items(), *_SPELLINGS.values()]
        answers = {
            marker: _say(port, text.format(marker), sender=f"persona-{number}")
            for number, (marker, text) in enumerate(planted)
        }
        for number, (_, text) in enumerate(planted):
            if "appuntamento" in text:
                # A booking under way holds name and contact; they go when it is given up.
                _say(port, "annulla, non voglio più prenotare", sender=f"persona-{number}")
        _misbehave(port)
    finally:
        assert server.terminate() == 0
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return Left(output.read_text(), _tables(folder / "sportello.db"), files, answers)


def _prepare(output: Path) -> None:
    """In the child: all output into a file at the most talkative level, and two ways to fail."""
    stream = output.open("w", buffering=1)
    for descriptor in (1, 2):
        os.dup2(stream.fileno(), descriptor)
    sys.stdout = sys.stderr = stream
    configure_logs("debug", "json")
    run, answer = ActionExecutor.run, Assistant.answer

    async def run_or_fail(self: Any, call: Any) -> Any:
        text = call["tracker"]["latest_message"]["text"]
        if _ACTION_FAILS in text:
            raise ValueError(f"cannot serve {text}")
        return await run(self, call)

    async def answer_or_fail(self: Any, dialogue: Any, message: str, *rest: Any) -> Any:
        if _TURN_FAILS in message:
            raise RuntimeError(f"cannot answer {message}")
        return await answer(self, dialogue, message, *rest)

    ActionExecutor.run = run_or_fail
    Assistant.answer = answer_or_fail  # type: ignore[method-assign]


def _post(port: int, path: str, body: bytes, **headers: str) -> Any:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as link:
        link.request("POST", path, body, {"Content-Type": "application/json", **headers})
        return json.loads(link.getresponse().read())


def _say(port: int, message: str, message_id: str | None = None, sender: str = "persona") -> Any:
    data = {"sender": sender, "message": message, "metadata": {"message_id": message_id}}
    return _post(port, WEBHOOK, json.dumps(data).encode())


def _misbehave(port: int) -> None:
    """Requests that are refused, repeated or given up half way, each with a marker in it."""
    marker, other = list(_PLANTED)[:2]
    _say(port, f"sono {_SENDER}", sender=_SENDER)
    for text in (f"primo {marker}", f"secondo {other}", f"primo {marker}"):
        _say(port, text, "m-1")
    _post(port, WEBHOOK, f'{{"sender": "persona", "message": "{marker}'.encode())
    _post(port, WEBHOOK, f'{{"sender": ["{marker}"], "message": "ciao"}}'.encode())
    _post(port, WEBHOOK, json.dumps({"sender": "persona", "message": {"a": marker}}).encode())
    _post(port, WEBHOOK, b"{}", Authorization=f"Bearer {marker}", Cookie=f"a={marker}")
    _post(port, f"/nulla/{marker}?q={other}", b"{}", Referer=f"http://127.0.0.1/{marker}")
    _say(port, f"{marker} " * 500)
    _say(port, f"{marker} " * 9_000)
    for request in (f"GET /{marker} HTTP/9\r\n\r\n", f"{marker}\r\n\r\n", _given_up(marker)):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
            link.sendall(request.encode())
    _say(port, "grazie")


def _given_up(marker: str) -> str:
    """A good message whose sender does not wait for the answer."""
    body = json.dumps({"sender": "persona", "message": f"orari urp {marker}"})
    return (
        f"POST {WEBHOOK} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )


def _tables(database: Path) -> dict[str, str]:
    """Every column of every row of every table, as text."""
    with closing(sqlite3.connect(database)) as link:
        names = [
            name for (name,) in link.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {name: repr(link.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names}


def _found(markers: Iterable[str], text: str) -> list[str]:
    """Markers that occur in a text, however they are spaced or capitalised there."""
    lowered, packed = text.casefold(), _packed(text)
    return [m for m in markers if m.casefold() in lowered or _packed(m) in packed]


def _packed(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def _words(markers: Iterable[str]) -> list[str]:
    """The markers, and the parts of names and addresses by themselves."""
    parts = [part for m in markers for part in re.findall(r"[^\W\d_]{5,}", m)]
    common = {"posta", "example", "ufficio", "famiglia"}
    return [*markers, *(part for part in parts if part.lower() not in common)]


def test_markers_can_be_found() -> None:
    """The search itself: without it the tests below could not fail."""
    assert _found(["xz 128 yw"], "… XZ128YW …") == ["xz 128 yw"]
    assert _found(_words(["Gelsomina Trapanozzi"]), "la signora TRAPANOZZI") == ["Trapanozzi"]
    assert _found(_words(_PLANTED), "niente") == []


def test_every_message_was_answered(left: Left) -> None:
    """The faults were really provoked, and the citizen got a sentence each time."""
    assert all(answers and answers[0]["text"] for answers in left.answers.values())
    faults = [m for m, a in left.answers.items() if a[0]["custom"]["status"] == "fault"]
    assert faults == [m for m, t in _PLANTED.items() if _ACTION_FAILS in t or _TURN_FAILS in t]
    for event in ("action.failed", "turn.failed", "turn.without_answer"):
        assert f'"event": "{event}"' in left.output


def test_no_personal_data_in_the_output(left: Left) -> None:
    """A5, A6, T70: at debug level, with failing actions, broken requests and callers who hang up."""
    markers = [*_PLANTED, *(marker for marker, _ in _SPELLINGS.values())]
    assert _found(_words(markers), left.output) == []


def test_no_text_of_a_message_in_the_output(left: Left) -> None:
    """Not even what is not personal, nor who wrote it."""
    assert _found([_NEVER_LOGGED, _SENDER, "richiamatemi", "appuntamento"], left.output) == []
    assert "800.88.33.11" not in left.output


def test_output_holds_our_records_only(left: Left) -> None:
    """A5: unconfigured, Rasa prints some ten lines a turn, with texts and slots."""
    records = [json.loads(line) for line in left.output.splitlines()]
    assert records
    for record in records:
        assert {"event", "level", "timestamp"} <= set(record)
    allowed = {"action", "added", "appointments_in_conflict", "at", "changed", "conversation", "conversations", "error", "event", "failed_actions",
               "level", "logger", "model", "offers", "only_offers", "path", "reason", "remedy", "removed", "replaced", "times", "timestamp",
               "trace"}  # fmt: skip
    assert {name for record in records for name in record} <= allowed


def test_no_personal_data_in_any_table(left: Left) -> None:
    """T70: the dialogue's state is searched like all else."""
    assert {"conversations", "inbound", "outbound", "effects", "events", "app_state"} <= set(
        left.tables
    )
    assert "[codice fiscale]" in left.tables["conversations"] + left.tables["inbound"]
    assert {name: _found(_words(_PLANTED), text) for name, text in left.tables.items()} == {
        name: [] for name in left.tables
    }


@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_other_spellings_are_masked_too(left: Left, spelling: str) -> None:
    marker, _ = _SPELLINGS[spelling]
    assert _found(_words([marker]), "".join(left.tables.values())) == []


def test_no_personal_data_in_the_files(left: Left) -> None:
    """What was overwritten in the database is really gone once the server has stopped."""
    for name, content in left.files.items():
        assert _found(_words(_PLANTED), content.decode("utf-8", "ignore")) == [], name


def test_no_personal_data_in_the_answers(left: Left) -> None:
    assert _found(_words(_PLANTED), str(list(left.answers.values()))) == []
