"""Changes of accounts and sessions, each one unit of work with its line in the audit log. The command line uses them too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from bot.conversations import desk
from bot.settings import Settings
from bot.storage import audit, sign_in_failures, staff, staff_desk, staff_sessions
from bot.storage.staff import Account
from bot.storage.staff_sessions import FULL, Session

_WINDOW: Final = timedelta(hours=1)
"""Failures further apart than this do not add up: longer than the longest wait, which must not wipe the slate clean."""
_FIRST_BLOCK: Final = timedelta(seconds=30)


def count_wrong_password(
    connection: sa.Connection,
    *,
    account_subject: str,
    address_subject: str,
    account: Account | None,
    settings: Settings,
    now: datetime,
) -> None:
    """A password was wrong, or the name unknown: both count, on the account and on the address."""
    for subject, free in (
        (account_subject, settings.sign_in_free_tries),
        (address_subject, settings.sign_in_free_tries_address),
    ):
        sign_in_failures.count_failure(
            connection,
            subject,
            now=now,
            window=_WINDOW,
            free=free,
            first_block=_FIRST_BLOCK,
            longest_block=timedelta(minutes=settings.sign_in_block_minutes),
        )
    audit.record(
        connection,
        now=now,
        staff_id=account.id if account else None,
        action="sign_in_failed",
    )


def enter(
    connection: sa.Connection,
    *,
    account: Account,
    stage: str,
    token_digest: str,
    replaces: int | None,
    forgiven: Sequence[str],
    new_hash: str | None,
    now: datetime,
) -> None:
    """Start a session; ``replaces`` is the session that this browser had, which ends."""
    if replaces is not None:
        staff_sessions.end_session(connection, replaces)
    sign_in_failures.forgive(connection, forgiven)
    staff_sessions.open_session(
        connection, digest=token_digest, staff_id=account.id, stage=stage, now=now
    )
    if new_hash is not None:
        staff.change(connection, account.id, password=new_hash)
    if stage == FULL:
        presence = staff_desk.AVAILABLE
        staff.change(
            connection, account.id, last_sign_in_at=now, presence=presence, presence_reason=""
        )
    action = "sign_in" if stage == FULL else "password_right"
    audit.record(connection, now=now, staff_id=account.id, action=action)


def use_code(
    connection: sa.Connection, session: Session, step: int | None, recovery_digest: str
) -> bool:
    """Use a code once: a time step of the phone, or a recovery code."""
    if step is not None:
        return staff.use_totp_step(connection, session.account.id, step)
    return staff.use_recovery_code(connection, session.account.id, recovery_digest)


def wrong_code(connection: sa.Connection, session: Session, *, most: int, now: datetime) -> bool:
    """Count a wrong code; True when the session ended because there were too many."""
    audit.record(connection, now=now, staff_id=session.account.id, action="code_failed")
    if staff_sessions.count_wrong_code(connection, session.id) < most:
        return False
    staff_sessions.end_session(connection, session.id)
    return True


def leave(connection: sa.Connection, session: Session, *, everywhere: bool, now: datetime) -> None:
    """Sign out here, or everywhere."""
    if everywhere:
        staff.end_sessions(connection, session.account.id)
    else:
        staff_sessions.end_session(connection, session.id)
    if not staff_sessions.of_person(connection, session.account.id):
        # Nobody is assigned who is not there: open cases go back to the queue, and the citizens are told.
        staff.change(connection, session.account.id, presence=staff_desk.AWAY)
        desk.leave(connection, session.account.name, now)
    action = "sign_out_everywhere" if everywhere else "sign_out"
    audit.record(connection, now=now, staff_id=session.account.id, action=action)


def invite(
    connection: sa.Connection,
    *,
    email: str,
    name: str,
    role: str,
    token_digest: str,
    expires_at: datetime,
    by: int | None,
    now: datetime,
) -> int | None:
    """Add a person with an invitation; None if the address is taken."""
    staff_id = staff.add(connection, email=email, name=name, role=role, now=now)
    if staff_id is None:
        return None
    staff.invite(connection, staff_id, token_digest, expires_at)
    _audit(connection, by, staff_id, "staff_added", now, role=role)
    return staff_id


def reset(
    connection: sa.Connection,
    staff_id: int,
    *,
    token_digest: str,
    expires_at: datetime,
    by: int | None,
    now: datetime,
) -> None:
    """Take password and second factor away, sign the person out, and invite again."""
    staff.change(connection, staff_id, password=None, totp_secret=None, totp_confirmed_at=None)
    staff.set_recovery_codes(connection, staff_id, [])
    staff.end_sessions(connection, staff_id)
    staff.invite(connection, staff_id, token_digest, expires_at)
    _audit(connection, by, staff_id, "staff_reset", now)


def accept_invitation(
    connection: sa.Connection, *, invitation: str, staff_id: int, hashed: str, now: datetime
) -> bool:
    """Set the password that an invitation asks for; False if the invitation was used meanwhile."""
    if not staff.use_invitation(connection, invitation):
        return False
    staff.change(connection, staff_id, password=hashed, password_set_at=now)
    staff.end_sessions(connection, staff_id)
    _audit(connection, staff_id, staff_id, "invitation_accepted", now)
    return True


def disable(connection: sa.Connection, staff_id: int, *, by: int | None, now: datetime) -> None:
    """Shut a person out, at once and everywhere."""
    staff.change(connection, staff_id, disabled_at=now)
    staff.end_sessions(connection, staff_id)
    staff.forget_invitations(connection, staff_id)
    _audit(connection, by, staff_id, "staff_disabled", now)


def enable(connection: sa.Connection, staff_id: int, *, by: int | None, now: datetime) -> None:
    """Let a disabled person in again."""
    staff.change(connection, staff_id, disabled_at=None)
    _audit(connection, by, staff_id, "staff_enabled", now)


def set_role(
    connection: sa.Connection, staff_id: int, role: str, *, by: int | None, now: datetime
) -> None:
    """Give a person another role; the sessions with the old one end."""
    staff.change(connection, staff_id, role=role)
    staff.end_sessions(connection, staff_id)
    _audit(connection, by, staff_id, "staff_role", now, role=role)


def set_password(
    connection: sa.Connection, session: Session, *, hashed: str, token_digest: str, now: datetime
) -> None:
    """Change one's own password: every session ends, this browser gets a new one."""
    staff.change(connection, session.account.id, password=hashed, password_set_at=now)
    staff.end_sessions(connection, session.account.id)
    staff_sessions.open_session(
        connection, digest=token_digest, staff_id=session.account.id, stage=FULL, now=now
    )
    _audit(connection, session.account.id, session.account.id, "password_changed", now)


def set_presence(
    connection: sa.Connection, account: Account, presence: str, reason: str, now: datetime
) -> None:
    """Say whether one can be given conversations."""
    staff.change(connection, account.id, presence=presence, presence_reason=reason)
    _audit(connection, account.id, account.id, "presence", now, presence=presence)


def set_preferences(
    connection: sa.Connection, account: Account, preferences: dict[str, bool]
) -> None:
    """How one wants to be told of news: sound, notification, title."""
    staff.change(connection, account.id, preferences=json.dumps(preferences))


def prepare_second_factor(connection: sa.Connection, staff_id: int, secret: str) -> None:
    """Keep a secret that the phone has not confirmed yet: it protects nothing so far."""
    staff.change(connection, staff_id, totp_secret=secret, totp_confirmed_at=None, totp_last_step=0)


def confirm_second_factor(
    connection: sa.Connection,
    session: Session,
    *,
    step: int,
    recovery_digests: Sequence[str],
    token_digest: str,
    stage: str,
    now: datetime,
) -> bool:
    """The phone shows the right code: from now on it is asked for. Other sessions end. False for a used code."""
    if not staff.use_totp_step(connection, session.account.id, step):
        return False
    staff.change(connection, session.account.id, totp_confirmed_at=now)
    staff.set_recovery_codes(connection, session.account.id, recovery_digests)
    staff.end_sessions(connection, session.account.id)
    staff_sessions.open_session(
        connection, digest=token_digest, staff_id=session.account.id, stage=stage, now=now
    )
    _audit(connection, session.account.id, session.account.id, "second_factor_on", now)
    return True


def remove_second_factor(connection: sa.Connection, session: Session, now: datetime) -> None:
    """Sign-in needs the password only, from now on."""
    staff.change(connection, session.account.id, totp_secret=None, totp_confirmed_at=None)
    staff.set_recovery_codes(connection, session.account.id, [])
    staff.end_sessions(connection, session.account.id, but_session=session.id)
    _audit(connection, session.account.id, session.account.id, "second_factor_off", now)


def _audit(
    connection: sa.Connection,
    by: int | None,
    staff_id: int,
    action: str,
    now: datetime,
    **detail: str,
) -> None:
    audit.record(
        connection,
        now=now,
        staff_id=by,
        action=action,
        subject_kind="staff",
        subject_id=staff_id,
        detail=detail,
    )
