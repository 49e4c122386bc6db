"""The structured data of a web page: its ``application/ld+json`` scripts, with the line of each."""

from __future__ import annotations

from html.parser import HTMLParser


def linked_data(page: str) -> list[tuple[int, str]]:
    """(first line, text) of each JSON-LD script."""
    scripts = _Scripts()
    scripts.feed(page)
    scripts.close()
    return [(line, text) for line, text in scripts.found if text.strip()]


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = (dict(attrs).get("type") or "").partition(";")[0].strip().lower()
        if tag == "script" and kind == "application/ld+json":
            self._inside = True
            self.found.append((self.getpos()[0], ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            line, text = self.found[-1]
            if not text:
                line = self.getpos()[0]
            self.found[-1] = (line, text + data)
