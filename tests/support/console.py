"""A member of staff at a plain HTTP client: signs in as a browser would, keeps cookies, sends the tokens of forms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import sqlalchemy as sa

from bot.clock import Clock
from bot.console import accounts
from bot.console.passwords import _HASHER
from bot.console.sessions import digest
from bot.storage.database import Database
from bot.storage.tables import metadata

PASSWORD: Final = "gatto verde sul tetto alto"
PASSWORD_HASH: Final = _HASHER.hash(PASSWORD)
_TOKEN: Final = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class MovableClock(Clock):
    """A clock that tests move by hand."""

    def __init__(self, now: datetime | None = None) -> None:
        self.moment = now or datetime(2026, 11, 24, 9, 0, tzinfo=timezone.utc)

    def utc(self) -> datetime:
        """What the test says."""
        return self.moment

    def pass_by(self, **time: float) -> None:
        """Let time go on."""
        self.moment += timedelta(**time)


async def add_person(
    database: Database,
    role: str,
    *,
    name: str = "",
    email: str = "",
    now: datetime | None = None,
    hashed: str = PASSWORD_HASH,
) -> int:
    """An account with a password, made as an accepted invitation makes it."""
    now = now or datetime(2026, 11, 24, 9, 0, tzinfo=timezone.utc)
    token = digest(f"invitation of {email or role}")
    staff_id = await database.write(
        accounts.invite,
        email=email or f"{role}@urp.example.it",
        name=name or f"{role.capitalize()} Prova",
        role=role,
        token_digest=token,
        expires_at=now + timedelta(hours=1),
        by=None,
        now=now,
    )
    assert staff_id is not None
    accepted = await database.write(
        accounts.accept_invitation, invitation=token, staff_id=staff_id, hashed=hashed, now=now
    )
    assert accepted
    return staff_id


async def everything_stored(database: Database, *, but: set[str]) -> dict[str, list[Any]]:
    """All rows of all tables, by table, to see that nothing has changed."""

    def unit(connection: sa.Connection) -> dict[str, list[Any]]:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in metadata.sorted_tables
            if table.name not in but
        }

    return await database.read(unit)


@dataclass
class Answer:
    """What came back."""

    status: int
    text: str
    headers: Any
    path: str


@dataclass
class Browser:
    """A browser of the console; ``cookies`` may be read and changed by tests."""

    base: str
    session: aiohttp.ClientSession
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    @property
    def origin(self) -> str:
        """What it sends as Origin."""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}"

    async def get(self, path: str, **headers: str) -> Answer:
        """Open a page, following redirects inside the console."""
        answer = await self.request(
            "GET", path, headers={"Sec-Fetch-Site": "same-origin", **headers}
        )
        return await self._followed(answer)

    async def post(self, path: str, data: dict[str, str] | None = None, **headers: str) -> Answer:
        """Send a form with the token of the page that was opened last, following redirects."""
        answer = await self.submit(path, {"csrf": self.token, **(data or {})}, headers)
        return await self._followed(answer)

    async def submit(self, path: str, data: Any, headers: dict[str, str] | None = None) -> Answer:
        """Send exactly these fields; redirects are not followed."""
        sent = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        return await self.request("POST", path, data=data, headers=sent)

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        """One request with the cookies of this browser."""
        headers = dict(options.pop("headers", {}))
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with self.session.request(
            method, self.base + path, headers=headers, allow_redirects=False, **options
        ) as response:
            text = await response.text()
            for name, morsel in response.cookies.items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
            found = _TOKEN.search(text)
            if found:
                self.token = found[1]
            return Answer(response.status, text, response.headers, path)

    async def sign_in(self, email: str, password: str = PASSWORD) -> Answer:
        """Open the sign-in page and send it."""
        await self.get("/console/accesso")
        return await self.post("/console/accesso/entra", {"email": email, "password": password})

    async def _followed(self, answer: Answer) -> Answer:
        for _ in range(5):
            if answer.status not in (302, 303):
                return answer
            answer = await self.request("GET", answer.headers["Location"])
        raise AssertionError("redirected in a circle")
