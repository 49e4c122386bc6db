"""Rendering: templates with automatic escaping, Italian dates, sentences of ``texts.yml``, error pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import aiohttp_jinja2
import jinja2
import yaml
from aiohttp import web
from yarl import URL

from bot.clock import ROME
from bot.console.keys import CONSOLE, PREFIX
from bot.console.permissions import Permission, Role, allows
from bot.console.preferences import preferences_of
from bot.console.sessions import SESSION, form_token
from bot.console.suggestions import record_path
from bot.storage.staff_sessions import FULL

_HERE: Final = Path(__file__).parent
ERROR_STATUSES: Final = frozenset({400, 401, 403, 404, 405, 409, 413, 429, 500, 503})
"""Errors that have a sentence of their own."""
_MONTHS: Final = ("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre",
                  "ottobre", "novembre", "dicembre")  # fmt: skip
_DAYS: Final = ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica")

_NAVIGATION: Final = (
    ("/conversazioni", "Conversazioni", Permission.READ_CONVERSATIONS),
    ("/agenda", "Agenda", Permission.USE_AGENDA),
    ("/revisione", "Revisione", Permission.REVIEW),
    ("/risposte", "Risposte pronte", Permission.EDIT_SAVED_REPLIES),
    ("/servizio", "Servizio", Permission.SWITCH_CHAT),
    ("/conservazione", "Conservazione", Permission.MANAGE_RETENTION),
    ("/persone", "Persone", Permission.MANAGE_STAFF),
    ("/registro", "Registro", Permission.READ_AUDIT),
)
"""Path, label and permission of the entries of the menu, in order."""


@lru_cache(maxsize=1)
def _texts() -> dict[str, str]:
    texts: dict[str, str] = yaml.safe_load((_HERE / "texts.yml").read_text(encoding="utf-8"))
    return texts


def text(key: str, **values: object) -> str:
    """The sentence named ``key`` with its gaps filled. Raises KeyError for an unknown key or an empty gap."""
    return _texts()[key].format(**values)


def _audit_actions() -> list[tuple[str, str]]:
    prefix = "audit_"
    named = [
        (key.removeprefix(prefix), label)
        for key, label in _texts().items()
        if key.startswith(prefix)
    ]
    return sorted(named, key=lambda pair: pair[1])


def label(kind: str, name: str | None) -> str:
    """The Italian word for a stored name ("channel", "web"), or the name itself where there is none."""
    return _texts().get(f"{kind}_{name}", name or "")


def notice(key: str) -> str:
    """The sentence that a page shows after a change; "" for a name that is not one (it comes from the address)."""
    return _texts().get(key, "") if key.startswith("done_") else ""


def moment(value: datetime | None) -> str:
    """Day and hour in Rome: "24 novembre 2026, 9.30"."""
    if value is None:
        return ""
    local = value.astimezone(ROME)
    return f"{day(local)}, {local.hour}.{local.minute:02}"


def day(value: datetime) -> str:
    """A day: "24 novembre 2026"."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def weekday(value: datetime) -> str:
    """A day with its name: "martedì 24 novembre"."""
    return f"{_DAYS[value.weekday()]} {value.day} {_MONTHS[value.month - 1]}"


def desk_name(place: str) -> str:
    """A desk as people read it: "sportello-1" is "Sportello 1"."""
    return place.replace("-", " ").capitalize()


def _parsed(iso: str) -> datetime:
    found = datetime.fromisoformat(iso)
    return found if found.tzinfo else found.replace(tzinfo=ROME)


def duration(value: timedelta) -> str:
    """How long, in words: "5 minuti", "1 ora e 20 minuti", "3 giorni"."""
    minutes = max(0, int(value.total_seconds() // 60))
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} giorni"
    if hours:
        shown = "1 ora" if hours == 1 else f"{hours} ore"
        return f"{shown} e {_minutes(rest)}" if rest else shown
    return _minutes(minutes) if minutes else "meno di un minuto"


def _minutes(count: int) -> str:
    return "1 minuto" if count == 1 else f"{count} minuti"


def set_up(app: web.Application) -> None:
    """Give the application its templates."""
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        moment=moment,
        duration=duration,
        weekday=weekday,
        day=day,
        local=lambda at: at.astimezone(ROME),
        local_moment=lambda iso: moment(_parsed(iso)),
        desk_name=desk_name,
    )
    environment.globals.update(
        prefix=PREFIX,
        text=text,
        label=label,
        record_path=record_path,
        Role=Role,
        navigation=_NAVIGATION,
        audit_actions=_audit_actions(),
        audit_label=lambda action: _texts().get(f"audit_{action}", action),
    )


def _context(request: web.Request) -> dict[str, Any]:
    session = request.get(SESSION)
    account = session.account if session else None
    full = session is not None and session.stage == FULL
    role = account.role if account and full else ""
    return {
        "me": account,
        "preferences": preferences_of(account) if account and full else {},
        "signed_in": full,
        "can": lambda permission: allows(role, permission),
        "csrf": form_token(request),
        "done": notice(request.query.get("fatto", "")),
        "now": request.app[CONSOLE].clock.utc(),
        # An address that was only sent to cannot be come back to.
        "here": request.path if request.method == "GET" else f"{PREFIX}/",
    }


def render(request: web.Request, template: str, status: int = 200, **context: Any) -> web.Response:
    """A page."""
    whole = {**_context(request), **context}
    return aiohttp_jinja2.render_template(template, request, whole, status=status)


def see_other(path: str | URL, done: str = "") -> web.Response:
    """Go on to a page of the console after a change; ``done`` names the sentence that it shows."""
    target = URL(path)
    if done:
        target = target.update_query(fatto=done)
    return web.Response(status=303, headers={"Location": str(target)})
