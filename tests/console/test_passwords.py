"""Passwords of the staff: which are refused, how they are kept, and that a flood of sign-ins stays small (T22, T36)."""

from __future__ import annotations

import asyncio
import time

import psutil
import pytest
from argon2 import PasswordHasher

from bot.console.passwords import Passwords, problem
from bot.storage import staff
from tests.console.conftest import Office
from tests.support.console import PASSWORD, add_person

_OWN = ("Maria Bianchi", "maria.bianchi@urp.example.it")


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("k7!Lm2x", "password_short"),
        ("vento rosso tre", ""),
        ("ombrello-quercia7", ""),
        ("x" * 64, "password_guessable"),
        ("carta penna tavolo nuvola fiume mare monte sasso strada ponte lago", ""),
        ("x".join(str(n * n) for n in range(40))[:128], ""),
        ("perché così 🍰 però", ""),
        ("password1234", "password_guessable"),
        ("sportello2026!", "password_guessable"),
        ("CittàMetropolitanaDiMilano1", "password_guessable"),
        ("mariabianchi1975", "password_guessable"),
        ("qwertyuiop123", "password_guessable"),
        ("juventus1897", "password_guessable"),
        ("k7!Lm2xQ" * 129, "password_long"),
        ("è" * 513, "password_long"),
        ("gatto verde\x00sul tetto", "password_unreadable"),
    ],
)
def test_length_and_guessing_decide_not_composition(password: str, expected: str) -> None:
    """T22."""
    assert problem(password, min_chars=8, own_words=_OWN) == expected


def test_fourteen_characters_and_the_longest_allowed_are_accepted() -> None:
    """T22: 14, 64, 128 and 1,024 bytes."""
    text = "quercia rossa, 7 ponti e un fiume lento verso il mare; "
    for length in (14, 64, 128, 1_024):
        assert problem((text * 30)[:length], min_chars=8) == ""


async def test_every_byte_counts_and_spaces_and_accents_are_kept() -> None:
    """T22: the 73rd byte matters, nothing is trimmed, no Unicode is folded."""
    passwords = Passwords()
    long = "quercia rossa, 7 ponti e un fiume lento verso il mare; " * 3
    assert len(long.encode()) > 73
    stored = await passwords.hash(long)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.matches(stored, long)
    assert not await passwords.matches(stored, long[:72] + "X" + long[73:])
    assert not await passwords.matches(stored, long.strip())
    spaced = await passwords.hash("perché  no ")
    assert await passwords.matches(spaced, "perché  no ")
    assert not await passwords.matches(spaced, "perche  no ")
    passwords.close()


async def test_a_password_that_is_too_long_is_never_hashed(office: Office) -> None:
    """T22: refused before the expensive part."""
    passwords = Passwords()
    stored = await passwords.hash("quercia rossa sette ponti")
    began = time.perf_counter()
    for _ in range(100):
        assert not await passwords.matches(stored, "x" * 100_000)
    assert time.perf_counter() - began < 0.5
    passwords.close()


async def test_an_older_hash_is_renewed_when_its_owner_signs_in(office: Office) -> None:
    """T22."""
    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    person = await add_person(
        office.database, "operatore", email="vecchia@urp.example.it", name="Vecchia", hashed=weak
    )
    answer = await office.browser().sign_in("vecchia@urp.example.it")
    assert answer.status == 200
    account = await office.database.read(staff.by_id, person)
    assert account is not None
    assert account.password is not None
    assert account.password.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await office.browser().sign_in("vecchia@urp.example.it")).status == 200


async def test_an_administrator_needs_a_longer_password_without_second_factor(
    office: Office,
) -> None:
    """AgID 5.7.1: fourteen characters."""
    browser = await office.signed_in("amministratore")
    await browser.get("/console/profilo/password")
    change = "/console/profilo/password/cambia"
    short, long = "vento-rosso-3", "vento-rosso-37"
    data = {"password": PASSWORD, "new_password": short, "repeated": short}
    refused = await browser.post(change, data)
    assert refused.status == 422
    assert "almeno 14 caratteri" in refused.text
    accepted = await browser.post(change, {**data, "new_password": long, "repeated": long})
    assert "La password è cambiata" in accepted.text


async def test_a_flood_of_sign_ins_is_refused_and_stays_small(office: Office) -> None:
    """T36: 200 at once; the chat goes on, memory stays, the excess gets 429."""
    browser = office.browser()
    await browser.get("/console/accesso")
    memory = psutil.Process().memory_info().rss
    answered = 0

    async def attempt(number: int) -> int:
        data = {"csrf": browser.token, "email": f"n{number}@example.it", "password": "x" * 20}
        return (await browser.submit("/console/accesso/entra", data)).status

    async def chat(done: asyncio.Event) -> None:
        nonlocal answered
        while not done.is_set():
            async with office.session.post(
                office.base + "/webhooks/rest/webhook", json={"sender": "c", "message": "ciao"}
            ) as response:
                assert response.status == 200
            answered += 1

    done = asyncio.Event()
    chatting = asyncio.create_task(chat(done))
    statuses = await asyncio.gather(*map(attempt, range(200)))
    done.set()
    await chatting
    assert set(statuses) == {401, 429}
    assert statuses.count(429) > 20
    assert psutil.Process().memory_info().rss - memory < 150_000_000
    # More than the one that was under way when the flood began.
    assert answered > 2
