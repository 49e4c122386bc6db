"""The gate of the console, route by route as the router lists them: permissions, forged requests, methods, headers (T28, T32, T33, T39)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pytest
import pytest_asyncio
from aiohttp import web

from bot.console.app import _MODULES
from bot.console.permissions import MATRIX, Permission, Role
from bot.console.routing import DECLARED, ConsoleRoutes, Needs, refuse_undeclared
from bot.settings import PROJECT_ROOT, Settings
from bot.storage.staff_sessions import FULL
from tests.console.conftest import ROLES, Office, office_of
from tests.support.console import Answer, Browser, everything_stored

pytestmark = [pytest.mark.asyncio(loop_scope="module")]

_MOVES_BY_ITSELF: Final = {"audit_log", "staff_sessions", "leases"}
"""Tables that change while nobody changes anything: reading is noted, replicas say that they live."""

_DOCUMENTED: Final = {
    Permission.READ_CONVERSATIONS: {"operatore", "responsabile"},
    Permission.HANDLE_CONVERSATIONS: {"operatore", "responsabile"},
    Permission.REVEAL_CONTACTS: {"operatore", "responsabile"},
    Permission.USE_AGENDA: {"operatore", "responsabile"},
    Permission.CLOSE_AGENDA: {"responsabile"},
    Permission.REVIEW: {"redattore", "responsabile"},
    Permission.EDIT_SAVED_REPLIES: {"redattore", "responsabile"},
    Permission.PERSONAL_DATA: {"responsabile"},
    Permission.READ_AUDIT: {"responsabile"},
    Permission.MANAGE_RETENTION: {"responsabile", "amministratore"},
    Permission.SWITCH_CHAT: {"responsabile", "amministratore"},
    Permission.MANAGE_STAFF: {"amministratore"},
    Permission.SIGNED_IN: set(ROLES),
    Permission.PUBLIC: set(ROLES),
}
"""What docs/console.md promises, written down a second time on purpose."""


def _routes() -> Iterator[tuple[str, str, Needs]]:
    """Method, path and needs of every route of the console."""
    for module in _MODULES:
        routes: ConsoleRoutes = module.routes
        yield from ((method, path, needs) for method, path, _, needs in routes.declared())


ROUTES: Final = sorted(_routes(), key=lambda route: route[:2])
GETS: Final = [(path, needs) for method, path, needs in ROUTES if method == "GET"]
POSTS: Final = [(path, needs) for method, path, needs in ROUTES if method == "POST"]


def address(pattern: str) -> str:
    """A path of this route; what it names does not exist."""
    filled = "/console" + pattern
    for name in (
        "token",
        "person",
        "name",
        "conversation",
        "reply",
        "appointment",
        "closure",
        "view",
        "report",
        "record",
    ):
        filled = filled.replace("{" + name + "}", "999999")
    assert "{" not in filled, f"say what to put into {pattern}"
    return filled


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(assistant: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One office for the whole module."""
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path_factory.mktemp("gate"),
        watch_model=False,
        models_dir=PROJECT_ROOT / "models",
    )
    async with office_of(settings, assistant) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browsers(office: Office) -> dict[str, Browser]:
    """A signed-in browser for every role."""
    return {role: await office.signed_in(role) for role in ROLES}


def test_the_matrix_is_the_documented_one() -> None:
    found = {
        permission: {role.value for role in Role if permission in MATRIX[role]}
        for permission in Permission
    }
    assert found == _DOCUMENTED


def test_the_documentation_shows_the_same_matrix() -> None:
    table = (PROJECT_ROOT / "docs" / "console.md").read_text(encoding="utf-8")
    for permission in Permission:
        if permission in (Permission.PUBLIC, Permission.SIGNED_IN):
            continue
        marks = ["x" if permission in MATRIX[role] else " " for role in Role]
        assert f"| `{permission.value}` | {' | '.join(marks)} |" in table


def test_the_security_table_names_tests_that_exist() -> None:
    table = (PROJECT_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", table))
    written = {
        name
        for path in (PROJECT_ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    assert named - written == set()


@pytest.mark.parametrize(("path", "needs"), GETS, ids=[path for path, _ in GETS])
async def test_pages_open_for_the_roles_that_may_and_no_others(
    office: Office, browsers: dict[str, Browser], path: str, needs: Needs
) -> None:
    """Each route × each role, and nobody."""
    nobody = await office.browser().request("GET", address(path))
    if needs.permission is Permission.PUBLIC:
        assert nobody.status in (200, 404)
        return
    assert nobody.status == 303
    assert nobody.headers["Location"].startswith("/console/accesso")
    for role, browser in browsers.items():
        if path == "/novita":
            continue
        answer = await browser.request("GET", address(path))
        if role not in _DOCUMENTED[needs.permission]:
            assert answer.status == 403, role
        elif FULL not in needs.stages:
            assert answer.status == 303, role
        else:
            assert answer.status in (200, 303, 404), role


@pytest.mark.parametrize(("path", "needs"), POSTS, ids=[path for path, _ in POSTS])
async def test_changes_are_refused_to_the_roles_that_may_not(
    office: Office, browsers: dict[str, Browser], path: str, needs: Needs
) -> None:
    """Each unsafe route × each role, with a good token; and nobody."""
    if needs.permission in (Permission.PUBLIC, Permission.SIGNED_IN):
        return
    nobody = office.browser()
    await nobody.get("/console/accesso")
    assert (await nobody.submit(address(path), {"csrf": nobody.token})).status == 401
    for role, browser in browsers.items():
        await browser.get("/console/")
        answer = await browser.submit(address(path), {"csrf": browser.token})
        if role in _DOCUMENTED[needs.permission]:
            assert answer.status in (200, 204, 303, 400, 404, 409, 422), role
        else:
            assert answer.status == 403, role


_FORGERIES: Final = {
    "no token": ({}, {}, True),
    "wrong token": ({"csrf": "0" * 64}, {}, True),
    "foreign origin": (
        {},
        {"Origin": "https://cattivo.example", "Sec-Fetch-Site": "same-origin"},
        False,
    ),
    "look-alike origin": ({}, {"Origin": "http://127.0.0.1.cattivo.example"}, False),
    "null origin": ({}, {"Origin": "null"}, False),
    "cross-site": ({}, {"Sec-Fetch-Site": "cross-site"}, False),
    "same-site": ({}, {"Sec-Fetch-Site": "same-site"}, False),
    "typed address": ({}, {"Sec-Fetch-Site": "none"}, False),
}


@pytest.mark.parametrize("role", ["responsabile", "amministratore"])
@pytest.mark.parametrize("forgery", [*_FORGERIES, "text/plain", "json", "no origin at all", "GET"])
async def test_forged_changes_are_refused_and_change_nothing(
    office: Office, browsers: dict[str, Browser], role: str, forgery: str
) -> None:
    """T28: every unsafe route × every way to forge a request, for the most powerful roles that there are."""
    browser = browsers[role]
    await browser.get("/console/")
    before = await everything_stored(office.database, but=_MOVES_BY_ITSELF)
    for path, _ in POSTS:
        answer = await _forged(browser, address(path), forgery)
        assert answer.status in (403, 405) or (forgery == "GET" and answer.status == 404), path
    assert await everything_stored(office.database, but=_MOVES_BY_ITSELF) == before


async def _forged(browser: Browser, target: str, forgery: str) -> Answer:
    token = {"csrf": browser.token}
    if forgery in _FORGERIES:
        fields, headers, without_token = _FORGERIES[forgery]
        return await browser.submit(target, fields if without_token else token, headers)
    if forgery == "text/plain":
        headers = {"Content-Type": "text/plain"}
        return await browser.submit(target, f"csrf={browser.token}", headers)
    if forgery == "json":
        return await browser.submit(target, "{}", {"Content-Type": "application/json"})
    if forgery == "no origin at all":
        return await browser.request("POST", target, data=token)
    return await browser.request("GET", f"{target}?csrf={browser.token}")


async def test_the_token_of_one_session_is_worth_nothing_in_another(
    browsers: dict[str, Browser],
) -> None:
    """T28: the token is bound to its session."""
    mine, other = browsers["responsabile"], browsers["amministratore"]
    await mine.get("/console/")
    await other.get("/console/")
    assert mine.token != other.token
    for path, _ in POSTS:
        assert (await mine.submit(address(path), {"csrf": other.token})).status == 403, path


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"])
async def test_every_answer_has_the_headers_and_none_is_a_server_error(
    office: Office, browsers: dict[str, Browser], method: str
) -> None:
    """T33: a crawl over every route, signed in and not, with errors and what is not there."""
    paths = {address(path) for _, path, _ in ROUTES if path != "/novita"}
    paths |= {
        "/console/.git/config",
        "/console/%00",
        "/console/static/..%2f..%2f.env",
        "/console/a" * 30,
    }
    for browser in (office.browser(), *browsers.values()):
        for path in sorted(paths):
            answer = await browser.request(method, path)
            assert answer.status < 500, path
            if method == "TRACE":
                assert answer.status in (404, 405)
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert answer.headers["Server"] == "Sportello"
            static = path.startswith("/console/static/")
            assert answer.headers["Cache-Control"] == (
                "no-store" if not static or answer.status != 200 else "no-cache"
            )
            assert "Traceback" not in answer.text


async def test_static_files_are_a_closed_list(office: Office) -> None:
    for name in ("console.css", "htmx.js", "sprites.svg", "bootstrap-italia.css"):
        assert (await office.browser().get(f"/console/static/{name}")).status == 200
    for name in (
        "app.py",
        "..%2fapp.py",
        "%2e%2e/app.py",
        "base.html",
        ".env",
        "",
        "console.css/x",
    ):
        assert (await office.browser().get(f"/console/static/{name}")).status == 404


async def test_what_is_not_there_looks_the_same_whatever_the_number(
    browsers: dict[str, Browser],
) -> None:
    """T32: a number that never was, one that is wrong, one that is no number."""
    boss = browsers["amministratore"]
    await boss.get("/console/")
    texts = set()
    for person in ("999999", "0", "-1", "1e3", "uno", "9" * 30, "1%20OR%201"):
        answer = await boss.submit(f"/console/persone/{person}/disattiva", {"csrf": boss.token})
        assert answer.status == 404
        texts.add(answer.text)
    assert len(texts) == 1


async def test_fields_that_a_form_does_not_have_change_nothing(office: Office) -> None:
    """T39: role, id, flags of an account posted where only a password belongs."""
    browser = await office.signed_in("operatore")
    await browser.get("/console/profilo/password")
    fields = {
        "role": "amministratore",
        "staff_id": "1",
        "id": "1",
        "disabled_at": "",
        "totp_secret": "A" * 16,
        "stage": "full",
    }
    data = {**fields, "password": "sbagliata", "new_password": "x", "repeated": "x"}
    await browser.post("/console/profilo/password/cambia", data)
    assert (await browser.get("/console/persone")).status == 403
    boss = await office.signed_in("amministratore")
    await boss.get("/console/persone")
    invite = {
        "name": "In Più",
        "email": "inpiu@urp.example.it",
        "role": "operatore",
        "password": "x",
        "totp_confirmed_at": "2026-01-01",
    }
    await boss.post("/console/persone/invita", invite)
    row = [
        part for part in (await boss.get("/console/persone")).text.split("<tr>") if "In Più" in part
    ]
    assert "invitato" in row[0]
    assert "con codice" not in row[0]


async def test_a_route_without_a_permission_stops_the_start() -> None:
    async def forgotten(request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app[DECLARED] = {}
    app.router.add_get("/dimenticata", forgotten)
    with pytest.raises(RuntimeError, match="GET /dimenticata"):
        await refuse_undeclared(app)


async def test_a_member_of_staff_cannot_lock_the_last_administrator_out(office: Office) -> None:
    """Nobody changes their own role or disables themselves."""
    boss = await office.signed_in("amministratore")
    await boss.get("/console/persone")
    for action in ("disattiva", "ruolo", "reimposta"):
        mine = office.people["amministratore"]
        answer = await boss.post(f"/console/persone/{mine}/{action}", {"role": "operatore"})
        assert answer.status == 409
