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


class Repetition:
    """One repetition of a field."""

    __slots__ = ("_message", "text")

    def __init__(self, text: str, message: Message) -> None:
        self.text, self._message = text, message

    def said(self, component: int = 1, sub: int = 1) -> str | None:
        """A component: None where it is not there, '' where the message empties it."""
        text, marks = self.text, self._message.marks
        if text == _NULL:
            return "" if component == 1 else None
        for mark, n in ((marks.component, component), (marks.sub, sub)):
            parts = text.split(mark, n) if mark else [text]
            if n > len(parts):
                return None
            text = parts[n - 1]
        if text == _NULL:
            return ""
        return marks.unescaped(text, self._message.codec).strip() or None


class Segment:
    """A segment; `fields[n]` is field n as it stands, MSH-1 being the delimiter."""

    __slots__ = ("_message", "fields", "name")

    def __init__(self, line: str, message: Message) -> None:
        self._message = message
        self.fields = line.split(message.marks.field)
        self.name = self.fields[0]
        if self.name == "MSH":
            self.fields.insert(1, message.marks.field)

    def field(self, n: int) -> str:
        """Field n as it stands, '' where it is not there."""
        return self.fields[n] if n < len(self.fields) else ""

    def repeated(self, n: int) -> list[Repetition]:
        """The repetitions of a field that say something."""
        text, mark = self.field(n), self._message.marks.repetition
        return [Repetition(one, self._message) for one in (text.split(mark) if mark else [text]) if one]

    def said(self, n: int, component: int = 1, sub: int = 1) -> str | None:
        """A component of the first repetition of a field."""
        text = self.field(n)
        if not text:
            return None
        mark = self._message.marks.repetition
        return Repetition(text.split(mark, 1)[0] if mark else text, self._message).said(component, sub)

    def text(self, n: int, component: int = 1, sub: int = 1) -> str:
        """The same, '' where it is not there."""
        return self.said(n, component, sub) or ""


class Message:
    """A message that could be read."""

    __slots__ = ("codec", "guessed", "marks", "segments")

    def __init__(self, lines: list[str], marks: Delimiters, codec: str, *, guessed: bool) -> None:
        self.marks, self.codec, self.guessed = marks, codec, guessed
        self.segments = [Segment(line, self) for line in lines]

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
        return next((s for s in self.segments if s.name == name), Segment(name, self))

    def all(self, name: str) -> Iterator[Segment]:
        return (s for s in self.segments if s.name == name)

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


def parse(raw: bytes) -> Message:
    """The message in `raw`, without its frame. Raises NotRead."""
    raw = raw.removeprefix(BOM).strip(b"\r\n\t \0")
    if not raw.startswith(b"MSH") or len(raw) < 8:
        raise NotRead("no-header: a message begins with MSH and its delimiters")
    text, codec, guessed = decode(raw)
    bar = text[3]
    # Where carriage returns end the segments, a line feed is a character of a field, or follows one of them.
    lines = [line.strip("\n") for line in text.split("\r")] if "\r" in text else text.split("\n")
    marks = Delimiters(bar, lines[0][4:].split(bar, 1)[0])
    whole: list[str] = []
    for line in lines:
        if _SEGMENT.match(line) and (len(line) == 3 or line[3] == bar):
            whole.append(line)
        elif line.strip():  # a line break inside a text that nobody escaped
            whole[-1] += f"\n{line}"
    return Message(whole, marks, codec, guessed=guessed)
