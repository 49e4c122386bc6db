"""One's own account: password, second factor, sessions."""

from __future__ import annotations

from aiohttp import web

from bot.console import account_rules, accounts, second_factor
from bot.console.forms import field
from bot.console.keys import CONSOLE, PREFIX
from bot.console.new_password import FIELD_MAX_CHARS, chosen_password
from bot.console.pages import render, see_other, text
from bot.console.permissions import Permission
from bot.console.preferences import PREFERENCES
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import digest, new_token, recovery_code, session_of, set_cookie
from bot.storage import staff_sessions
from bot.storage.staff_sessions import ENROLMENT, FULL, RENEWAL

routes = ConsoleRoutes()

_PAGE = f"{PREFIX}/profilo"
_FACTOR_PAGE = f"{PREFIX}/profilo/secondo-fattore"


@routes.get("/profilo", Permission.SIGNED_IN)
async def profile(request: web.Request) -> web.StreamResponse:
    """Name, role, second factor, open sessions."""
    session = session_of(request)
    open_sessions = await request.app[CONSOLE].database.read(
        staff_sessions.of_person, session.account.id
    )
    return render(
        request,
        "profile.html",
        sessions=open_sessions,
        current=session.id,
        untaken_minutes=request.app[CONSOLE].settings.untaken_mail_minutes,
    )


@routes.post("/profilo/preferenze", Permission.SIGNED_IN)
async def set_preferences(request: web.Request) -> web.StreamResponse:
    """How this person wants to be told of news."""
    console = request.app[CONSOLE]
    chosen = {name: await field(request, name) == "yes" for name in PREFERENCES}
    await console.database.write(accounts.set_preferences, session_of(request).account, chosen)
    return see_other(_PAGE, "done_preferences")


@routes.get("/profilo/password", Permission.SIGNED_IN, stages=[FULL, RENEWAL])
async def password_page(request: web.Request) -> web.StreamResponse:
    """The form for a new password."""
    return _password_form(request)


@routes.post("/profilo/password/cambia", Permission.SIGNED_IN, stages=[FULL, RENEWAL])
async def change_password(request: web.Request) -> web.StreamResponse:
    """Set a new password; every other session ends, this one begins anew."""
    console = request.app[CONSOLE]
    session = session_of(request)
    account = session.account
    current = await field(request, "password", max_chars=FIELD_MAX_CHARS, strip=False)
    if not await console.passwords.matches(account.password, current):
        ended = await console.database.write(
            accounts.wrong_code, session, most=5, now=console.clock.utc()
        )
        if ended:
            return see_other(f"{PREFIX}/accesso")
        return _password_form(request, 422, text("password_current_wrong"))
    password, error = await chosen_password(request, account)
    if not error and password == current:
        error = text("password_same")
    if error:
        return _password_form(request, 422, error)
    token = new_token()
    await console.database.write(
        accounts.set_password,
        session,
        hashed=await console.passwords.hash(password),
        token_digest=digest(token),
        now=console.clock.utc(),
    )
    response = see_other(_PAGE, "done_password_changed")
    set_cookie(console, response, "session", token, max_age=None)
    return response


@routes.get("/profilo/secondo-fattore", Permission.SIGNED_IN, stages=[FULL, ENROLMENT])
async def second_factor_page(request: web.Request) -> web.StreamResponse:
    """How to set the second factor up, and its state."""
    return _factor_page(request)


@routes.post("/profilo/secondo-fattore/prepara", Permission.SIGNED_IN, stages=[FULL, ENROLMENT])
async def prepare_second_factor(request: web.Request) -> web.StreamResponse:
    """Make a secret for the phone; it protects nothing until the phone has shown a code."""
    account = session_of(request).account
    if account.has_second_factor:
        raise web.HTTPConflict
    await request.app[CONSOLE].database.write(
        accounts.prepare_second_factor, account.id, second_factor.new_secret()
    )
    return see_other(_FACTOR_PAGE)


@routes.get("/profilo/secondo-fattore/qr.svg", Permission.SIGNED_IN, stages=[FULL, ENROLMENT])
async def qr_code(request: web.Request) -> web.StreamResponse:
    """The secret as a picture, only while it waits for its first code."""
    account = session_of(request).account
    if account.totp_secret is None or account.has_second_factor:
        raise web.HTTPNotFound
    picture = second_factor.qr_code(account.totp_secret, account.email)
    return web.Response(body=picture, content_type="image/svg+xml")


@routes.post("/profilo/secondo-fattore/conferma", Permission.SIGNED_IN, stages=[FULL, ENROLMENT])
async def confirm_second_factor(request: web.Request) -> web.StreamResponse:
    """Turn it on once the phone shows the right code; the recovery codes are shown once."""
    console = request.app[CONSOLE]
    session = session_of(request)
    account = session.account
    if account.totp_secret is None or account.has_second_factor:
        raise web.HTTPConflict
    now = console.clock.utc()
    step = second_factor.matching_step(account.totp_secret, await field(request, "code"), now)
    codes = [recovery_code() for _ in range(second_factor.RECOVERY_CODES)]
    token = new_token()
    old = account_rules.password_is_old(account, console.settings, now)
    confirmed = step is not None and await console.database.write(
        accounts.confirm_second_factor,
        session,
        step=step,
        recovery_digests=[digest(code) for code in codes],
        token_digest=digest(token),
        stage=RENEWAL if old else FULL,
        now=now,
    )
    if not confirmed:
        return _factor_page(request, 422, text("code_wrong"))
    response = render(request, "recovery_codes.html", codes=codes)
    set_cookie(console, response, "session", token, max_age=None)
    return response


@routes.post("/profilo/secondo-fattore/togli", Permission.SIGNED_IN)
async def remove_second_factor(request: web.Request) -> web.StreamResponse:
    """Turn it off, with the password, unless the installer asks for it."""
    console = request.app[CONSOLE]
    session = session_of(request)
    account = session.account
    if account_rules.needs_second_factor(account.role, console.settings):
        raise web.HTTPConflict
    password = await field(request, "password", max_chars=FIELD_MAX_CHARS, strip=False)
    if not await console.passwords.matches(account.password, password):
        return _factor_page(request, 422, text("password_current_wrong"))
    await console.database.write(accounts.remove_second_factor, session, console.clock.utc())
    return see_other(_PAGE, "done_second_factor_off")


def _password_form(request: web.Request, status: int = 200, error: str = "") -> web.StreamResponse:
    account = session_of(request).account
    min_chars = account_rules.min_password_chars(account, request.app[CONSOLE].settings)
    return render(request, "password.html", status, error=error, min_chars=min_chars)


def _factor_page(request: web.Request, status: int = 200, error: str = "") -> web.StreamResponse:
    account = session_of(request).account
    waiting = account.totp_secret is not None and not account.has_second_factor
    key = second_factor.readable(account.totp_secret or "") if waiting else ""
    required = account_rules.needs_second_factor(account.role, request.app[CONSOLE].settings)
    return render(
        request,
        "second_factor.html",
        status,
        error=error,
        waiting=waiting,
        key=key,
        required=required,
    )
