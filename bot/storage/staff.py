"""Statements about the people of the office: accounts, invitations, recovery codes. Each function is one unit of work."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.storage.console_tables import (
    staff,
    staff_invitations,
    staff_recovery_codes,
    staff_sessions,
)
from bot.storage.upsert import insert


@dataclass(frozen=True)
class Account:
    """A person who may sign in. Secrets are here because checking them needs them; pages never get this object's repr."""

    id: int
    email: str
    name: str
    role: str
    password: str | None
    password_set_at: datetime | None
    totp_secret: str | None
    totp_confirmed_at: datetime | None
    totp_last_step: int
    disabled_at: datetime | None
    created_at: datetime
    last_sign_in_at: datetime | None
    preferences: dict[str, Any]
    office: str
    presence: str
    presence_reason: str

    @property
    def has_second_factor(self) -> bool:
        """Whether a code is asked at sign-in."""
        return self.totp_confirmed_at is not None

    @property
    def is_active(self) -> bool:
        """Invited and accepted, and not disabled."""
        return self.disabled_at is None and self.password is not None


def account_of(row: Any) -> Account:
    """An account from a row that holds the columns of ``staff``."""
    values = {column.name: row._mapping[column] for column in staff.c}
    return Account(**{**values, "preferences": json.loads(values["preferences"])})


def by_email(connection: sa.Connection, email: str) -> Account | None:
    """The account with this address, in lower case."""
    row = connection.execute(sa.select(staff).where(staff.c.email == email)).one_or_none()
    return account_of(row) if row else None


def by_id(connection: sa.Connection, staff_id: int) -> Account | None:
    """The account with this number."""
    row = connection.execute(sa.select(staff).where(staff.c.id == staff_id)).one_or_none()
    return account_of(row) if row else None


def everybody(connection: sa.Connection) -> Sequence[Account]:
    """All accounts by name; an office has tens of them."""
    return [account_of(row) for row in connection.execute(sa.select(staff).order_by(staff.c.name))]


def add(
    connection: sa.Connection, *, email: str, name: str, role: str, now: datetime
) -> int | None:
    """A new account without a password; None if the address or the name is taken."""
    created = connection.execute(
        insert(connection, staff)
        .values(email=email, name=name, role=role, created_at=now)
        .on_conflict_do_nothing()
        .returning(staff.c.id)
    ).scalar()
    return int(created) if created is not None else None


def change(connection: sa.Connection, staff_id: int, **values: Any) -> None:
    """Set columns of an account."""
    connection.execute(sa.update(staff).where(staff.c.id == staff_id).values(**values))


def use_totp_step(connection: sa.Connection, staff_id: int, step: int) -> bool:
    """Mark a time step as used; False if it, or a later one, was used before."""
    changed = connection.execute(
        sa.update(staff)
        .where(staff.c.id == staff_id, staff.c.totp_last_step < step)
        .values(totp_last_step=step)
    )
    return changed.rowcount == 1


def end_sessions(
    connection: sa.Connection, staff_id: int, *, but_session: int | None = None
) -> None:
    """Sign a person out everywhere, or everywhere else."""
    query = sa.delete(staff_sessions).where(staff_sessions.c.staff_id == staff_id)
    if but_session is not None:
        query = query.where(staff_sessions.c.id != but_session)
    connection.execute(query)


def invite(connection: sa.Connection, staff_id: int, digest: str, expires_at: datetime) -> None:
    """Store an invitation; earlier ones of the same person end."""
    connection.execute(sa.delete(staff_invitations).where(staff_invitations.c.staff_id == staff_id))
    connection.execute(
        sa.insert(staff_invitations).values(digest=digest, staff_id=staff_id, expires_at=expires_at)
    )


def invited(connection: sa.Connection, digest: str, now: datetime) -> Account | None:
    """Whom an invitation is for, if it is still good."""
    row = connection.execute(
        sa.select(staff)
        .join(staff_invitations, staff_invitations.c.staff_id == staff.c.id)
        .where(
            staff_invitations.c.digest == digest,
            staff_invitations.c.expires_at > now,
            staff.c.disabled_at.is_(None),
        )
    ).one_or_none()
    return account_of(row) if row else None


def use_invitation(connection: sa.Connection, digest: str) -> bool:
    """Use an invitation up; False if another request was faster."""
    used = connection.execute(
        sa.delete(staff_invitations).where(staff_invitations.c.digest == digest)
    )
    return used.rowcount == 1


def forget_invitations(connection: sa.Connection, staff_id: int) -> None:
    """End the open invitations of a person."""
    connection.execute(sa.delete(staff_invitations).where(staff_invitations.c.staff_id == staff_id))


def set_recovery_codes(connection: sa.Connection, staff_id: int, digests: Iterable[str]) -> None:
    """Replace the recovery codes of a person."""
    connection.execute(
        sa.delete(staff_recovery_codes).where(staff_recovery_codes.c.staff_id == staff_id)
    )
    rows = [{"digest": digest, "staff_id": staff_id} for digest in digests]
    if rows:
        connection.execute(sa.insert(staff_recovery_codes), rows)


def use_recovery_code(connection: sa.Connection, staff_id: int, digest: str) -> bool:
    """Use a recovery code up; False if it is not one."""
    used = connection.execute(
        sa.delete(staff_recovery_codes).where(
            staff_recovery_codes.c.staff_id == staff_id, staff_recovery_codes.c.digest == digest
        )
    )
    return used.rowcount == 1
