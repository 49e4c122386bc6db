"""`sportello appointments`: the agenda for staff and scripts; works beside a running service."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import sqlalchemy as sa
import typer

from bot.appointments import access, agenda, booking
from bot.appointments.calendar import (
    Booked,
    UnknownChoice,
    close_period,
    closures,
    conflicts,
    free_slots,
    load_rules,
    local_iso,
    reopen,
    stored_rules,
)
from bot.appointments.codes import is_plausible, normalised, shown
from bot.appointments.contacts import Invalid, parsed_contact, parsed_name, parsed_reason
from bot.appointments.history import Step, history_of
from bot.appointments.rules_file import read_rules
from bot.clock import ROME, Clock
from bot.commands.common import console, prepared_settings
from bot.commands.texts import text
from bot.errors import CommandRefused
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.migrate import migrate
from knowledge.content_files import load_content
from knowledge.store import is_empty, save_content

T = TypeVar("T")
CHANNEL: Final = "cli"

app = typer.Typer(
    help="Gli appuntamenti: elenco, prenotazione, spostamento, chiusure, regole.",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Stampa il risultato come JSON.")]
Code = Annotated[str, typer.Argument(help="Il codice dell'appuntamento, per esempio K7M4-XR29.")]
OfficeId = Annotated[str, typer.Option("--office", help="Id dell'ufficio; senza, il primo.")]
ServiceId = Annotated[str, typer.Option("--service", help="Id del servizio; senza, il primo.")]
Start = Annotated[
    str, typer.Option("--start", help="Giorno e ora locali, per esempio 2026-11-26T10:30.")
]
FromDay = Annotated[str, typer.Option("--from", help="Dal giorno, per esempio 2026-11-26.")]
ToDay = Annotated[str, typer.Option("--to", help="Fino al giorno, compreso.")]


@app.command("list", help="Elenca gli appuntamenti, da oggi in poi se non dici altro.")
def list_appointments(
    first: FromDay = "",
    last: ToDay = "",
    status: Annotated[
        list[str] | None,
        typer.Option(help="held, confirmed, cancelled, completed, no_show (ripetibile)."),
    ] = None,
    office: OfficeId = "",
    as_json: AsJson = False,
) -> None:
    records = _run(_listing(first, last, status, office))
    if as_json:
        _print_json(records)
        return
    for one in records:
        _print_line(one)
    if not records:
        console.print(text("appointments_none"))


@app.command(help="Mostra un appuntamento e la sua storia.")
def show(code: Code, as_json: AsJson = False) -> None:
    def unit(connection: sa.Connection, step: Step) -> dict[str, Any]:
        row = _row(connection, code)
        return {**agenda.as_record(row), "history": history_of(connection, row.id)}

    found = _run(_reading(unit))
    if as_json:
        _print_json(found)
        return
    _print_line(found)
    for line in found["history"]:
        when = datetime.fromisoformat(line["at"])
        _print(f"  {local_iso(when)}  {line['what']}  {line['who']}  {line['channel']}")


@app.command(help="Elenca gli orari liberi.")
def free(
    first: FromDay = "",
    last: ToDay = "",
    office: OfficeId = "",
    service: ServiceId = "",
    as_json: AsJson = False,
) -> None:
    def unit(connection: sa.Connection, step: Step) -> list[str]:
        slots = free_slots(
            connection,
            step,
            office=office,
            service=service,
            first=_day(first) if first else None,
            last=_day(last) if last else None,
        )
        return [local_iso(slot) for slot in slots]

    found = _run(_reading(unit))
    if as_json:
        _print_json(found)
        return
    for slot in found:
        _print(slot)


@app.command(help="Prenota un appuntamento per un cittadino.")
def book(
    start: Start,
    name: Annotated[str, typer.Option(help="Nome e cognome.")],
    contact: Annotated[str, typer.Option(help="Una mail o un numero di telefono.")],
    reason: Annotated[str, typer.Option(help="Il motivo, al massimo 200 caratteri.")] = "",
    office: OfficeId = "",
    service: ServiceId = "",
    beyond_limits: Annotated[
        bool, typer.Option("--beyond-limits", help="Anche oltre il numero massimo per persona.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    moment = _moment(start)
    try:
        who = parsed_name(name), parsed_contact(contact).value, parsed_reason(reason)
    except Invalid as error:
        raise CommandRefused(text(f"invalid_{error.problem}")) from None

    def unit(connection: sa.Connection, step: Step) -> dict[str, Any]:
        outcome = booking.book(
            connection,
            step,
            moment,
            name=who[0],
            contact=who[1],
            reason=who[2],
            office=office,
            service=service,
            beyond_limits=beyond_limits,
        )
        return _done_or_refused(connection, outcome)

    _show_done(_run(_writing(unit)), "appointment_booked", as_json)


@app.command(help="Sposta un appuntamento. Il codice resta lo stesso.")
def move(code: Code, start: Start, as_json: AsJson = False) -> None:
    moment = _moment(start)

    def unit(connection: sa.Connection, step: Step) -> dict[str, Any]:
        outcome = booking.move(connection, step, _row(connection, code).id, moment)
        return _done_or_refused(connection, outcome)

    _show_done(_run(_writing(unit)), "appointment_moved", as_json)


@app.command(help="Annulla un appuntamento.")
def cancel(code: Code, as_json: AsJson = False) -> None:
    def unit(connection: sa.Connection, step: Step) -> dict[str, Any]:
        outcome = booking.cancel(connection, step, _row(connection, code).id)
        return _done_or_refused(connection, outcome)

    _show_done(_run(_writing(unit)), "appointment_cancelled", as_json)


@app.command(help="Segna se il cittadino è venuto (o no, con --no-show) a un appuntamento passato.")
def visit(
    code: Code,
    no_show: Annotated[bool, typer.Option("--no-show", help="Non è venuto.")] = False,
    as_json: AsJson = False,
) -> None:
    def unit(connection: sa.Connection, step: Step) -> dict[str, Any]:
        came: Literal["completed", "no_show"] = "no_show" if no_show else "completed"
        outcome = booking.record_visit(connection, step, _row(connection, code).id, came)
        return _done_or_refused(connection, outcome)

    _show_done(_run(_writing(unit)), "appointment_recorded", as_json)


@app.command(
    help="Chiudi l'ufficio per un periodo. Chi ha già un appuntamento lo tiene: i casi sono elencati."
)
def close(
    first: Annotated[
        str, typer.Option("--from", help="Giorno (2026-12-24) o giorno e ora (2026-12-03T14:00).")
    ],
    reason: Annotated[str, typer.Option(help="Il motivo, come lo leggeranno i cittadini.")],
    last: Annotated[
        str, typer.Option("--to", help="Giorno compreso, o giorno e ora. Senza, un giorno solo.")
    ] = "",
    office: OfficeId = "",
    as_json: AsJson = False,
) -> None:
    starts_at, ends_at = _period(first, last or first)
    if not reason.strip() or len(reason) > 120:
        raise CommandRefused(text("closure_reason"))

    def unit(connection: sa.Connection, step: Step) -> dict[str, Any]:
        closed = close_period(connection, step, starts_at, ends_at, reason.strip(), office=office)
        return {
            **closed,
            "office": office,
            "start": local_iso(starts_at),
            "end": local_iso(ends_at),
            "reason": reason.strip(),
        }

    closed = _run(_writing(unit))
    if as_json:
        _print_json(closed)
        return
    _print(text("closure_made", number=closed["id"]))
    for code in closed["conflicts"]:
        _print(text("closure_conflict", code=shown(code)))


@app.command(
    "reopen", help="Togli una chiusura: il numero è quello che `close` o `rules` mostrano."
)
def reopen_period(number: Annotated[int, typer.Argument(help="Numero della chiusura.")]) -> None:
    if not _run(_writing(lambda connection, step: reopen(connection, step, number))):
        raise CommandRefused(text("closure_unknown", number=number))
    _print(text("closure_removed", number=number))


@app.command(
    help="Mostra regole, chiusure e appuntamenti in conflitto; con --load prendi le regole dal file."
)
def rules(
    load: Annotated[
        bool, typer.Option("--load", help="Leggi di nuovo il file delle regole.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    def unit(connection: sa.Connection, step: Step) -> dict[str, Any]:
        if load:
            load_rules(connection, read_rules(prepared_settings().booking_rules), step)
        found = conflicts(connection, step)
        return {
            "rules": stored_rules(connection).model_dump(mode="json"),
            "closures": closures(connection, step),
            "conflicts": [_conflict(one) for one in found],
        }

    told = _run(_writing(unit))
    if as_json:
        _print_json(told)
        return
    _print_rules(told)


@app.command(
    help="Indirizzo segreto dell'agenda per il calendario dell'ufficio: --new ne fa uno nuovo, --revoke lo chiude."
)
def feed(
    new: Annotated[
        bool, typer.Option("--new", help="Nuovo indirizzo; il vecchio non vale più.")
    ] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="Chiudi l'indirizzo.")] = False,
) -> None:
    if new == revoke:
        raise CommandRefused(text("feed_choose"))
    if revoke:
        _run(_writing(agenda.revoke_feed))
        _print(text("feed_revoked"))
        return
    secret = _run(_writing(agenda.make_feed))
    _print(f"{prepared_settings().base_url}/agenda/{secret}.ics")


@app.command(help="Esporta gli appuntamenti in CSV.")
def export(
    first: FromDay = "",
    last: ToDay = "",
    output: Annotated[Path | None, typer.Option(help="File da scrivere; senza, stampa.")] = None,
) -> None:
    csv = agenda.as_csv(_run(_listing(first, last, None, "")))
    if output is None:
        print(csv, end="")
        return
    try:
        output.write_text(csv, encoding="utf-8-sig", newline="")
    except OSError as error:
        raise CommandRefused(text("file_not_written", reason=error.strerror)) from None
    _print(text("file_written", path=output))


# Running a unit


Job = Callable[[Database, Step], Awaitable[T]]


def _run(job: Job[T]) -> T:
    return asyncio.run(_with_database(prepared_settings(), job))


async def _with_database(settings: Settings, job: Job[T]) -> T:
    database = Database(settings.effective_database_url)
    step = Step.at(Clock(settings.clock), CHANNEL, who=f"operator:{_login()}")
    try:
        await migrate(database)
        await _fill_if_empty(database, settings, step)
        return await job(database, step)
    except UnknownChoice as error:
        raise CommandRefused(text(f"unknown_{error}")) from None
    finally:
        await database.close()


async def _fill_if_empty(database: Database, settings: Settings, step: Step) -> None:
    """What a service would have loaded at its start, if none has run yet."""
    try:
        await database.read(stored_rules)
    except UnknownChoice:
        await database.write(load_rules, read_rules(settings.booking_rules), step)
    if await database.read(is_empty):
        await database.write(save_content, load_content())


def _reading(unit: Callable[[sa.Connection, Step], T]) -> Job[T]:
    return lambda database, step: database.read(unit, step)


def _writing(unit: Callable[[sa.Connection, Step], T]) -> Job[T]:
    return lambda database, step: database.write(unit, step)


def _listing(
    first: str, last: str, status: list[str] | None, office: str
) -> Job[list[dict[str, Any]]]:
    unknown = set(status or ()) - {"held", "confirmed", "cancelled", "completed", "no_show"}
    if unknown:
        raise CommandRefused(text("unknown_status", status=min(unknown)))
    until = _midnight(_day(last) + timedelta(days=1)) if last else None
    since = _midnight(_day(first)) if first else None

    def unit(connection: sa.Connection, step: Step) -> list[dict[str, Any]]:
        today = _midnight(step.now.astimezone(ROME).date())
        return agenda.listed(
            connection,
            step,
            since=since or today,
            until=until,
            statuses=status or (),
            office=office,
        )

    return _reading(unit)


def _row(connection: sa.Connection, text_of_code: str) -> Any:
    code = normalised(text_of_code)
    row = access.row_of_code(connection, code) if is_plausible(code) else None
    if row is None:
        raise CommandRefused(text("unknown_code", code=text_of_code))
    return row


def _done_or_refused(connection: sa.Connection, outcome: booking.Outcome) -> dict[str, Any]:
    """The record of what was done; a refusal undoes the unit and is told in a sentence."""
    kind = outcome["outcome"]
    if kind in ("confirmed", "moved", "cancelled", "recorded"):
        return agenda.as_record(access.row_of_code(connection, outcome["appointment"]["code"]))
    if kind == "limit":
        raise CommandRefused(text(f"refused_limit_{outcome['limit']}", most=outcome["most"]))
    if kind == "not_offered":
        refusal = outcome["refusal"]
        sentence = text(
            f"refused_{refusal['why']}",
            **{**refusal, "closed_because": refusal["closed_because"] or "-"},
        )
    else:
        sentence = text(f"refused_{kind}")
    alternatives = outcome.get("alternatives", [])
    if alternatives:
        sentence += " " + text("refused_alternatives", slots=", ".join(alternatives))
    raise CommandRefused(sentence)


# Reading what was typed


def _moment(typed: str) -> datetime:
    try:
        moment = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise CommandRefused(text("not_a_moment", typed=typed)) from None
    return moment.replace(tzinfo=ROME) if moment.tzinfo is None else moment


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise CommandRefused(text("not_a_day", typed=typed)) from None


def _period(first: str, last: str) -> tuple[datetime, datetime]:
    starts_at = _moment(first)
    ends_at = _moment(last)
    if "T" not in last.upper():
        ends_at = _midnight(_day(last) + timedelta(days=1))
    if ends_at <= starts_at:
        raise CommandRefused(text("period_backwards"))
    return starts_at, ends_at


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, ROME)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"


# Printing


def _print(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _print_line(one: dict[str, Any]) -> None:
    fields = [one["start"], shown(one["code"]), one["status"], one["service"]]
    _print("  ".join([*fields, one["name"], one["contact"], one["reason"]]).rstrip())


def _show_done(one: dict[str, Any], sentence: str, as_json: bool) -> None:
    if as_json:
        _print_json(one)
        return
    _print(text(sentence, code=shown(one["code"]), start=one["start"]))


def _conflict(one: Booked) -> dict[str, str]:
    return {
        "code": one.code,
        "office": one.office,
        "start": local_iso(one.start),
        "why": one.why,
    }


def _print_rules(told: dict[str, Any]) -> None:
    for office in told["rules"]["offices"]:
        _print(f"{office['id']}: {office['name']}")
        for day, windows in office["weekly"].items():
            _print(f"  {text(f'day_{day}')}: {', '.join(windows)}")
        for service in office["services"]:
            _print(f"  {service['id']}: {service['name']} ({service['minutes']} min)")
        _print(
            text("rules_notice", days=office["notice_working_days"], horizon=office["horizon_days"])
        )
    for closure in told["closures"]:
        _print(text("rules_closure", **closure))
    for conflict in told["conflicts"]:
        values = {
            **conflict,
            "code": shown(conflict["code"]),
            "why": text(f"why_{conflict['why']}"),
        }
        _print(text("rules_conflict", **values))
    if not told["conflicts"]:
        _print(text("rules_no_conflict"))
