"""The demonstration page: readable without scripts, whole, and made of our own files only (T33, T78)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import pytest
import pytest_asyncio

from bot.limits import MESSAGE_MAX_CHARS
from tests.support.servers import Client
from tests.support.shared import quickly_serving, settings_in

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

_NO_END = {"meta", "link", "img", "br", "input", "hr"}
_FILES = {
    "/": "text/html",
    "/static/chat.js": "text/javascript",
    "/static/chat.css": "text/css",
    "/static/icon.svg": "image/svg+xml",
}


class Page(HTMLParser):
    """Elements with their attributes, and the text that is visible when no script runs."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, bool]] = []
        self._texts: list[str] = []
        self.feed(source)
        assert self._open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _NO_END:
            hidden = tag in ("script", "style", "head") or "hidden" in dict(attrs)
            self._open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if not any(hidden for _, hidden in self._open):
            self._texts.append(data)

    @property
    def visible(self) -> str:
        """What a person without scripts reads."""
        return " ".join(" ".join(self._texts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(assistant: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """One server for all looks at the page."""
    async with quickly_serving(settings_in(tmp_path_factory.mktemp("page")), assistant) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(client: Client) -> Page:
    async with client.session.get(client.base + "/") as response:
        assert response.status == 200
        return Page(await response.text())


@pytest.mark.parametrize(("path", "content_type"), _FILES.items())
async def test_files_have_their_types(client: Client, path: str, content_type: str) -> None:
    async with client.session.get(client.base + path) as response:
        assert response.status == 200
        assert response.content_type == content_type
        assert response.charset == "utf-8"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        whole = await response.read()
    assert len(whole) > 100
    async with client.session.head(client.base + path) as response:
        assert (response.status, response.content_length) == (200, len(whole))


async def test_page_is_italian_and_fits_a_phone(page: Page) -> None:
    assert page.all("html") == [{"lang": "it"}]
    meta = {entry.get("name"): entry.get("content") for entry in page.all("meta")}
    assert "width=device-width" in str(meta["viewport"])
    assert "maximum-scale" not in str(meta["viewport"])
    assert "user-scalable" not in str(meta["viewport"])
    assert meta["robots"] == "noindex"
    assert [len(page.all(tag)) for tag in ("title", "h1", "main")] == [1, 1, 1]


async def test_contacts_are_readable_without_scripts(page: Page) -> None:
    """T78: number, hours and the rule of the desk; what needs a script is hidden until it runs."""
    assert "800.88.33.11" in page.visible
    assert "Venerdì: 10.00-12.00" in page.visible
    assert "solo su appuntamento" in page.visible
    assert "Per usare la chat serve JavaScript" in page.visible
    assert "Ho capito" not in page.visible
    assert {"href": "tel:800883311"}.items() <= page.all("a")[-1].items()


async def test_notice_names_what_happens_to_messages(client: Client, page: Page) -> None:
    """T75: it is part of the page, before the first message."""
    async with client.session.get(client.base + "/") as response:
        source = await response.text()
    notice = source[source.index('id="notice"') : source.index('id="accept"')]
    for promise in ("Non scrivere dati personali", "Conserviamo i messaggi", "Non usiamo cookie"):
        assert promise in notice


async def test_page_names_everything_for_screen_readers(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert attributes.get(name) in (None, *ids)
    assert all("alt" in image for image in page.all("img"))
    logs = [attributes for _, attributes in page.elements if attributes.get("role") == "log"]
    assert [log["id"] for log in logs] == ["log"]
    assert [area["maxlength"] for area in page.all("textarea")] == [str(MESSAGE_MAX_CHARS)]


async def test_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(page: Page) -> None:
    """T33: what the policy forbids is not even tried."""
    for tag, attributes in page.elements:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "action"):
            target = attributes.get(name) or ""
            assert target == "" or target.startswith(("/static/", "#", "tel:")), (tag, target)
            assert not target.startswith("/static/") or target in _FILES
    assert page.all("style") == []
    assert [script.get("src") for script in page.all("script")] == ["/static/chat.js"]


async def test_script_puts_texts_in_as_text(client: Client) -> None:
    """T45: no way to turn an answer into markup or code, and no address of another site."""
    async with client.session.get(client.base + "/static/chat.js") as response:
        script = await response.text()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                      "new Function", "localStorage", "document.cookie"):  # fmt: skip
        assert forbidden not in script
    assert not re.search(r"[\"'`](?:https?:)?//", script)


async def test_unchanged_files_are_not_sent_again(client: Client) -> None:
    async with client.session.get(client.base + "/static/chat.js") as response:
        tag = response.headers["ETag"]
    headers = {"If-None-Match": tag}
    async with client.session.get(client.base + "/static/chat.js", headers=headers) as response:
        assert (response.status, await response.read()) == (304, b"")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["/static", "/static/", "/static/index.html", "/static/chat.js/", "/static/%2e%2e/app.py"],
)
async def test_no_other_file_is_served(client: Client, path: str) -> None:
    async with client.session.get(client.base + path) as response:
        assert response.status == 404
