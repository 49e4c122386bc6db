"""The demonstration pages and the widget's files: readable without scripts, whole, made of our own files only (T33, T78)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import pytest
import pytest_asyncio

from bot.channels.web.assets import assets
from tests.support.servers import Client
from tests.support.shared import quickly_serving, settings_in

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

_NO_END = {"meta", "link", "img", "br", "input", "hr"}
_TYPES = {
    "/": "text/html",
    "/chat": "text/html",
    "/static/site.css": "text/css",
    "/static/icon.svg": "image/svg+xml",
    "/widget/sportello-chat.js": "text/javascript",
    "/widget/chat/window.js": "text/javascript",
}
_PAGES = ["/", "/chat"]


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
    """One server for all looks at the pages."""
    async with quickly_serving(settings_in(tmp_path_factory.mktemp("page")), assistant) as running:
        yield running


async def fetched(client: Client, path: str) -> Page:
    async with client.session.get(client.base + path) as response:
        assert response.status == 200
        return Page(await response.text())


@pytest.mark.parametrize(("path", "content_type"), _TYPES.items())
async def test_files_have_their_types(client: Client, path: str, content_type: str) -> None:
    async with client.session.get(client.base + path) as response:
        assert response.status == 200
        assert response.content_type == content_type
        assert response.charset == "utf-8"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Encoding"] == "gzip"
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        whole = await response.read()
    assert len(whole) > 100
    plain = {"Accept-Encoding": "identity"}
    async with client.session.get(client.base + path, headers=plain) as response:
        assert "Content-Encoding" not in response.headers
        assert await response.read() == whole


@pytest.mark.parametrize("path", _PAGES)
async def test_pages_are_italian_and_fit_a_phone(client: Client, path: str) -> None:
    page = await fetched(client, path)
    assert page.all("html") == [{"lang": "it"}]
    meta = {entry.get("name"): entry.get("content") for entry in page.all("meta")}
    assert "width=device-width" in str(meta["viewport"])
    assert "maximum-scale" not in str(meta["viewport"])
    assert "user-scalable" not in str(meta["viewport"])
    assert meta["robots"] == "noindex"
    assert [len(page.all(tag)) for tag in ("title", "h1", "main")] == [1, 1, 1]


async def test_contacts_and_statement_are_readable_without_scripts(client: Client) -> None:
    """T78: number, hours, the rule of the desk, accessibility feedback, what to do without the chat."""
    page = await fetched(client, "/")
    assert "800.88.33.11" in page.visible
    assert "Venerdì: 10.00-12.00" in page.visible
    assert "solo su appuntamento" in page.visible
    assert "Per usare la chat serve JavaScript" in page.visible
    assert "problema di accessibilità" in page.visible
    assert "tel:800883311" in [link.get("href") for link in page.all("a")]


async def test_the_page_shows_how_to_embed_the_chat(client: Client) -> None:
    page = await fetched(client, "/")
    assert "/widget/sportello-chat.js" in page.visible
    assert "<sportello-chat>" in page.visible


async def test_the_notice_names_what_happens_to_messages(client: Client) -> None:
    """T75"""
    async with client.session.get(client.base + "/chat/config") as response:
        config = await response.json()
    for promise in ("dati personali", "Conserviamo i messaggi", "Non usiamo cookie", "cancellare"):
        assert promise in config["notice"]["text"]
    assert set(config["greeting"]) == {"it", "en"}
    assert config["message_max_chars"] == 2_000


@pytest.mark.parametrize("path", _PAGES)
async def test_pages_load_nothing_from_elsewhere_and_run_nothing_inline(
    client: Client, path: str
) -> None:
    """T33: what the policy forbids is not even tried; every link leads somewhere."""
    page = await fetched(client, path)
    known = {*assets(), "/"}
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.elements:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert attributes.get(name) in (None, *ids)
        for name in ("src", "href", "action"):
            target = attributes.get(name) or ""
            assert not target or target.startswith(("#", "tel:")) or target in known, (tag, target)
            assert not target.startswith("#") or target[1:] in ids
    assert page.all("style") == []
    assert [script.get("src") for script in page.all("script")] == ["/widget/sportello-chat.js"]
    assert all("alt" in image for image in page.all("img"))


async def test_every_module_that_is_imported_is_served(client: Client) -> None:
    imported = {"/widget/sportello-chat.js"}
    looked_at: set[str] = set()
    while imported - looked_at:
        path = (imported - looked_at).pop()
        looked_at.add(path)
        async with client.session.get(client.base + path) as response:
            assert response.status == 200, path
            script = await response.text()
        folder = path.rsplit("/", 1)[0]
        imported |= {
            f"{folder}/{name.removeprefix('./')}" for name in re.findall(r'from "([^"]+)"', script)
        }
    assert looked_at == {path for path in assets() if path.startswith("/widget/")}


async def test_unchanged_files_are_not_sent_again(client: Client) -> None:
    path = client.base + "/widget/sportello-chat.js"
    async with client.session.get(path) as response:
        tag = response.headers["ETag"]
    for offered in (tag, f"W/{tag}"):
        async with client.session.get(path, headers={"If-None-Match": offered}) as response:
            assert (response.status, await response.read()) == (304, b"")
            assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["/static", "/static/", "/static/index.html", "/widget/", "/widget/tsconfig.json", "/widget/chat/types.d.ts",
     "/static/%2e%2e/app.py", "/widget/%2e%2e/%2e%2e/app.py"],
)  # fmt: skip
async def test_no_other_file_is_served(client: Client, path: str) -> None:
    async with client.session.get(client.base + path) as response:
        assert response.status == 404
