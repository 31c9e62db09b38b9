# SPDX-License-Identifier: Apache-2.0
"""Benchmark: HL7 messages of MLLP frames to rows, beside a bare reader that only cuts the frames and splits the segments.

    python -m bench hl7 [--quick]

The stream is the simulator's feed (ADT, ORM and SIU in GB 18030, results and documents in UTF-8), repeated under other control
ids. The bare reader finds the end marks and splits at carriage returns: it knows no character set, no escape, no field, and
believes every frame. Ours cuts frames that may lie, decodes, reads what each message says of care (so that one that cannot be
used is set aside), and makes the columns that the store takes. The last figure goes on to the hospital's tables, without store.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

import simulate
from bench.figure import Figure
from simulate.hl7 import FEEDS
from wardkeep.watch.hl7 import Deframer, framed
from wardkeep.watch.hl7.files import Piece, divide
from wardkeep.watch.hospital.context import schema
from wardkeep.watch.hospital.messages import contexts_of
from wardkeep.watch.intake.batch import columns_of
from wardkeep.watch.intake.hl7 import Hl7Reader

ZONE = "Asia/Shanghai"
MESSAGES, QUICK = 200_000, 5_000
ROUNDS = 5
CHUNK = 64 * 1024
#: Rows that are made columns at once, as the listeners do.
BATCH = 5_000
_CONTROL = re.compile(rb"(\|(?:HIS|LIS|EMR))(\d{8}\|P\|)")


def figures(*, quick: bool) -> list[Figure]:
    """Rounds of both, one after the other."""
    messages = list(feed(QUICK if quick else MESSAGES))
    stream = b"".join(map(framed, messages))
    ours, theirs, told = [], [], []
    for _ in range(2 if quick else ROUNDS):
        began = time.perf_counter()
        segments = bare(stream)
        bare_seconds = time.perf_counter() - began
        began = time.perf_counter()
        rows = decoded(stream)
        seconds = time.perf_counter() - began
        assert rows == len(messages) and segments > rows
        began = time.perf_counter()
        assert list(contexts_of(messages, zone=ZONE, known=nothing, source="feed"))
        told.append(rows / (time.perf_counter() - began))
        ours.append(rows / seconds)
        theirs.append(rows / bare_seconds)
    peer = "bare MLLP reader"
    return [
        Figure(what="HL7: frames to rows", unit="messages/s", ours=ours, peer=peer, theirs=theirs),
        Figure(what="HL7: messages to the hospital's tables", unit="messages/s", ours=told),
    ]


def feed(count: int) -> Iterator[bytes]:
    """About so many messages."""
    with tempfile.TemporaryDirectory(prefix="wardkeep-bench-") as place:
        hospital = simulate.build(1, 60, 3000, 4, sources=True)
        simulate.write(hospital, Path(place), style="foreign", feeds=4)
        known = [piece.raw for name in FEEDS.values() for piece in divide((Path(place) / name).read_bytes())]
    for n in range(count):
        turn, at = divmod(n, len(known))
        yield _CONTROL.sub(rb"\g<1>%d\g<2>" % turn, known[at], count=1) if turn else known[at]


def bare(stream: bytes) -> int:
    """Segments of the messages, and nothing else of them."""
    segments = 0
    for frame in stream.split(b"\x1c\r"):
        segments += len(frame.lstrip(b"\x0b").split(b"\r"))
    return segments


def decoded(stream: bytes) -> int:
    """Rows of the messages, in columns."""
    deframer, reader = Deframer(), Hl7Reader("bench", ZONE)
    reads, rows = [], 0
    for at in range(0, len(stream), CHUNK):
        frames = deframer.feed(stream[at : at + CHUNK])
        reads += [reader.piece(Piece(1, frame.message, frame.problem)) for frame in frames]
        if len(reads) >= BATCH:
            rows += columns_of(reads, "bench")[2]
            reads = []
    assert deframer.close() == []
    return rows + columns_of(reads, "bench")[2]


def nothing(name: str) -> pa.Table:
    """A store that knows of nothing yet."""
    return schema(name).empty_table()
