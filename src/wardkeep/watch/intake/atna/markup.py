# SPDX-License-Identifier: Apache-2.0
"""XML of strangers to elements. No document type, so no entity, no bomb and no other file; no network; bounded depth.

The parser is expat: a message is small, and what matters is what it costs to begin one. Names lose their prefix. A declaration
that names an encoding is believed, except UTF-16 over bytes that are none: some programs write it over UTF-8.
"""

from __future__ import annotations

import codecs
import re
from xml.parsers import expat

#: Elements in elements. An audit message has three.
DEEPEST = 30
_DECLARED = re.compile(rb"\s*<\?xml(\s[^>]*?)\?>")
_ENCODING = re.compile(rb"""\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
#: Encodings that are no more than ASCII with something above it, or wide ones that mark themselves.
_KNOWN = frozenset(
    {
        "utf-8", "ascii", "gb18030", "gbk", "gb2312", "big5", "iso8859-1", "iso8859-15", "cp1252", "utf-16", "utf-16-le",
        "utf-16-be",
    }
)  # fmt: skip


class BadXml(ValueError):
    """Why the bytes are no document; never with a value of them."""


class Element:
    """An element: its attributes, the elements and the text in it."""

    __slots__ = ("attributes", "children", "name", "texts")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        #: Pieces, put together once: each mark within a text ends one.
        self.texts: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def all(self, name: str) -> list[Element]:
        """The elements of that name."""
        return [child for child in self.children if child.name == name]

    def get(self, name: str) -> str | None:
        """An attribute that says something."""
        return self.attributes.get(name) or None


class _Builder:
    def __init__(self) -> None:
        self.top = Element("", {})
        self._open = [self.top]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > DEEPEST:
            raise BadXml(f"too-deep: more than {DEEPEST} elements in each other")
        found = Element(name.rpartition(":")[2], attributes)
        self._open[-1].children.append(found)
        self._open.append(found)

    def end(self, name: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].texts.append(data)

    def refuse(self, *_: object) -> None:
        raise BadXml("document-type: the message declares a document type or an entity, which is refused unread")


def document(data: bytes) -> Element:
    """The root of the document. Raises BadXml."""
    text = _readable(data)
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = builder.refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as exc:
        problem = expat.errors.messages.get(exc.code, "no document")
        raise BadXml(f"not-xml: {problem} (line {exc.lineno}, column {exc.offset + 1} of the message)") from None
    return builder.top.children[0]


def _readable(data: bytes) -> bytes | str:
    """The document without its declaration: as UTF-8, or decoded as the declaration says."""
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decoded(data, "utf-16")
    declared = _DECLARED.match(data)
    if declared is None:
        return data
    body = data[declared.end() :]
    named = _ENCODING.search(declared[1])
    if named is None:
        return body
    try:
        codec = codecs.lookup(named[1].decode()).name
    except LookupError:
        codec = ""
    if codec not in _KNOWN:
        raise BadXml("bad-encoding: the declaration names an encoding that is not read")
    if codec in ("utf-8", "ascii") or codec.startswith("utf-16"):  # not wide, or the declaration could not be read
        return body
    return _decoded(body, "gb18030" if codec in ("gbk", "gb2312") else codec)


def _decoded(data: bytes, codec: str) -> str:
    try:
        return _DECLARED_TEXT.sub("", data.decode(codec), count=1)
    except UnicodeDecodeError as exc:
        raise BadXml(f"bad-encoding: byte {exc.start + 1} of the message is not {codec}") from None


_DECLARED_TEXT = re.compile(r"\A\s*<\?xml\s[^>]*?\?>")


def code_of(element: Element) -> str | None:
    """The code, in either dialect."""
    return element.get("csd-code") or element.get("code")


def said_of(element: Element) -> str | None:
    """What the code is called."""
    return element.get("originalText") or element.get("displayName")
