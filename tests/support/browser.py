"""A visitor's browser: what the page shows, what it asks the network for, what it complains about."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import Page

from tests.support.servers import eventually

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
              "--disable-component-update", "--disable-sync"]  # fmt: skip
NOTE_VIOLATIONS: Final = (
    "window.violations = []; document.addEventListener('securitypolicyviolation', "
    "(event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));"
)


@dataclass
class Visit:
    """A page in a fresh browser profile, with all it asked for and complained about."""

    page: Page
    base: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def posts(self) -> list[str]:
        """Messages that were sent."""
        return [request for request in self.requests if request.startswith("POST")]

    async def assert_clean(self) -> None:
        """No error, no violation of the policy, no request beyond our own server."""
        assert self.complaints == []
        assert await self.page.evaluate("window.violations") == []
        origins = {
            urlsplit(r.split(" ", 1)[1])._replace(path="", query="").geturl() for r in self.requests
        }
        assert origins == {self.base}

    async def answers(self) -> list[str]:
        """What the assistant has said, the greeting first."""
        return await self.page.locator("#log .message-assistant").all_inner_texts()

    async def answered(self, count: int) -> str:
        """The newest answer, once there are ``count`` of them."""

        async def enough() -> list[str] | None:
            said = await self.answers()
            return said if len(said) >= count else None

        said: list[str] = await eventually(enough, 15)
        assert len(said) == count
        return said[-1]

    async def ask(self, question: str) -> None:
        """Type into the field that has the focus, and send."""
        await self.page.keyboard.type(question)
        await self.page.keyboard.press("Enter")

    async def accept(self) -> None:
        """Accept the notice; the question field has the focus afterwards."""
        await self.page.locator("#accept").click()
        assert await self.focused() == "question"

    async def focused(self) -> str:
        """Id of the element that has the focus."""
        return str(await self.page.evaluate("document.activeElement.id"))
