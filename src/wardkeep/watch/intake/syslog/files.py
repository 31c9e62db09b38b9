# SPDX-License-Identifier: Apache-2.0
"""Syslog in files: whether a file is one, how its messages are framed, and where it can be cut."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from wardkeep.watch.intake.cutting import Block, Overlong, cut
from wardkeep.watch.intake.limits import BLOCK, KEEP, LOOK, RECORD
from wardkeep.watch.intake.lines import Lines
from wardkeep.watch.intake.syslog.framing import BEGINS, COUNT, PRIORITY, Deframer, Framing
from wardkeep.watch.intake.syslog.header import STAMP, BadHeader, header

_START = re.compile(rb"<\d{1,3}>\S|(?:%b)\S" % STAMP.pattern)
#: A line that is a message by itself: a priority and a version or a time; or a time, a machine and a program.
_SURE = re.compile(rb"<\d{1,3}>(?:[1-9]\d{0,2} (?:-|\d{4}-\d\d-\d\dT\S+) |(?:%b))" % STAMP.pattern)
_FAIR = re.compile(rb"(?:%b)[\w.:-]{1,255} [\w./-]{1,64}(?:\[[\w.-]{1,32}\])?: " % STAMP.pattern)


def recognises(name: str, head: bytes) -> bool:
    """Whether the file is syslog: counted, or most of what could be a message is surely one."""
    text = head.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n \t")
    if framing_of(text) is Framing.COUNTED:
        return True
    lines = text.split(b"\n", 400)[:400]
    if len(head) >= LOOK and len(lines) > 1:
        lines.pop()
    if PRIORITY.match(text) and _is_message(lines[0]):
        return True
    if sum(_SURE.match(line) is not None for line in lines) > 1:
        return True
    full = [line for line in lines if line.strip()]
    return bool(full) and 4 * sum(_FAIR.match(line) is not None for line in full) > 3 * len(full)


def _is_message(line: bytes) -> bool:
    try:
        header(line)
    except BadHeader:
        return False
    return True


def framing_of(data: bytes) -> Framing:
    """How the messages of a file are framed: counted where counts lead from message to message through most of it.

    What begins with a priority is lines, whatever is quoted in it.
    """
    data = data[:LOOK]
    if PRIORITY.match(data):
        return Framing.LINES
    if (told := COUNT.match(data)) and _SURE.match(data, told.end()):
        return Framing.COUNTED
    at = 0
    for _ in range(4):  # the first messages may be damaged
        begins = BEGINS.search(data, at)
        if begins is None:
            break
        start = begins.start()
        at = _led(data, start)
        if 2 * (min(at, len(data)) - start) > len(data):
            return Framing.COUNTED
        at = max(at, start + 1)
    return Framing.LINES


def _led(data: bytes, at: int) -> int:
    """How far counts lead from message to message."""
    while told := COUNT.match(data, at):
        end = told.end() + int(told[1])
        if end > len(data) and (len(data) < LOOK or end > at + RECORD):
            break
        at = end
        while data[at : at + 1] in (b"\n", b"\r", b" "):
            at += 1
    return at


class _Starts(Lines):
    """Lines that are cut only where a message surely begins."""

    def last_end(self, data: bytes, before: int) -> int:
        last = at = data.rfind(b"\n", 0, before)
        for _ in range(20_000):
            if at < 0:
                break
            if _START.match(data, at + 1):
                return at + 1
            at = data.rfind(b"\n", 0, at)
        return last + 1


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole messages; counted ones are numbered, lines have their line's number."""
    first = next(stream, b"")
    mark = len(codecs.BOM_UTF8) if first.startswith(codecs.BOM_UTF8) else 0
    rest = _chain(first[mark:], stream)
    if framing_of(first[mark:].lstrip(b"\r\n \t")) is Framing.COUNTED:
        yield from _counted(rest, mark)
    else:
        yield from cut(rest, _Starts(), offset=mark)


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _counted(stream: Iterator[bytes], offset: int) -> Iterator[Block | Overlong]:
    deframer = Deframer(Framing.COUNTED, eager=False, bare=True)
    held = bytearray()
    #: Where `held` begins in the stream, how far it holds whole messages, and how many.
    begin = end = count = 0
    number = 1
    for chunk in stream:
        held += chunk
        for frame in deframer.feed(chunk):
            if frame.size <= RECORD:
                end, count = frame.offset + frame.size, count + 1
                continue
            if end > begin:
                yield _block(held, begin, end, number, offset)
            yield Overlong(number + count, frame.message[:KEEP], frame.size)
            number, count = number + count + 1, 0
            del held[: frame.offset + frame.size - begin]
            begin = end = frame.offset + frame.size
        if end - begin >= BLOCK:
            yield _block(held, begin, end, number, offset)
            del held[: end - begin]
            begin, number, count = end, number + count, 0
    if held:
        yield Block(bytes(held), len(held), number, offset + begin)


def _block(held: bytearray, begin: int, end: int, number: int, offset: int) -> Block:
    with memoryview(held) as view:
        data = bytes(view[: end - begin])
    return Block(data, len(data), number, offset + begin)
