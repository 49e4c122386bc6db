"""Signing in: waits after wrong passwords, nobody can tell who has an account, cookies, sessions, second factor (T23-T27)."""

from __future__ import annotations

import statistics
import time

import pyotp
import pytest
import sqlalchemy as sa

from bot.console.sessions import new_token
from bot.storage.console_tables import audit_log, staff, staff_sessions
from bot.storage.database import Database
from tests.console.conftest import Office, office_of
from tests.support.console import PASSWORD, Browser
from tests.support.counts import count

OPERATOR = "operatore@urp.example.it"
MANAGER = "responsabile@urp.example.it"
_WRONG = "Indirizzo o password non corrispondono"
_WAIT = "Troppi tentativi sbagliati"


async def _try(browser: Browser, email: str, password: str) -> int:
    return (await browser.sign_in(email, password)).status


async def actions(database: Database) -> list[str]:
    """Names in the audit log, oldest first."""
    query = sa.select(audit_log.c.action).order_by(audit_log.c.id)
    return list(await database.read(lambda c: c.execute(query).scalars().all()))


async def totp_secret(database: Database, email: str) -> str:
    """The secret that a person's phone holds."""
    query = sa.select(staff.c.totp_secret).where(staff.c.email == email)
    return str(await database.read(lambda c: c.execute(query).scalar_one()))


# Waiting after wrong passwords


async def test_wrong_passwords_delay_and_the_right_one_works_afterwards(
    office_on_both: Office,
) -> None:
    """T23: five are free, then waits that double; each is in the log."""
    office = office_on_both
    browser = office.browser()
    for _ in range(5):
        assert await _try(browser, OPERATOR, "sbagliata") == 401
        office.clock.pass_by(seconds=20)
    office.clock.pass_by(seconds=-20)
    blocked = await browser.sign_in(OPERATOR)
    assert blocked.status == 429
    assert _WAIT in blocked.text
    assert 0 < int(blocked.headers["Retry-After"]) <= 30
    assert (await actions(office.database)).count("sign_in_failed") == 5
    office.clock.pass_by(seconds=31)
    assert await _try(browser, OPERATOR, PASSWORD) == 200


async def test_waits_grow_and_end(office: Office) -> None:
    """T23: never longer than a quarter of an hour, however many tries there were."""
    browser = office.browser()
    waits = []
    for _ in range(14):
        status = await _try(browser, OPERATOR, "sbagliata")
        answer = await browser.sign_in(OPERATOR, "sbagliata")
        if answer.status == 429:
            waits.append(int(answer.headers["Retry-After"]))
            office.clock.pass_by(seconds=waits[-1] + 1)
        assert status == 401
    assert waits[0] <= 30
    assert waits[-1] == 900
    assert max(waits) == 900


async def test_guesses_of_others_do_not_lock_out_a_browser_that_was_here_before(
    office: Office,
) -> None:
    """T23: whoever has signed in here is counted apart."""
    mine = await office.signed_in("operatore")
    await mine.post("/console/uscita")
    other = office.browser()
    for _ in range(8):
        await _try(other, OPERATOR, "sbagliata")
    assert await _try(other, OPERATOR, PASSWORD) == 429
    assert await _try(mine, OPERATOR, PASSWORD) == 200


async def test_the_mark_of_one_person_opens_no_other_account(office: Office) -> None:
    """T23: the mark is bound to its account."""
    mine = await office.signed_in("operatore")
    await mine.post("/console/uscita")
    for _ in range(5):
        assert await _try(mine, MANAGER, "sbagliata") == 401
    assert await _try(office.browser(), MANAGER, PASSWORD) == 429


async def test_an_address_is_counted_by_itself(office: Office) -> None:
    """T23: one guess at each of many accounts is noticed too."""
    browser = office.browser()
    statuses = [await _try(browser, f"n{number}@example.it", "sbagliata") for number in range(32)]
    assert statuses[:30] == [401] * 30
    assert statuses[30:] == [429, 429]
    office.clock.pass_by(seconds=31)
    assert await _try(browser, OPERATOR, PASSWORD) == 200


async def test_known_and_unknown_names_look_alike(office: Office) -> None:
    """T24: same status, same text; with the password of somebody who is disabled or has not accepted yet, too."""
    boss = await office.signed_in("amministratore")
    disabled = office.people["redattore"]
    await boss.get("/console/persone")
    await boss.post(f"/console/persone/{disabled}/disattiva")
    texts = set()
    for email in (OPERATOR, "nessuno@example.it", "redattore@urp.example.it", "'; --", ""):
        password = PASSWORD if email.startswith("redattore") else "sbagliata"
        answer = await office.browser().sign_in(email, password)
        assert answer.status == 401
        assert _WRONG in answer.text
        texts.add(answer.text.replace(f'value="{email}"', "").split("<main")[1].split("<form")[0])
    assert len(texts) == 1


async def test_known_and_unknown_names_take_as_long(office: Office) -> None:
    """T24: within 10 %; interleaved, so that a busy machine slows both alike."""
    browser = office.browser()
    await browser.get("/console/accesso")
    times: dict[str, list[float]] = {OPERATOR: [], "nessuno@example.it": []}
    for number in range(count(30, 200)):
        for email, taken in times.items():
            # A new hour each time: nobody waits.
            office.clock.pass_by(minutes=61)
            data = {"csrf": browser.token, "email": email, "password": f"sbagliata {number}"}
            began = time.perf_counter()
            assert (await browser.submit("/console/accesso/entra", data)).status == 401
            taken.append(time.perf_counter() - began)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert abs(known - unknown) / known < 0.10


# Cookies and tokens


async def test_the_cookie_is_bound_to_tls_and_to_this_host(
    make_settings, sqlite_url, assistant
) -> None:  # type: ignore[no-untyped-def]
    """T26: behind TLS the name begins with __Host-, with every attribute that goes with it."""
    settings = make_settings(database_url=sqlite_url, public_url="https://urp.example.it")
    async with office_of(settings, assistant) as office:
        browser = office.browser()
        origin = {"Origin": "https://urp.example.it", "Sec-Fetch-Site": "same-origin"}
        await browser.request("GET", "/console/accesso")
        data = {"csrf": browser.token, "email": OPERATOR, "password": PASSWORD}
        answer = await browser.submit("/console/accesso/entra", data, origin)
        assert answer.status == 303
        cookies = [c for c in answer.headers.getall("Set-Cookie") if "Max-Age=0" not in c]
        assert len(cookies) == 2
        for cookie in cookies:
            assert cookie.startswith("__Host-sportello-")
            assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
            assert "Domain" not in cookie
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        here = await browser.submit("/console/uscita", data, {"Origin": office.base})
        assert here.status == 403


async def test_without_tls_and_off_loopback_the_console_is_closed(
    make_settings,
    sqlite_url,
    assistant,  # type: ignore[no-untyped-def]
) -> None:
    """A session must not travel in clear."""
    settings = make_settings(database_url=sqlite_url, host="0.0.0.0")
    async with office_of(settings, assistant) as office:
        for path in ("/console/accesso", "/console/persone"):
            answer = await office.browser().get(path)
            assert answer.status == 403
            assert "https://" in answer.text
            assert "Set-Cookie" not in answer.headers


def test_tokens_are_long_and_never_repeat() -> None:
    """T26: 256 bits, 10,000 without a repeat."""
    tokens = {new_token() for _ in range(10_000)}
    assert len(tokens) == 10_000
    assert min(map(len, tokens)) >= 43


async def test_a_token_works_only_as_a_cookie_and_is_not_in_the_database(office: Office) -> None:
    """T26: not in the address, not in a form; a changed one is refused; stored is only its digest."""
    browser = await office.signed_in("operatore")
    token = browser.cookies["sportello-session"]
    stranger = office.browser()
    for path in (
        f"/console/profilo?session={token}",
        f"/console/profilo?sportello-session={token}",
    ):
        answer = await stranger.get(path)
        assert "Il mio profilo" not in answer.text
    for forged in (token[:-1] + ("A" if token[-1] != "A" else "B"), token.upper(), "", "0"):
        stranger.cookies = {"sportello-session": forged}
        assert "Il mio profilo" not in (await stranger.get("/console/profilo")).text
    stored = await office.database.read(
        lambda c: c.execute(sa.select(staff_sessions.c.digest)).scalars().all()
    )
    assert token not in stored


async def test_a_session_planted_before_sign_in_is_worth_nothing(office: Office) -> None:
    """T26: session fixation; the token is new at sign-in, the old one of the same browser ends."""
    planted = "piantato" * 6
    browser = office.browser()
    browser.cookies = {"sportello-session": planted}
    await browser.sign_in(OPERATOR)
    assert browser.cookies["sportello-session"] != planted
    first = browser.cookies["sportello-session"]
    await browser.post("/console/uscita")
    await browser.sign_in(OPERATOR)
    assert browser.cookies["sportello-session"] != first
    browser.cookies["sportello-session"] = first
    assert "Il mio profilo" not in (await browser.get("/console/profilo")).text


@pytest.mark.parametrize(
    "onward",
    [
        "https://cattivo.example/",
        "//cattivo.example/console/",
        "/\\cattivo.example",
        "/console//cattivo.example",
        "/console/..//cattivo.example",
        "javascript:alert(1)",
        "/console/\r\nSet-Cookie: x=1",
        "/webhooks/rest/webhook",
        "console/profilo",
    ],
)
async def test_sign_in_goes_on_to_no_other_site(office: Office, onward: str) -> None:
    """Open redirects: only paths of the console."""
    browser = office.browser()
    await browser.get("/console/accesso")
    data = {"csrf": browser.token, "email": OPERATOR, "password": PASSWORD, "poi": onward}
    answer = await browser.submit("/console/accesso/entra", data)
    assert answer.status == 303
    assert answer.headers["Location"] == "/console/"


async def test_sign_in_goes_on_to_the_page_that_was_asked_for(office: Office) -> None:
    browser = office.browser()
    asked = await browser.request("GET", "/console/profilo/password")
    assert asked.status == 303
    await browser.request("GET", asked.headers["Location"])
    data = {"email": OPERATOR, "password": PASSWORD, "poi": "/console/profilo/password"}
    answer = await browser.post("/console/accesso/entra", data)
    assert answer.path == "/console/profilo/password"


# The end of sessions


async def test_a_session_ends_after_half_an_hour_without_use(office_on_both: Office) -> None:
    """T27: use keeps it alive, what a page does by itself does not."""
    office = office_on_both
    browser = await office.signed_in("operatore")
    for _ in range(3):
        office.clock.pass_by(minutes=29)
        assert "Il mio profilo" in (await browser.get("/console/profilo")).text
    office.clock.pass_by(minutes=20)
    async with office.session.get(
        office.base + "/console/novita",
        headers={"Cookie": f"sportello-session={browser.cookies['sportello-session']}"},
    ) as stream:
        assert stream.status == 200
    office.clock.pass_by(minutes=11)
    assert "<h1>Entra</h1>" in (await browser.get("/console/profilo")).text


async def test_a_session_ends_after_eight_hours_of_use(office: Office) -> None:
    """T27."""
    browser = await office.signed_in("operatore")
    for _ in range(23):
        office.clock.pass_by(minutes=20)
        assert "Il mio profilo" in (await browser.get("/console/profilo")).text
    office.clock.pass_by(minutes=21)
    assert "<h1>Entra</h1>" in (await browser.get("/console/profilo")).text


@pytest.mark.parametrize("end", ["sign_out", "everywhere", "disable", "role", "password", "reset"])
async def test_sessions_and_their_streams_end(office_on_both: Office, end: str) -> None:
    """T27: at sign-out, when disabled, with another role or password; open streams close within 5 s."""
    office = office_on_both
    here = await office.signed_in("operatore")
    there = await office.signed_in("operatore")
    leaving = here if end == "sign_out" else there
    cookie = f"sportello-session={leaving.cookies['sportello-session']}"
    async with office.session.get(
        office.base + "/console/novita", headers={"Cookie": cookie}
    ) as stream:
        assert stream.status == 200
        await _end(office, here, end)
        began = time.monotonic()
        said = await stream.content.read()
        assert time.monotonic() - began < 5
    assert b"event: over" in said
    assert "<h1>Entra</h1>" in (await there.get("/console/profilo")).text or end == "sign_out"
    assert ("Il mio profilo" in (await here.get("/console/profilo")).text) == (end == "password")


async def test_the_live_stream_needs_a_session_that_lives(office: Office) -> None:
    """T30: without a session, with an invented one, with an expired one; it only tells, so no action can come through it."""
    someone = await office.signed_in("operatore")
    own = f"sportello-session={someone.cookies['sportello-session']}"
    url = office.base + "/console/novita"

    async def status(cookie: str, method: str = "GET") -> int:
        headers = {"Cookie": cookie} if cookie else {}
        request = office.session.request(method, url, headers=headers, allow_redirects=False)
        async with request as answer:
            return answer.status

    assert await status(own) == 200
    assert await status("") == 303
    assert await status("sportello-session=" + "a" * 43) == 303
    assert await status(own, "POST") in (403, 405)
    office.clock.pass_by(minutes=31)
    assert await status(own) == 303


async def _end(office: Office, here: Browser, end: str) -> None:
    if end in ("sign_out", "everywhere"):
        data = {"everywhere": "yes"} if end == "everywhere" else {}
        await here.post("/console/uscita", data)
    elif end == "password":
        data = {
            "password": PASSWORD,
            "new_password": "lampione giallo sul viale",
            "repeated": "lampione giallo sul viale",
        }
        assert "è cambiata" in (await here.post("/console/profilo/password/cambia", data)).text
    else:
        boss = await office.signed_in("amministratore")
        await boss.get("/console/persone")
        path = {"disable": "disattiva", "role": "ruolo", "reset": "reimposta"}[end]
        person = office.people["operatore"]
        answer = await boss.post(f"/console/persone/{person}/{path}", {"role": "redattore"})
        assert answer.status == 200


# Second factor


async def _enrolled(office: Office, role: str = "operatore") -> tuple[Browser, str, str]:
    browser = await office.signed_in(role)
    await browser.get("/console/profilo/secondo-fattore")
    page = await browser.post("/console/profilo/secondo-fattore/prepara")
    secret = await totp_secret(office.database, f"{role}@urp.example.it")
    assert secret[:4] in page.text
    code = pyotp.TOTP(secret).at(office.clock.utc())
    done = await browser.post("/console/profilo/secondo-fattore/conferma", {"code": code})
    assert "Codici di riserva" in done.text
    return browser, secret, done.text


async def test_the_second_factor_is_asked_and_each_code_works_once(office_on_both: Office) -> None:
    """The code that a colleague saw over the shoulder is worth nothing."""
    office = office_on_both
    _, secret, _ = await _enrolled(office)
    browser = office.browser()
    page = await browser.sign_in(OPERATOR)
    assert "Codice di acc" in page.text
    assert "Il mio profilo" not in (await browser.get("/console/profilo")).text
    used = pyotp.TOTP(secret).at(office.clock.utc())
    check = "/console/accesso/codice/verifica"
    assert (await browser.post(check, {"code": used})).status == 401
    office.clock.pass_by(seconds=30)
    fresh = pyotp.TOTP(secret).at(office.clock.utc())
    half = browser.cookies["sportello-session"]
    assert (await browser.post(check, {"code": fresh})).status == 200
    assert browser.cookies["sportello-session"] != half
    assert "Il mio profilo" in (await browser.get("/console/profilo")).text
    assert "sign_in" in await actions(office.database)


async def test_half_a_sign_in_opens_nothing_else(office: Office) -> None:
    """With the password alone one can neither read, nor take the second factor away, nor set another one up."""
    await _enrolled(office)
    browser = office.browser()
    await browser.sign_in(OPERATOR)
    for path in (
        "/console/",
        "/console/profilo",
        "/console/profilo/secondo-fattore",
        "/console/profilo/password",
    ):
        assert "Codice di acc" in (await browser.get(path)).text
    for path in ("prepara", "togli", "conferma"):
        answer = await browser.submit(
            f"/console/profilo/secondo-fattore/{path}",
            {"csrf": browser.token, "password": PASSWORD},
        )
        assert answer.status == 303
        assert answer.headers["Location"].endswith("/accesso/codice")
    office.clock.pass_by(minutes=11)
    assert "<h1>Entra</h1>" in (await browser.get("/console/accesso/codice")).text


async def test_codes_cannot_be_guessed(office: Office) -> None:
    """Five tries, then the password again."""
    await _enrolled(office)
    browser = office.browser()
    await browser.sign_in(OPERATOR)
    for _ in range(4):
        answer = await browser.post("/console/accesso/codice/verifica", {"code": "000000"})
        assert answer.status == 401
    answer = await browser.post("/console/accesso/codice/verifica", {"code": "000000"})
    assert "<h1>Entra</h1>" in answer.text


async def test_a_recovery_code_works_once(office: Office) -> None:
    _, _, page = await _enrolled(office)
    code = page.split("<li><code>")[1].split("</code>")[0]
    check = "/console/accesso/codice/verifica"
    first, second = office.browser(), office.browser()
    await first.sign_in(OPERATOR)
    assert (await first.post(check, {"code": code.upper()})).status == 200
    await second.sign_in(OPERATOR)
    assert (await second.post(check, {"code": code})).status == 401


async def test_a_role_that_must_have_it_cannot_go_on_without(
    make_settings,
    sqlite_url,
    assistant,  # type: ignore[no-untyped-def]
) -> None:
    settings = make_settings(database_url=sqlite_url, staff_second_factor_roles="responsabile")
    async with office_of(settings, assistant) as office:
        browser = office.browser()
        page = await browser.sign_in(MANAGER)
        assert "obbligatorio" in page.text
        assert "obbligatorio" in (await browser.get("/console/registro")).text
        page = await browser.post("/console/profilo/secondo-fattore/prepara")
        picture = await browser.get("/console/profilo/secondo-fattore/qr.svg")
        assert picture.headers["Content-Type"] == "image/svg+xml"
        secret = await totp_secret(office.database, MANAGER)
        code = pyotp.TOTP(secret).at(office.clock.utc())
        await browser.post("/console/profilo/secondo-fattore/conferma", {"code": code})
        assert (await browser.get("/console/registro")).status == 200
        assert (await browser.get("/console/profilo/secondo-fattore/qr.svg")).status == 404
        gone = await browser.post("/console/profilo/secondo-fattore/togli", {"password": PASSWORD})
        assert gone.status == 409
        operator = await office.signed_in("operatore")
        assert (await operator.get("/console/profilo")).status == 200


async def test_an_old_password_of_an_administrator_must_change(office: Office) -> None:
    """AgID 5.7.3: for administrators only."""
    office.clock.pass_by(days=181)
    browser = office.browser()
    page = await browser.sign_in("amministratore@urp.example.it")
    assert "<h1>Cambia la password</h1>" in page.text
    assert "<h1>Cambia la password</h1>" in (await browser.get("/console/persone")).text
    new = "lampione giallo sul viale"
    data = {"password": PASSWORD, "new_password": new, "repeated": new}
    await browser.post("/console/profilo/password/cambia", data)
    assert (await browser.get("/console/persone")).status == 200
    assert (await office.browser().sign_in(MANAGER)).status == 200


# Invitations


async def test_an_invitation_works_once_and_expires(office_on_both: Office) -> None:
    office = office_on_both
    boss = await office.signed_in("amministratore")
    await boss.get("/console/persone")
    data = {"name": "Nuova Persona", "email": "Nuova@URP.example.it", "role": "operatore"}
    page = await boss.post("/console/persone/invita", data)
    link = page.text.split('id="link" readonly value="')[1].split('"')[0]
    path = link.removeprefix(office.base)
    assert path.startswith("/console/invito/")
    guest = office.browser()
    assert "Ciao Nuova Persona" in (await guest.get(path)).text
    weak = {"new_password": "sportello1", "repeated": "sportello1"}
    assert (await guest.post(f"{path}/accetta", weak)).status == 422
    new = {"new_password": "lampione giallo sul viale", "repeated": "lampione giallo sul viale"}
    assert "Ora puoi entrare" in (await guest.post(f"{path}/accetta", new)).text
    assert (await guest.get(path)).status == 404
    assert (await guest.sign_in("nuova@urp.example.it", new["repeated"])).status == 200
    data["email"] = "tardi@urp.example.it"
    data["name"] = "Tardi"
    await boss.get("/console/persone")
    page = await boss.post("/console/persone/invita", data)
    late = page.text.split('readonly value="')[1].split('"')[0].removeprefix(office.base)
    office.clock.pass_by(hours=73)
    assert (await office.browser().get(late)).status == 404


async def test_a_fresh_installation_has_no_account(make_settings, sqlite_url, assistant) -> None:  # type: ignore[no-untyped-def]
    """T25."""
    from bot.storage.migrate import migrate

    database = Database(sqlite_url)
    await migrate(database)
    how_many = sa.select(sa.func.count()).select_from(staff)
    assert await database.read(lambda c: c.execute(how_many).scalar_one()) == 0
    await database.close()
