# SPDX-License-Identifier: Apache-2.0
"""Cutting a stream of syslog into messages: octet counts (RFC 5425, RFC 6587) or lines.

    deframer = Deframer()
    for data in connection:
        for frame in deframer.feed(data):     # whole messages; what is none says so in `problem`
            ...
    last = deframer.close()                   # what was begun and never ended

The first byte of a stream says which of the two it is, and it stays so: a message that is quoted in another one never becomes a
message. A count is believed while what stands behind its message begins like a message too, or while the message ends like one
and holds no begin of another; else the count was a lie, and reading goes on at the next place that begins like a message.

A line ends a message, except within an audit message that stands on several lines: that ends with its closing tag, or where
the next message begins. However a sender lies, no more than the limit is held between two calls.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from wardkeep.watch.intake.limits import KEEP, RECORD

#: The count before a message, and the places where one begins.
COUNT = re.compile(rb"([1-9]\d{0,8}) (?=<)")
BEGINS = re.compile(rb"(?<!\d)[1-9]\d{0,8} <\d{1,3}>")
PRIORITY = re.compile(rb"<\d{1,3}>")
#: What stands behind a counted message: the count of another one, or as much of it as has come.
_FOLLOWS = re.compile(rb"[\r\n \t]*([1-9]\d{0,8}) (?=<)")
_BEGUN = re.compile(rb"[\r\n \t]*(?:[1-9]\d{0,8} ?)?")
_BETWEEN, _COUNTING = b"\r\n \t", b"0123456789"
_NOTHING = re.compile(rb"[\r\n \t]*+\Z")
#: How a message ends, with the byte behind it: a closed audit message, or the end of a line.
_ENDED = re.compile(rb"</(?:[\w.-]+:)?AuditMessage\s*>.\Z|[\r\n]\Z", re.DOTALL)
_DIGITS = re.compile(rb"(?<!\d)([1-9]\d{0,8})\Z")
#: More than the longest count with its space and priority, less one.
_TAIL = 15
#: An audit message opens; it closes, or the next message begins.
_OPENS = re.compile(rb"<\?xml\s|<(?:[\w.-]+:)?AuditMessage[\s>]")
_CLOSES = re.compile(rb"</(?:[\w.-]+:)?AuditMessage\s*>|\n(?=<\d{1,3}>)")

_new = tuple.__new__


class Framing(StrEnum):
    """How a sender says where a message ends."""

    COUNTED = "counted"
    LINES = "lines"


class Frame(NamedTuple):
    """A message without its count or line end; or bytes that are none, and why."""

    message: bytes
    #: Where its first byte stands in the stream.
    offset: int
    #: Its bytes in the stream; more than `message` holds where it was cut.
    size: int
    #: `code: sentence`, with no byte of the message in it; None where the frame is good.
    problem: str | None = None

    @property
    def truncated(self) -> bool:
        return self.size > len(self.message)


class Deframer:
    """One direction of one connection, or one file.

    eager: a counted message is given as soon as its last byte came, as a connection needs it; else when what follows it was
    seen, so that the cut of a lying stream too depends on the bytes alone. Lines wait for their end either way.

    bare: counted messages come without their bytes, for who only wants to know where they stand.
    """

    def __init__(
        self, framing: Framing | None = None, *, longest: int = RECORD, eager: bool = True, bare: bool = False
    ) -> None:
        self.framing = framing
        self._bare = bare
        self._longest = longest
        self._eager = eager
        self._held = bytearray()
        #: Stream offset of the first byte held.
        self._offset = 0
        #: Whether the byte before it is a digit.
        self._digit = False
        #: How far the bytes held were searched: for a line's end, or for the end of an open audit message.
        self._seen = 0
        self._inside = False
        #: Bytes that are no message: why, where they begin, how many they are, and the first of them.
        self._lost: str | None = None
        self._lost_at = self._lost_size = 0
        self._kept = bytearray()

    @property
    def overlong(self) -> bool:
        """Whether what grows is over the limit: its bytes are counted and let go, its frame comes when it ends."""
        return self._lost is not None and self._lost_size > self._longest

    @property
    def waiting(self) -> int:
        """Bytes that are held for the next call."""
        return len(self._held) + len(self._kept)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole with `data`, in their order."""
        return self._cut(data, final=False)

    def close(self) -> list[Frame]:
        """The stream is over: what is left of it, with why that is no message where it is none."""
        found = self._cut(b"", final=True)
        if self._lost is not None:
            self._give(found)
        return found

    def _cut(self, data: bytes, *, final: bool) -> list[Frame]:
        self._held += data
        found: list[Frame] = []
        if self.framing is None:
            begin = self._held.lstrip(_BETWEEN)
            if COUNT.match(begin):
                self.framing = Framing.COUNTED
            elif _BEGUN.fullmatch(begin) and not final:
                return found
            else:
                self.framing = Framing.LINES
            self._let(len(self._held) - len(begin))
        cut = self._counted if self.framing is Framing.COUNTED else self._lines
        self._let(cut(found, final))
        return found

    def _let(self, count: int) -> None:
        """Let go what was taken of the bytes held."""
        if count:
            self._digit = 48 <= self._held[count - 1] <= 57
        del self._held[:count]
        self._offset += count

    # -- octet counts --------------------------------------------------------------------------------------------------

    def _counted(self, found: list[Frame], final: bool) -> int:
        """Take the counted messages; how many bytes were taken."""
        held, at, size, offset, bare = self._held, 0, len(self._held), self._offset, self._bare
        longest = self._longest
        while at < size:
            if self._lost is not None:
                at = self._resume(found, at, final)
                if self._lost is not None:
                    break
            while at < size and held[at] in _BETWEEN:
                at += 1
            told = COUNT.match(held, at)
            if told is None:
                if at == size or (not final and _BEGUN.fullmatch(held, at)):
                    break
                at = self._begin(at, "no-count: {size} bytes stand where the length of a message is due")
                continue
            while True:  # nearly always one message leads to the next
                start, length = told.end(), int(told[1])
                end = start + length
                if end >= size or length > longest or held[end - 1] in _COUNTING:
                    break
                told = _FOLLOWS.match(held, end)
                if told is None:
                    break
                found.append(_new(Frame, (b"" if bare else bytes(held[start:end]), offset + start, length, None)))
                at = told.start(1)
            problem = self._doubt(end, length, final)
            if problem is None:
                break
            if problem:
                at = self._begin(at, problem)
            else:
                at = end
                found.append(Frame(bytes(held[start:at]), self._offset + start, length))
        return at

    def _doubt(self, end: int, length: int, final: bool) -> str | None:
        """Why a count is not believed; empty where it is, None where more bytes must come first."""
        held, size = self._held, len(self._held)
        if length > self._longest:
            return f"too-long: a message of {length} bytes, more than {self._longest}; {{size}} read"
        if end > size:
            return f"cut: a message of {length} bytes ends after {{size}} with its count" if final else None
        if _FOLLOWS.match(held, end):
            return self._swallowed(end, length, final)
        if _BEGUN.fullmatch(held, end):
            return "" if self._eager or final else None
        if _ENDED.search(held, max(end - length, end - 32), end + 1) and BEGINS.search(held, end - length, end) is None:
            return ""  # it ends like a message and holds no other: what is damaged is what follows
        return f"count: {length} bytes are told, but no message begins behind them; {{size}} read"

    def _swallowed(self, end: int, length: int, final: bool) -> str | None:
        """As `_doubt`, where the message ends in digits: they may be the begin of the next count.

        Of the two counts that is the true one behind whose message another begins.
        """
        held = self._held
        digits = _DIGITS.search(held, max(end - length, end - 12), end)
        near, far = COUNT.match(held, end), COUNT.match(held, digits.start(1)) if digits else None
        if self._eager or near is None or far is None or int(far[1]) > self._longest:
            return ""
        ends = [told.end() + int(told[1]) for told in (near, far) if int(told[1]) <= self._longest]
        if not final and max(ends) + _TAIL > len(held):
            return None
        behind = [_FOLLOWS.match(held, at) is not None or _NOTHING.match(held, at) is not None for at in ends]
        if behind in ([True], [False, True]):
            return f"count: {length} bytes are told, but the next message begins within them; {{size}} read"
        return ""

    def _resume(self, found: list[Frame], at: int, final: bool) -> int:
        """Look for the next message, behind what is none; where it begins, or how far was looked."""
        held, size = self._held, len(self._held)
        match = BEGINS.search(held, at)
        if match and match.start() == 0 and self._digit:
            match = BEGINS.search(held, match.end())
        stop = match.start() if match else max(at, size if final else size - _TAIL)
        self._lose(held[at:stop])
        if match:
            self._give(found)
        return stop

    def _begin(self, at: int, problem: str) -> int:
        """What begins here is no message; where to look for the next."""
        self._lost, self._lost_at, self._lost_size = problem, self._offset + at, 0
        digits = at
        while digits < len(self._held) and 48 <= self._held[digits] <= 57:
            digits += 1
        stop = max(at + 1, digits)
        self._lose(self._held[at:stop])
        return stop

    def _lose(self, part: bytearray) -> None:
        self._lost_size += len(part)
        self._kept += part[: max(0, (KEEP if self._lost_size > self._longest else self._longest) - len(self._kept))]
        if self._lost_size > self._longest:
            del self._kept[KEEP:]

    def _give(self, found: list[Frame]) -> None:
        """What was no message is over."""
        problem = (self._lost or "").format(size=self._lost_size)
        found.append(Frame(bytes(self._kept), self._lost_at, self._lost_size, problem))
        self._lost, self._kept = None, bytearray()

    # -- lines ---------------------------------------------------------------------------------------------------------

    def _lines(self, found: list[Frame], final: bool) -> int:
        """Take the messages that lines end; how many bytes were taken."""
        held, at, size, seen = self._held, 0, len(self._held), self._seen
        self._seen = 0
        while at < size:
            if self._inside:
                closed = _CLOSES.search(held, max(at, seen))
                if closed is None:
                    seen = max(at, size - 256)  # a closing tag may have come in part
                    end = size if final else -1
                elif closed[0] == b"\n":
                    end = closed.start()
                else:
                    end = held.find(b"\n", closed.end())
                    end = size if end < 0 and final else end
                    seen = closed.start()
            else:
                end = held.find(b"\n", max(at, seen))
                seen = size
                end = size if end < 0 and final else end
            if (size if end < 0 else end) - at > self._longest and self._lost is None:
                # Whatever it is, it ends with the line in which the limit lies.
                self._lost = f"too-long: a message of {{size}} bytes, more than {self._longest}"
                self._lost_at, self._lost_size = self._offset + at, 0
                self._lose(held[at : at + self._longest])
                at = seen = at + self._longest
                self._inside = False
                continue
            if end < 0:
                break
            if self._lost is not None:
                self._lose(held[at:end])
                self._give(found)
            elif not self._inside and end < size and self._opened(at, end):
                self._inside, seen = True, end
                continue
            else:
                self._line(found, at, end)
            at = seen = end + 1
            self._inside = False
        at = min(at, size)
        if self._lost is not None:
            self._lose(held[at:])
            return size
        self._seen = max(0, seen - at)
        return at

    def _opened(self, at: int, end: int) -> bool:
        """Whether an audit message opens in this line and does not close in it."""
        line = self._held[at:end]
        if line.rstrip().endswith(b"AuditMessage>"):
            return _OPENS.search(line) is not None and not _CLOSES.search(line)
        return (b"AuditMessage" in line or b"<?xml" in line) and bool(_OPENS.search(line)) and not _CLOSES.search(line)

    def _line(self, found: list[Frame], at: int, end: int) -> None:
        message = bytes(self._held[at:end])
        if message.endswith(b"\r"):
            message = message[:-1]
        if not message or message.isspace():
            return
        found.append(Frame(message, self._offset + at, len(message)))
