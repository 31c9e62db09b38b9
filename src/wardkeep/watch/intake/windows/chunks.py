# SPDX-License-Identifier: Apache-2.0
"""The frame of an EVTX file: a header of 4,096 bytes, chunks of 65,536, records in them; each is found without the others.

A record is `**\\0\\0`, its size, its number, its time, binary XML, and its size again. Where one is broken, the next is looked
for at every place where one can begin.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

FILE, CHUNK = b"ElfFile\x00", b"ElfChnk\x00"
HEADER, SIZE, FIRST = 4096, 65536, 512
RECORD = b"**\x00\x00"
#: Head and tail of a record, and a fragment header between them.
SMALLEST = 24 + 4 + 4


class Found(NamedTuple):
    """Bytes of a chunk: a record (its number and its time in 100 ns since 1601), or what stands where none is."""

    at: int
    size: int
    number: int = -1
    filetime: int = 0

    @property
    def whole(self) -> bool:
        return self.number >= 0


def header() -> bytes:
    """A file header before one chunk."""
    head = FILE + struct.pack("<QQQIHHHH", 0, 0, 1, 128, 1, 3, HEADER, 1)
    return head.ljust(HEADER, b"\x00")


def walk(chunk: bytes) -> list[Found]:
    """Records of a chunk and the gaps between them, in their order; what stands behind the last record is nothing."""
    found: list[Found] = []
    at, end = FIRST, _end(chunk)
    while at < end:
        record = _record(chunk, at)
        if record is None:
            upto = _next(chunk, at + 4)
            if chunk[at:upto].strip(b"\x00"):
                found.append(Found(at, min(upto, end) - at))
            at = upto
        else:
            found.append(record)
            at += record.size
    return found


def _record(chunk: bytes, at: int) -> Found | None:
    if chunk[at : at + 4] != RECORD or at + SMALLEST > len(chunk):
        return None
    size, number, filetime = struct.unpack_from("<IQQ", chunk, at + 4)
    if size < SMALLEST or at + size > len(chunk) or struct.unpack_from("<I", chunk, at + size - 4)[0] != size:
        return None
    return Found(at, size, number, filetime) if number < 1 << 63 else None


def _next(chunk: bytes, at: int) -> int:
    """Where the next whole record begins; the end of the chunk where there is none."""
    while (at := chunk.find(RECORD, at)) >= 0:
        if _record(chunk, at) is not None:
            return at
        at += 1
    return len(chunk)


def _end(chunk: bytes) -> int:
    """Where the records end, by the chunk's own header where its checksum holds; an earlier use may have left others behind."""
    free, told = struct.unpack_from("<I", chunk, 48)[0], struct.unpack_from("<I", chunk, 124)[0]
    holds = FIRST <= free <= len(chunk) and zlib.crc32(chunk[:120] + chunk[128:FIRST]) == told
    return free if holds else len(chunk)


def mended(chunk: bytes, found: list[Found]) -> bytes:
    """The chunk with a record that holds nothing in the place of each gap, so that a decoder walks over it.

    A gap too small for a record is given to the one before it.
    """
    out = bytearray(chunk)
    last = FIRST
    for before, one in zip([None, *found], found, strict=False):
        last = one.at + one.size
        if one.whole:
            continue
        size = struct.pack("<I", one.size)
        if one.size >= SMALLEST:
            out[one.at : last] = RECORD + size + b"\x00" * (one.size - 12) + size
        elif before is not None:
            size = struct.pack("<I", last - before.at)
            out[before.at + 4 : before.at + 8] = size
            out[one.at : last] = b"\x00" * one.size
            out[last - 4 : last] = size
    numbers = [one.number for one in found if one.whole] or [0]
    struct.pack_into("<QQQQI", out, 8, 1, len(found), min(numbers), max(numbers), 128)
    struct.pack_into("<I", out, 48, last)
    return bytes(out)
