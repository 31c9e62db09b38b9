# SPDX-License-Identifier: Apache-2.0
"""EVTX to events, chunk by chunk: a damaged record costs itself, a hostile one its chunk. Positions: `chunk[3].record[17]`."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.database.made import BadRecord
from wardkeep.watch.intake.limits import KEEP
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.row import Read, set_aside
from wardkeep.watch.intake.times import BadTime
from wardkeep.watch.intake.windows.chunks import CHUNK, FILE, HEADER, RECORD, SIZE, Found, header, mended, walk
from wardkeep.watch.intake.windows.decoding import Decoder, DecoderDied, installed
from wardkeep.watch.intake.windows.event import NAME, event

#: Chunks in a block.
TOGETHER = 32
_decode = msgspec.json.Decoder().decode


def recognises(name: str, head: bytes) -> bool:
    """Whether the file begins as an event log does, or is one of its chunks (a piece that is read again)."""
    return head.startswith((FILE, CHUNK))


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole chunks; `line` is the number of the first one."""
    held, offset, number = b"", 0, 0
    for data in stream:
        held += data
        if not offset and not number and len(held) >= HEADER:
            if held.startswith(FILE):
                held, offset = held[HEADER:], HEADER
            number = 1
        while number and len(held) >= SIZE * TOGETHER:
            yield Block(held, SIZE * TOGETHER, number, offset)
            held, offset, number = held[SIZE * TOGETHER :], offset + SIZE * TOGETHER, number + TOGETHER
            if not installed():
                return
    if held:
        yield Block(held, len(held), max(number, 1), offset)


def reader(source: str, zone: str, mapping: Mapping | None) -> Chunks:
    """A reader of one file."""
    return Chunks(source)


class Chunks:
    """Chunks to events."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._decoder = Decoder()
        self._header = header()

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of whole chunks, the first with the number `first`."""
        if not installed():
            why = "missing-package: an event log needs the package evtx; install wardkeep[evtx] and read the file again"
            # Only the begin: what is behind it was not looked at, and the file has to be read again as a whole.
            return [
                Rejected(reason=why, format=NAME, source=self._source, position="1", raw=data[:KEEP], truncated=True)
            ]
        out: list[Read] = []
        for number, at in enumerate(range(0, len(data), SIZE), first):
            out += self._chunk(data[at : at + SIZE], f"chunk[{number}]")
        return out

    def _chunk(self, chunk: bytes, place: str) -> list[Read]:
        if not chunk.strip(b"\x00"):
            return []  # room that was set aside for more
        if chunk.startswith(RECORD):
            why = "record-alone: a record can only be decoded within its chunk; read its file again"
            return [self._refused(why, chunk, place)]
        if not chunk.startswith(CHUNK):
            return [self._refused("no-chunk: neither a chunk nor empty room begins here", chunk, place)]
        if len(chunk) < SIZE:
            chunk = chunk.ljust(SIZE, b"\x00")
        found = walk(chunk)
        try:
            told = self._decoder.decode(self._header + mended(chunk, found))
        except DecoderDied:
            why = "hostile: decoding the chunk took more memory or time than any event log needs"
            return [self._refused(why, chunk, place)]
        # The decoder walks as we do; what it did not reach is told so.
        told += [(-1, "")] * (len(found) - len(told))
        return [
            self._one(
                chunk[one.at : one.at + one.size], one, text if number == one.number else "", f"{place}.record[{i}]"
            )
            for i, (one, (number, text)) in enumerate(zip(found, told, strict=False))
        ]

    def _one(self, raw: bytes, one: Found, text: str | None, position: str) -> Read:
        if not one.whole:
            return self._refused("no-record: what stands here is no whole record", raw, position)
        try:
            if text is None:
                raise BadRecord("too-long: the record expands beyond any event")
            if not text:
                raise BadRecord("not-xml: the binary XML of the record cannot be decoded")
            return event(_decode(text), raw, number=one.number, filetime=one.filetime, position=position)
        except msgspec.DecodeError:
            return self._refused("not-xml: the record decodes to no text", raw, position)
        except BadRecord as exc:
            return self._refused(str(exc), raw, position)
        except BadTime as exc:
            return self._refused(f"bad-time: {exc}", raw, position)

    def _refused(self, reason: str, raw: bytes, position: str) -> Read:
        return set_aside(reason, raw, form=NAME, source=self._source, position=position)
