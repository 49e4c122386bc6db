"""A member of staff in a real browser: signs in, looks, is checked by axe-core, leaves screenshots."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, Page

from bot.settings import PROJECT_ROOT
from tests.support.browser import NOTE_VIOLATIONS
from tests.support.console import PASSWORD

ARTIFACTS: Final = PROJECT_ROOT / "artifacts" / "console"
_AXE: Final = PROJECT_ROOT / "node_modules" / "axe-core" / "axe.min.js"
_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class StaffVisit:
    """A page of the console in a fresh profile, with what it complained about."""

    page: Page
    base: str
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    async def go(self, path: str) -> None:
        """Open a page of the console."""
        await self.page.goto(self.base + path)

    async def sign_in(self, role: str) -> None:
        """By keyboard, as a new user would."""
        await self.go("/console/")
        await self.page.get_by_label("Indirizzo e-mail").focus()
        await self.page.keyboard.type(f"{role}@urp.example.it")
        await self.page.keyboard.press("Tab")
        await self.page.keyboard.type(PASSWORD)
        await self.page.keyboard.press("Enter")
        await self.page.get_by_role("button", name="Esci", exact=True).wait_for()

    async def looks_right(self, name: str) -> None:
        """No violation that axe-core knows, none of the policy, no error; a screenshot for people."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)
        found = await self._axe()
        assert found == [], f"{name}: {found}"
        assert self.complaints == [], name
        assert await self.page.evaluate("window.violations") == [], name
        width = await self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{name} is {width} px wider than the screen"

    async def _axe(self) -> list[Any]:
        # Evaluated by the debugger, not by the page: the page's own policy stays as strict as it is.
        await self.page.evaluate(Path(_AXE).read_text(encoding="utf-8"))
        result = await self.page.evaluate("(tags) => axe.run(document, {runOnly: tags})", _TAGS)
        return [
            (violation["id"], [node["html"][:160] for node in violation["nodes"]][:3])
            for violation in result["violations"]
        ]


async def staff_visit(
    browser: Browser, base: str, *, width: int = 1280, height: int = 900
) -> StaffVisit:
    """A new profile of the browser."""
    context = await browser.new_context(locale="it-IT", viewport={"width": width, "height": height})
    context.set_default_timeout(20_000)
    page = await context.new_page()
    visit = StaffVisit(page, base, context)
    page.on("console", lambda said: _note(visit, said.type, said.text))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("dialog", lambda dialog: visit.complaints.append(f"dialog {dialog.message}"))
    await page.add_init_script(NOTE_VIOLATIONS)
    return visit


def _note(visit: StaffVisit, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        visit.complaints.append(f"{kind}: {text}")
