"""A small SMTP server on loopback: takes mails, or refuses them as told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailServer:
    """What it received; ``answers`` are the replies to the next mails' bodies, "250 ok" when there are none."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        writer.write(b"220 prova ESMTP\r\n")
        try:
            while line := await reader.readline():
                verb = line.split(b":")[0].strip().upper()
                if verb.startswith(b"EHLO"):
                    writer.write(b"250-prova\r\n250 8BITMIME\r\n")
                elif verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    body = (await reader.readuntil(b"\r\n.\r\n"))[:-5]
                    writer.write(self._take(body.replace(b"\r\n..", b"\r\n.")))
                elif verb.startswith(b"QUIT"):
                    writer.write(b"221 bye\r\n")
                    return
                else:
                    if verb.startswith(b"RCPT"):
                        self.recipients.append(line.decode().split("<")[1].split(">")[0])
                    writer.write(b"250 ok\r\n")
        finally:
            await writer.drain()
            writer.close()

    def _take(self, body: bytes) -> bytes:
        answer = self.answers.pop(0) if self.answers else "250 ok"
        if answer.startswith("250"):
            mail = message_from_bytes(body, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
        return f"{answer}\r\n".encode()


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """The server on a free port of 127.0.0.1."""
    server = MailServer()
    listening = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
