"""Signing in and out: password, waits after wrong ones, second factor, invitation."""

from __future__ import annotations

from datetime import datetime

import structlog
from aiohttp import web
from yarl import URL

from bot.console import account_rules, accounts, second_factor
from bot.console.forms import field
from bot.console.keys import CONSOLE, PREFIX, Console
from bot.console.new_password import FIELD_MAX_CHARS, chosen_password
from bot.console.pages import duration, render, see_other, text
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import (
    SESSION,
    begin_form,
    digest,
    drop_cookie,
    keyed,
    known_device,
    local_path,
    new_token,
    remember_device,
    session_of,
    set_cookie,
)
from bot.limits import SECOND_FACTOR_TRIES
from bot.storage import sign_in_failures, staff
from bot.storage.staff import Account
from bot.storage.staff_sessions import ENROLMENT, FULL, RENEWAL, SECOND_FACTOR

log = structlog.get_logger("sportello.console")
routes = ConsoleRoutes()

STAGE_PAGES = {
    SECOND_FACTOR: f"{PREFIX}/accesso/codice",
    ENROLMENT: f"{PREFIX}/profilo/secondo-fattore",
    RENEWAL: f"{PREFIX}/profilo/password",
}
"""Where a session goes on that is not full yet."""

_ANY_STAGE = (FULL, *STAGE_PAGES)
_EMAIL_MAX_CHARS = 254


@routes.get("/accesso", Permission.PUBLIC)
async def sign_in_page(request: web.Request) -> web.StreamResponse:
    """The form."""
    if SESSION in request:
        return see_other(f"{PREFIX}/")
    return _sign_in_form(request, onward=local_path(request.query.get("poi", "")))


@routes.post("/accesso/entra", Permission.PUBLIC)
async def sign_in(request: web.Request) -> web.StreamResponse:
    """Check address and password; go on to what the account still needs."""
    console = request.app[CONSOLE]
    email = (await field(request, "email", max_chars=_EMAIL_MAX_CHARS)).lower()
    password = await field(request, "password", max_chars=FIELD_MAX_CHARS, strip=False)
    onward = local_path(await field(request, "poi"))
    now = console.clock.utc()
    account_subject, address_subject = _subjects(request, email)
    blocked = await console.database.read(
        sign_in_failures.blocked_until, [account_subject, address_subject], now
    )
    if blocked is not None:
        log.info("sign_in.blocked")
        return _must_wait(request, blocked, now, email, onward)
    account = await console.database.read(staff.by_email, email)
    stored = account.password if account is not None and account.is_active else None
    matches = await console.passwords.matches(stored, password)
    if account is None or stored is None or not matches:
        await console.database.write(
            accounts.count_wrong_password,
            account_subject=account_subject,
            address_subject=address_subject,
            account=account,
            settings=console.settings,
            now=now,
        )
        error = text("sign_in_wrong")
        return _sign_in_form(request, 401, error=error, email=email, onward=onward)
    renewed = await console.passwords.renewed(stored, password)
    stage = account_rules.stage_after_password(account, console.settings, now)
    return await _enter(request, account, stage, onward, [account_subject], renewed)


@routes.get("/accesso/codice", Permission.SIGNED_IN, stages=[SECOND_FACTOR])
async def code_page(request: web.Request) -> web.StreamResponse:
    """The form for the code of the second factor."""
    return _code_form(request)


@routes.post("/accesso/codice/verifica", Permission.SIGNED_IN, stages=[SECOND_FACTOR])
async def check_code(request: web.Request) -> web.StreamResponse:
    """Check a code of the phone, or a recovery code; the session begins anew with another token."""
    console = request.app[CONSOLE]
    session = session_of(request)
    code = await field(request, "code", max_chars=40)
    onward = local_path(await field(request, "poi"))
    now = console.clock.utc()
    step = second_factor.matching_step(session.account.totp_secret or "", code, now)
    paper = digest(code.lower().replace(" ", ""))
    if await console.database.write(accounts.use_code, session, step, paper):
        stage = account_rules.stage_after_code(session.account, console.settings, now)
        return await _enter(request, session.account, stage, onward)
    ended = await console.database.write(
        accounts.wrong_code, session, most=SECOND_FACTOR_TRIES, now=now
    )
    if not ended:
        return _code_form(request, 401, error=text("code_wrong"))
    response = see_other(f"{PREFIX}/accesso")
    drop_cookie(console, response, "session")
    return response


@routes.post("/uscita", Permission.SIGNED_IN, stages=_ANY_STAGE)
async def sign_out(request: web.Request) -> web.StreamResponse:
    """End this session, or all of this person, on the server."""
    console = request.app[CONSOLE]
    everywhere = await field(request, "everywhere") == "yes"
    session = session_of(request)
    await console.database.write(
        accounts.leave, session, everywhere=everywhere, now=console.clock.utc()
    )
    response = see_other(f"{PREFIX}/accesso", "done_signed_out")
    drop_cookie(console, response, "session")
    return response


@routes.get("/invito/{token}", Permission.PUBLIC)
async def invitation_page(request: web.Request) -> web.StreamResponse:
    """Choose a password. Looking at the page does not use the invitation up."""
    account = await _invited(request)
    return _invitation_form(request, account) if account else _invitation_over(request)


@routes.post("/invito/{token}/accetta", Permission.PUBLIC)
async def accept_invitation(request: web.Request) -> web.StreamResponse:
    """Set the first (or a new) password; every older session of the account ends."""
    console = request.app[CONSOLE]
    account = await _invited(request)
    if account is None:
        return _invitation_over(request)
    password, error = await chosen_password(request, account)
    if error:
        return _invitation_form(request, account, 422, error)
    hashed = await console.passwords.hash(password)
    accepted = await console.database.write(
        accounts.accept_invitation,
        invitation=digest(request.match_info["token"]),
        staff_id=account.id,
        hashed=hashed,
        now=console.clock.utc(),
    )
    if not accepted:
        return _invitation_over(request)
    return see_other(f"{PREFIX}/accesso", "done_password_set")


async def _enter(
    request: web.Request,
    account: Account,
    stage: str,
    onward: str,
    forgiven: list[str] | None = None,
    new_hash: str | None = None,
) -> web.StreamResponse:
    console = request.app[CONSOLE]
    token = new_token()
    held = request.get(SESSION)
    await console.database.write(
        accounts.enter,
        account=account,
        stage=stage,
        token_digest=digest(token),
        replaces=held.id if held else None,
        forgiven=forgiven or [],
        new_hash=new_hash,
        now=console.clock.utc(),
    )
    page = STAGE_PAGES.get(stage)
    response = see_other(URL(page).with_query(poi=onward) if page else onward)
    set_cookie(console, response, "session", token, max_age=None)
    drop_cookie(console, response, "form")
    if stage == FULL:
        remember_device(console, response, account.email)
    return response


def _subjects(request: web.Request, email: str) -> tuple[str, str]:
    """What failures count on: the account, or the browser where its owner has signed in before; and the address."""
    console = request.app[CONSOLE]
    nonce = known_device(request, email)
    account = f"device:{_short(console, nonce)}" if nonce else f"account:{_short(console, email)}"
    return account, f"address:{_short(console, request.remote or '')}"


def _short(console: Console, value: str) -> str:
    return keyed(console, "sign_in", value)


async def _invited(request: web.Request) -> Account | None:
    console = request.app[CONSOLE]
    key = digest(request.match_info["token"])
    return await console.database.read(staff.invited, key, console.clock.utc())


def _sign_in_form(
    request: web.Request, status: int = 200, *, error: str = "", email: str = "", onward: str
) -> web.StreamResponse:
    return _with_form_cookie(
        request, "sign_in.html", status, error=error, email=email, onward=onward
    )


def _must_wait(
    request: web.Request, until: datetime, now: datetime, email: str, onward: str
) -> web.StreamResponse:
    error = text("sign_in_wait", wait=duration(until - now))
    response = _sign_in_form(request, 429, error=error, email=email, onward=onward)
    response.headers["Retry-After"] = str(max(1, int((until - now).total_seconds())))
    return response


def _code_form(request: web.Request, status: int = 200, error: str = "") -> web.StreamResponse:
    onward = local_path(request.query.get("poi", ""))
    return render(request, "code.html", status, error=error, onward=onward)


def _invitation_form(
    request: web.Request, account: Account, status: int = 200, error: str = ""
) -> web.StreamResponse:
    min_chars = account_rules.min_password_chars(account, request.app[CONSOLE].settings)
    return _with_form_cookie(
        request, "invitation.html", status, account=account, error=error, min_chars=min_chars
    )


def _invitation_over(request: web.Request) -> web.StreamResponse:
    return render(request, "invitation_over.html", 404)


def _with_form_cookie(
    request: web.Request, template: str, status: int, **context: object
) -> web.StreamResponse:
    """A page with a form for somebody who has not signed in."""
    fresh = begin_form(request)
    response = render(request, template, status, **context)
    if fresh:
        set_cookie(request.app[CONSOLE], response, "form", fresh, max_age=None)
    return response
