# SPDX-License-Identifier: Apache-2.0
"""Physical lines of a stream, as bytes, in the encodings whose line end is one byte and in UTF-16.

In UTF-8, GB18030, Big5, Shift-JIS and the 8-bit encodings the byte 0A is always a line end. In UTF-16 it is one only together
with a zero byte, and a lost byte shifts everything behind it: there the lines are found again at the next line end that stands
at the other alignment.
"""

from __future__ import annotations

from dataclasses import dataclass

_WIDE = {"utf-16-le": b"\n\x00", "utf-16-be": b"\x00\n"}


@dataclass(frozen=True, slots=True)
class Lines:
    """How lines end; `end` is one byte, or two in UTF-16."""

    end: bytes = b"\n"

    @classmethod
    def of(cls, codec: str) -> Lines:
        """The lines of an encoding."""
        return cls(_WIDE.get(codec, b"\n"))

    @property
    def wide(self) -> bool:
        return len(self.end) == 2

    def split(self, data: bytes) -> list[bytes]:
        """All lines without their ends; a last one that has no end counts where it is not empty."""
        found = self._wide(data) if self.wide else data.split(b"\n")
        if found and not found[-1]:
            found.pop()
        return found

    def count(self, data: bytes, size: int | None = None) -> int:
        """How many lines `split` gives of the first `size` bytes."""
        size = len(data) if size is None else size
        if self.wide:
            return len(self.split(data[:size]))
        return data.count(b"\n", 0, size) + (size > 0 and data[size - 1] != 10)

    def last_end(self, data: bytes, before: int) -> int:
        """Where the last line end before `before` stops; 0 where there is none."""
        at = data.rfind(self.end, 0, before)
        return at + len(self.end) if at >= 0 else 0

    def bare(self, line: bytes) -> bytes:
        """The line without the carriage return that may stand before its end."""
        if self.wide:
            cr = b"\r\x00" if self.end[0] else b"\x00\r"
            return line[:-2] if line.endswith(cr) else line
        return line[:-1] if line.endswith(b"\r") else line

    def _wide(self, data: bytes) -> list[bytes]:
        found, start = [], 0
        while True:
            at = self._next(data, start)
            if at < 0:
                found.append(data[start:])
                return found
            found.append(data[start:at])
            start = at + 2

    def _next(self, data: bytes, start: int) -> int:
        """The next line end; one at an odd distance counts only where a byte seems lost: what follows it is text there."""
        at = data.find(self.end, start)
        while at >= 0 and (at - start) % 2:
            if self._text_follows(data, at + 2):
                return at
            at = data.find(self.end, at + 1)
        return at

    def _text_follows(self, data: bytes, at: int) -> bool:
        """Whether most of the next characters, read at this alignment, are Latin: the zero byte stands where it should."""
        piece = data[at : at + 64]
        high = piece[1::2] if self.end[0] else piece[0::2]
        other = piece[0::2] if self.end[0] else piece[1::2]
        return high.count(0) > other.count(0)
