"""A visitor's browser: what the chat shows, what the page asks the network for, what it complains about."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Locator, Page

from bot.settings import PROJECT_ROOT
from tests.support.servers import eventually

CHROMIUM: Final = Path("/usr/bin/chromium")
ARTIFACTS: Final = PROJECT_ROOT / "artifacts"
ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
              "--disable-component-update", "--disable-sync"]  # fmt: skip
NOTE_VIOLATIONS: Final = (
    "window.violations = []; document.addEventListener('securitypolicyviolation', "
    "(event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));"
)
_FOCUSED: Final = (
    "() => { let e = document.activeElement; while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement; "
    "return e ? (e.getAttribute('aria-label') || e.textContent || e.tagName).trim() : ''; }"
)
"""Name or text of what has the focus, inside the chat's shadow root too."""


@dataclass
class Visit:
    """A page in a fresh browser profile, with all it asked for and complained about."""

    page: Page
    base: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def button(self, name: str) -> Locator:
        """A button of the page or of the chat."""
        return self.page.get_by_role("button", name=name)

    @property
    def messages(self) -> Locator:
        """Everything that was said, the greeting first."""
        return self.page.locator("sportello-chat .message")

    @property
    def answers(self) -> Locator:
        """What the office has said, the greeting first."""
        return self.page.locator("sportello-chat .message:not(.citizen)")

    @property
    def questions(self) -> Locator:
        """What the citizen has said."""
        return self.page.locator("sportello-chat .message.citizen")

    @property
    def field(self) -> Locator:
        """Where the citizen writes."""
        return self.page.locator("sportello-chat .composer :is(textarea, input)")

    async def open(self) -> None:
        """Open the chat and accept the notice."""
        await self.button("Apri la chat").click()
        await self.accept()

    async def accept(self) -> None:
        """Accept the notice."""
        await self.button("Ho capito, inizia").click()
        await self.field.wait_for()

    async def ask(self, question: str) -> None:
        """Write into the field and send."""
        await self.field.fill(question)
        await self.field.press("Enter")

    async def answered(self, count: int) -> str:
        """The newest answer, once the office has said ``count`` things (the greeting is one)."""
        await self.answers.nth(count - 1).wait_for()
        assert await self.answers.count() == count
        return await self.answers.last.inner_text()

    async def focused(self) -> str:
        """What has the focus."""
        return str(await self.page.evaluate(_FOCUSED))

    async def tab_to(self, name: str, *, backwards: bool = False) -> None:
        """Press Tab until something with this name has the focus."""
        seen = []
        for _ in range(40):
            await self.page.keyboard.press("Shift+Tab" if backwards else "Tab")
            seen.append(await self.focused())
            if name in seen[-1]:
                return
        raise AssertionError(f"Tab does not reach {name!r}: {seen}")

    async def assert_fits(self) -> None:
        """Nothing sticks out to the right, and the page does not scroll sideways."""
        wide = await self.page.evaluate(
            """() => {
              const all = (root) => [...root.querySelectorAll('*')].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
              return all(document.body).filter((e) => e.getBoundingClientRect().right > innerWidth + 1
                && !e.closest('pre')).map((e) => e.className || e.tagName);
            }"""
        )
        assert wide == []
        root = "document.documentElement"
        assert await self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0

    async def assert_clean(self) -> None:
        """No error, no violation of the policy, no request beyond our own server."""
        assert self.complaints == []
        assert await self.page.evaluate("window.violations") == []
        origins = {
            urlsplit(request.split(" ", 1)[1])._replace(path="", query="", fragment="").geturl()
            for request in self.requests
            if not request.split(" ", 1)[1].startswith(("blob:", "data:"))
        }
        assert origins <= {self.base, self.base.replace("http:", "ws:")}

    async def picture(self, name: str) -> None:
        """Keep what is on the screen as an artefact."""
        ARTIFACTS.mkdir(exist_ok=True)
        await self.page.screenshot(path=ARTIFACTS / f"{name}.png")


async def until(value: Any, expected: Any, seconds: float = 10.0) -> None:
    """Wait until an async reading gives what is expected."""

    async def look() -> bool:
        return bool(await value() == expected)

    await eventually(look, seconds)
