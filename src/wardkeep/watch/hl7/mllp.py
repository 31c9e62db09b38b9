# SPDX-License-Identifier: Apache-2.0
"""MLLP: cutting a stream into messages, `0B` message `1C 0D`, and putting a message into that frame.

    deframer = Deframer()
    for data in connection:
        for frame in deframer.feed(data):     # whole frames; what is none says so in `problem`
            ...
        if deframer.overlong:                 # a message over the limit has not ended yet: hang up
            break
    last = deframer.close()                   # what was begun and never ended

Every byte that is fed comes out in some frame, except the marks, white space between frames, and what is over the limit,
which is counted. However a sender lies about its frames, no more than the limit is held between two calls.
"""

from __future__ import annotations

from dataclasses import dataclass

START, END = b"\x0b", b"\x1c\r"
#: A start inside a message is one only before a header: text pasted from a word processor has 0B as a line break.
_AGAIN = START + b"MSH"
#: So many bytes at the end of what was fed may belong to a mark that goes on in the next part.
_TAIL = len(_AGAIN) - 1
_BETWEEN = b"\r\n \t\0"

#: One message. Documents in MDM and ORU carry whole files in base64.
LONGEST = 4 * 1024 * 1024
#: How much of a piece that is over the limit is kept.
KEEP = 64 * 1024


@dataclass(frozen=True, slots=True)
class Frame:
    """A message without its marks; or bytes that are none, and why."""

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


def framed(message: bytes) -> bytes:
    """The message as it is sent."""
    return START + message + END


class Deframer:
    """One direction of one connection. The cut depends on the bytes alone, not on how they are fed."""

    def __init__(self, *, longest: int = LONGEST) -> None:
        self._longest = longest
        #: Stream offset of the byte that is fed next, without the tail.
        self._at = 0
        self._tail = b""
        #: Whether the run that grows is a message; else it is what stands between frames.
        self._open = False
        self._run = bytearray()
        self._begin = 0
        self._size = 0

    @property
    def overlong(self) -> bool:
        """Whether what grows is over the limit: its bytes are counted and let go, its frame comes when it ends."""
        return self._size > self._longest

    @property
    def waiting(self) -> int:
        """Bytes that are held for the next call."""
        return len(self._run) + len(self._tail)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that end in `data`, in their order."""
        data = self._tail + data
        found: list[Frame] = []
        at, end = 0, -1
        while True:
            if not self._open:
                start = data.find(START, at)
                stop = len(data) if start < 0 else start
                self._grow(data[at:stop])
                at = stop
                if start < 0:
                    break
                self._end("", found)
                at = self._restart(at + 1, open=True)
                continue
            if end < at:
                end = data.find(END, at)
                end = len(data) if end < 0 else end
            again = data.find(_AGAIN, at, end + _TAIL)
            if 0 <= again < end:
                self._grow(data[at:again])
                self._end("unended: a message of {size} bytes has no end mark before the next one begins", found)
                at = self._restart(again + 1, open=True)
            elif end < len(data):
                self._grow(data[at:end])
                self._end("", found)
                at = self._restart(end + len(END), open=False)
            else:
                stop = max(at, len(data) - _TAIL)
                self._grow(data[at:stop])
                at = stop
                break
        self._at += at
        self._tail = data[at:]
        return found

    def close(self) -> list[Frame]:
        """The stream is over: what is left of it, with why that is no message."""
        found: list[Frame] = []
        self._grow(self._tail)
        self._end("cut: the stream ends within a message, after {size} bytes of it", found)
        self._at, self._tail = 0, b""
        self._restart(0, open=False)
        return found

    def _grow(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= self._longest:
            self._run += part
        elif len(self._run) < KEEP:
            self._run += part[: KEEP - len(self._run)]
        else:
            del self._run[KEEP:]

    def _restart(self, at: int, *, open: bool) -> int:
        self._open, self._run, self._begin, self._size = open, bytearray(), self._at + at, 0
        return at

    def _end(self, problem: str, found: list[Frame]) -> None:
        """The run is whole; `problem` is what is wrong with a message that ends so."""
        if not self._open:
            if self.overlong or self._run.strip(_BETWEEN):
                found.append(self._frame("outside: {size} bytes stand in no frame"))
            return
        if self.overlong:
            problem = f"too-long: a message of {{size}} bytes, more than {self._longest}"
        elif not problem and not self._run.strip(_BETWEEN):
            problem = "empty: a frame without a message"
        found.append(self._frame(problem))

    def _frame(self, problem: str) -> Frame:
        return Frame(bytes(self._run), self._begin, self._size, problem.format(size=self._size) or None)
