"""`sportello staff …`: who may enter the console. Works beside a running service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

import typer
from rich.table import Table

from bot.clock import Clock
from bot.commands.common import console, prepared_settings
from bot.console import accounts
from bot.console.pages import moment
from bot.console.pages import text as sentence
from bot.console.people import invitation_path, normal_email
from bot.console.permissions import Role
from bot.console.sessions import digest, new_token
from bot.errors import SportelloError
from bot.settings import Settings
from bot.storage import staff
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.staff import Account

T = TypeVar("T")

app = typer.Typer(
    help="Chi può entrare nella console: inviti, ruoli, blocchi.", no_args_is_help=True
)

_Email = Annotated[str, typer.Argument(help="Indirizzo e-mail della persona.")]
_Json = Annotated[bool, typer.Option("--json", help="Stampa il risultato come JSON.")]
_Role = Annotated[Role, typer.Option(help="Che cosa può fare.")]


class UnknownPerson(SportelloError):
    """No account has this address."""


@dataclass(frozen=True)
class _Office:
    settings: Settings
    database: Database
    now: datetime


@app.command(help="Aggiungi una persona e stampa il suo invito, che vale una volta sola.")
def add(
    email: _Email,
    name: Annotated[str, typer.Option(help="Nome e cognome.")],
    role: _Role = Role.OPERATOR,
    as_json: _Json = False,
) -> None:
    async def work(office: _Office) -> dict[str, Any]:
        address = normal_email(email)
        if address is None or not name.strip():
            raise SportelloError(sentence("person_wrong"))
        token = new_token()
        added = await office.database.write(
            accounts.invite,
            email=address,
            name=name.strip(),
            role=role.value,
            token_digest=digest(token),
            expires_at=_expiry(office),
            by=None,
            now=office.now,
        )
        if added is None:
            raise SportelloError(sentence("person_taken"))
        return _invitation(office, address, token)

    _print_invitation(_run(work), as_json)


@app.command("list", help="Elenca le persone.")
def list_people(as_json: _Json = False) -> None:
    people = _run(lambda office: office.database.read(staff.everybody))
    if as_json:
        print(json.dumps([_public(person) for person in people], ensure_ascii=False, indent=2))
        return
    table = Table("E-mail", "Nome", "Ruolo", "Stato", "Codice", "Ultimo ingresso")
    for person in people:
        factor = "sì" if person.has_second_factor else "no"
        last = moment(person.last_sign_in_at) or "mai"
        table.add_row(person.email, person.name, person.role, _state(person), factor, last)
    console.print(table)


@app.command(help="Togli l'accesso a una persona: esce subito da tutti i dispositivi.")
def disable(email: _Email) -> None:
    async def work(office: _Office) -> None:
        person = await _find(office, email)
        await office.database.write(accounts.disable, person.id, by=None, now=office.now)

    _run(work)
    console.print("L'accesso è disattivato.")


@app.command(help="Ridai l'accesso a una persona.")
def enable(email: _Email) -> None:
    async def work(office: _Office) -> None:
        person = await _find(office, email)
        await office.database.write(accounts.enable, person.id, by=None, now=office.now)

    _run(work)
    console.print("L'accesso è di nuovo attivo.")


@app.command(help="Togli password e codice del telefono, e stampa un nuovo invito.")
def reset(email: _Email, as_json: _Json = False) -> None:
    async def work(office: _Office) -> dict[str, Any]:
        person = await _find(office, email)
        token = new_token()
        await office.database.write(
            accounts.reset,
            person.id,
            token_digest=digest(token),
            expires_at=_expiry(office),
            by=None,
            now=office.now,
        )
        return _invitation(office, person.email, token)

    _print_invitation(_run(work), as_json)


@app.command(help="Cambia il ruolo di una persona.")
def role(email: _Email, new_role: Annotated[Role, typer.Argument(help="Il nuovo ruolo.")]) -> None:
    async def work(office: _Office) -> None:
        person = await _find(office, email)
        await office.database.write(
            accounts.set_role, person.id, new_role.value, by=None, now=office.now
        )

    _run(work)
    console.print(f"Il ruolo adesso è: {new_role.value}.")


def _run(work: Callable[[_Office], Awaitable[T]]) -> T:
    settings = prepared_settings()

    async def go() -> T:
        database = Database(settings.effective_database_url)
        try:
            await migrate(database)
            return await work(_Office(settings, database, Clock(settings.clock).utc()))
        finally:
            await database.close()

    return asyncio.run(go())


async def _find(office: _Office, email: str) -> Account:
    person = await office.database.read(staff.by_email, email.strip().lower())
    if person is None:
        raise UnknownPerson(sentence("person_unknown"))
    return person


def _expiry(office: _Office) -> datetime:
    return office.now + timedelta(hours=office.settings.staff_invitation_hours)


def _invitation(office: _Office, email: str, token: str) -> dict[str, Any]:
    host = "127.0.0.1" if office.settings.binds_to_loopback else office.settings.host
    base = office.settings.public_url or f"http://{host}:{office.settings.port}"
    expires = _expiry(office)
    return {
        "email": email,
        "link": base + invitation_path(token),
        "expires_at": expires.isoformat(),
    }


def _print_invitation(invitation: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(invitation, ensure_ascii=False, indent=2))
        return
    expires = moment(datetime.fromisoformat(invitation["expires_at"]))
    console.print(f"Invito per {invitation['email']}: vale una volta, fino al {expires}.")
    # Plain print: a wrapped link cannot be copied.
    print(invitation["link"])


def _public(person: Account) -> dict[str, Any]:
    last = person.last_sign_in_at
    return {
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "state": _state(person),
        "second_factor": person.has_second_factor,
        "last_sign_in_at": last.isoformat() if last else None,
    }


def _state(person: Account) -> str:
    if person.disabled_at is not None:
        return "disattivato"
    return "attivo" if person.password is not None else "invitato"
