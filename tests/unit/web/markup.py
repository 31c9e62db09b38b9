# SPDX-License-Identifier: Apache-2.0
"""A page taken apart: its texts, and what a page must have so that everyone can use it."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "link", "input", "br", "img", "hr", "path", "rect", "circle", "line"}
SHOWN = ("title", "aria-label", "placeholder", "data-label", "alt")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.elements: list[tuple[str, dict[str, str], tuple[str, ...]]] = []
        self.words: dict[int, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.elements.append((tag, values, tuple(t for t, _ in self.stack)))
        if not self._quiet():
            self.texts += [values[name] for name in SHOWN if values.get(name)]
        if tag not in VOID:
            self.stack.append((tag, {**values, "#": str(len(self.elements) - 1)}))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.stack:
            if self.stack.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        for _, values in self.stack:
            number = int(values["#"])
            self.words[number] = self.words.get(number, "") + data
        if data.strip() and not self._quiet():
            self.texts.append(data.strip())

    def _quiet(self) -> bool:
        """What is no text for people of this page's language: code, the hospital's own cells, other languages."""
        return any(
            tag in ("code", "script", "style", "kbd")
            or "data" in values.get("class", "").split()
            or (tag != "html" and values.get("lang"))
            for tag, values in self.stack
        )


def _parsed(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    return page


def texts(html: str) -> list[str]:
    """What people read of a page, attributes that are read aloud included."""
    return _parsed(html).texts


def faults(html: str) -> list[str]:
    """What keeps someone from using the page, or what its content policy would refuse."""
    page = _parsed(html)
    found = []
    tags = [tag for tag, _, _ in page.elements]
    if tags.count("h1") != 1:
        found.append(f"{tags.count('h1')} first headings")
    levels = [int(tag[1]) for tag in tags if tag in ("h1", "h2", "h3", "h4")]
    found += [f"heading {b} after {a}" for a, b in pairwise(levels) if b > a + 1]
    ids = [values["id"] for _, values, _ in page.elements if values.get("id")]
    found += [f"id {name} twice" for name in set(ids) if ids.count(name) > 1]
    labels = {values.get("for") for tag, values, _ in page.elements if tag == "label"}
    for number, (tag, values, above) in enumerate(page.elements):
        named = values.get("aria-label") or values.get("title") or values.get("aria-labelledby")
        asks = tag in ("input", "select", "textarea") and values.get("type") not in ("hidden", "submit")
        if asks and values.get("id") not in labels and "label" not in above and not named:
            found.append(f"no label: {values.get('name')}")
        if tag in ("a", "button", "summary") and not (page.words.get(number, "").strip() or named):
            found.append(f"nothing to read on {tag} {values.get('href', '')}")
        if tag == "svg" and values.get("aria-hidden") != "true" and not (values.get("role") == "img" and named):
            found.append("a drawing without words")
        if tag == "th" and "scope" not in values:
            found.append("a head cell without scope")
        if "style" in values or tag == "style" or any(name.startswith("on") for name in values):
            found.append(f"inline style or script on {tag}")
        if tag == "script" and not values.get("src"):
            found.append("inline script")
        for name in ("href", "src", "action"):
            if "//" in values.get(name, "").partition("?")[0]:
                found.append(f"another host: {values[name]}")
    for wanted in ("html", "main", "title"):
        if wanted not in tags:
            found.append(f"no {wanted}")
    if not any(tag == "html" and values.get("lang") for tag, values, _ in page.elements):
        found.append("no language")
    return found
