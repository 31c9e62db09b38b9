# SPDX-License-Identifier: Apache-2.0
"""A message: its delimiters, segments and fields. Fields are divided when they are asked for.

    message = parse(raw)                          # raises NotRead
    message.first("PID").said(3)                  # the first component of the first repetition of PID-3
    [x.said(1) for x in message.first("PID").repeated(5)]

`said` tells what is absent (None) from what is emptied on purpose (`""` in the message, '' here).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from wardkeep.watch.hl7.charset import BOM, decode
from wardkeep.watch.hl7.errors import NotRead

_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_ESCAPES = {".br": "\n", ".sp": "\n", "H": "", "N": "", ".fi": "", ".nf": "", ".ce": "\n"}
_HEX = re.compile(r"X(?:[0-9A-Fa-f]{2})+")
_NULL = '""'
_SIGNS = frozenset("!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


class Delimiters:
    """The five characters of MSH-1 and MSH-2; '' for one that the message does not have."""

    __slots__ = ("_after", "_before", "component", "escape", "field", "repetition", "sub")

    def __init__(self, field: str, encoding: str) -> None:
        """Raises NotRead."""
        marks = field + encoding
        if not 1 <= len(encoding) <= 5 or len(set(marks)) < len(marks) or any(m not in _SIGNS for m in marks):
            raise NotRead("delimiters: MSH-1 and MSH-2 are not two to six different signs")
        self.field = field
        self.component, self.repetition, self.escape, self.sub = [*encoding, "", "", ""][:4]
        named = {"F": field, "S": self.component, "T": self.sub, "R": self.repetition, "E": self.escape}
        self._before: dict[str, str] = _ESCAPES | {name: mark for name, mark in named.items() if mark}
        marked = {mark: f"{self.escape}{name}{self.escape}" for name, mark in named.items() if mark}
        self._after = str.maketrans(marked | {c: f"{self.escape}X{ord(c):02X}{self.escape}" for c in "\r\n\v\x1c"})

    def unescaped(self, text: str, codec: str = "utf-8") -> str:
        """The text without escapes; one that is none, or that we do not know, stays as it is."""
        mark = self.escape
        if not mark or mark not in text:
            return text
        parts = text.split(mark)
        out, at = [parts[0]], 1
        while at < len(parts):
            found = self._meant(parts[at], codec) if at + 1 < len(parts) else None
            if found is None:
                out.append(mark + parts[at])
                at += 1
            else:
                out.append(found + parts[at + 1])
                at += 2
        return "".join(out)

    def escaped(self, text: str) -> str:
        """The text as it may stand in a field."""
        return text.translate(self._after) if self.escape else text

    def _meant(self, code: str, codec: str) -> str | None:
        if (known := self._before.get(code)) is not None:
            return known
        if _HEX.fullmatch(code):
            try:
                return bytes.fromhex(code[1:]).decode(codec)
            except UnicodeDecodeError:
                return None
        return "\n" * int(code[3:] or 1) if re.fullmatch(r"\.sp\+?\d{1,2}", code) else None


def _part(text: str, marks: Delimiters, codec: str, component: int, sub: int) -> str | None:
    """A component of one repetition: None where it is not there, '' where the message empties it."""
    if not text or text == _NULL:
        return "" if text and component == 1 else None
    for mark, n in ((marks.component, component), (marks.sub, sub)):
        if mark and mark in text:
            parts = text.split(mark, n)
            if n > len(parts):
                return None
            text = parts[n - 1]
        elif n > 1:
            return None
    if text == _NULL:
        return ""
    if marks.escape and marks.escape in text:
        text = marks.unescaped(text, codec)
    return text.strip() or None


class Repetition:
    """One repetition of a field."""

    __slots__ = ("_message", "text")

    def __init__(self, text: str, message: Message) -> None:
        self.text, self._message = text, message

    def said(self, component: int = 1, sub: int = 1) -> str | None:
        """A component: None where it is not there, '' where the message empties it."""
        return _part(self.text, self._message.marks, self._message.codec, component, sub)


class Segment:
    """A segment; field n of MSH counts the delimiter itself as MSH-1."""

    __slots__ = ("_fields", "_line", "_message", "name")

    def __init__(self, line: str, message: Message) -> None:
        self._message, self._line = message, line
        self.name = line[:3]
        self._fields: list[str] | None = None

    @property
    def fields(self) -> list[str]:
        """`fields[n]` is field n as it stands; divided when it is first asked for."""
        if self._fields is None:
            self._fields = self._line.split(self._message.marks.field)
            if self.name == "MSH":
                self._fields.insert(1, self._message.marks.field)
        return self._fields

    def field(self, n: int) -> str:
        """Field n as it stands, '' where it is not there."""
        fields = self._fields or self.fields
        return fields[n] if n < len(fields) else ""

    def repeated(self, n: int) -> list[Repetition]:
        """The repetitions of a field that say something."""
        text, mark = self.field(n), self._message.marks.repetition
        if not text:
            return []
        return [Repetition(one, self._message) for one in (text.split(mark) if mark else [text]) if one]

    def said(self, n: int, component: int = 1, sub: int = 1) -> str | None:
        """A component of the first repetition of a field."""
        fields = self._fields or self.fields
        if n >= len(fields) or not (text := fields[n]):
            return None
        message = self._message
        if message.marks.repetition and message.marks.repetition in text:
            text = text.split(message.marks.repetition, 1)[0]
        return _part(text, message.marks, message.codec, component, sub)

    def text(self, n: int, component: int = 1, sub: int = 1) -> str:
        """The same, '' where it is not there."""
        return self.said(n, component, sub) or ""


class Message:
    """A message that could be read."""

    __slots__ = ("_firsts", "codec", "guessed", "marks", "segments")

    def __init__(self, lines: list[str], marks: Delimiters, codec: str, *, guessed: bool) -> None:
        self.marks, self.codec, self.guessed = marks, codec, guessed
        self.segments = [Segment(line, self) for line in lines]
        self._firsts = {segment.name: segment for segment in reversed(self.segments)}

    @property
    def header(self) -> Segment:
        return self.segments[0]

    @property
    def type(self) -> str:
        return self.header.text(9)

    @property
    def trigger(self) -> str:
        """The event; where MSH-9 names the type alone, EVN-1 may."""
        return self.header.text(9, 2) or self.first("EVN").text(1)

    def first(self, name: str) -> Segment:
        """The first segment of that name; an empty one where there is none."""
        return self._firsts.get(name) or Segment(name, self)

    def all(self, name: str) -> list[Segment]:
        return [s for s in self.segments if s.name == name] if name in self._firsts else []

    def groups(self, name: str) -> Iterator[list[Segment]]:
        """The segments from each one of that name to the next."""
        group: list[Segment] = []
        for segment in self.segments:
            if segment.name == name:
                if group:
                    yield group
                group = [segment]
            elif group:
                group.append(segment)
        if group:
            yield group


@lru_cache(maxsize=64)
def _delimiters(field: str, encoding: str) -> Delimiters:
    """The delimiters of a header; senders have few."""
    return Delimiters(field, encoding)


def parse(raw: bytes) -> Message:
    """The message in `raw`, without its frame. Raises NotRead."""
    raw = raw.removeprefix(BOM).strip(b"\r\n\t \0")
    if not raw.startswith(b"MSH") or len(raw) < 8:
        raise NotRead("no-header: a message begins with MSH and its delimiters")
    text, codec, guessed = decode(raw)
    bar = text[3]
    # Where carriage returns end the segments, a line feed is a character of a field, or follows one of them.
    lines = [line.strip("\n") for line in text.split("\r")] if "\r" in text else text.split("\n")
    marks = _delimiters(bar, lines[0][4:].split(bar, 1)[0])
    whole: list[str] = []
    for line in lines:
        if _SEGMENT.match(line) and (len(line) == 3 or line[3] == bar):
            whole.append(line)
        elif line.strip():  # a line break inside a text that nobody escaped
            whole[-1] += f"\n{line}"
    return Message(whole, marks, codec, guessed=guessed)
