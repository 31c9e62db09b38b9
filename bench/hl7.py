# SPDX-License-Identifier: Apache-2.0
"""Benchmark: HL7 messages of MLLP frames to answers and to rows, beside a bare reader that only cuts frames and says AA.

    python -m bench hl7 [--quick]

The stream is the simulator's feed (ADT, ORM and SIU in GB 18030, results and documents in UTF-8), repeated under other control
ids. The bare reader buffers what a connection gives, cuts at the end marks, splits the header at its bars and answers AA: it
knows no character set, no escape, no segment but the header, and believes every frame. Ours, to answers: cuts frames that may
lie and answers as the header asks. To rows: decodes, reads what each message says of care (so that one that cannot be used is
set aside), and makes the columns that the store takes. The last figure goes on to the hospital's tables, without store.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

import simulate
from bench.figure import Figure
from simulate.hl7 import FEEDS
from wardkeep.watch.hl7 import Code, Deframer, answer_to, framed
from wardkeep.watch.hl7.files import Piece, divide
from wardkeep.watch.hospital.context import schema
from wardkeep.watch.hospital.messages import contexts_of
from wardkeep.watch.intake.batch import columns_of
from wardkeep.watch.intake.hl7 import Hl7Reader

ZONE = "Asia/Shanghai"
#: A round of so many takes about ten seconds.
MESSAGES, QUICK = 30_000, 5_000
ROUNDS = 5
CHUNK = 64 * 1024
#: Rows that are made columns at once, as the listeners do.
BATCH = 5_000
_CONTROL = re.compile(rb"(\|(?:HIS|LIS|EMR))(\d{8}\|P\|)")


def figures(*, quick: bool) -> list[Figure]:
    """Rounds of both, one after the other."""
    messages = list(feed(QUICK if quick else MESSAGES))
    stream = b"".join(map(framed, messages))
    answers, ours, theirs, told = [], [], [], []
    for _ in range(2 if quick else ROUNDS):
        began = time.perf_counter()
        count = bare(stream)
        theirs.append(count / (time.perf_counter() - began))
        began = time.perf_counter()
        answers.append(answered(stream) / (time.perf_counter() - began))
        began = time.perf_counter()
        rows = decoded(stream)
        ours.append(rows / (time.perf_counter() - began))
        assert rows == count == len(messages)
        began = time.perf_counter()
        assert list(contexts_of(messages, zone=ZONE, known=nothing, source="feed"))
        told.append(rows / (time.perf_counter() - began))
    peer = "bare MLLP reader"
    return [
        Figure(what="HL7: frames to answers", unit="messages/s", ours=answers, peer=peer, theirs=theirs),
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
    """Answers of a reader that does no more than MLLP asks; how many."""
    count, waiting = 0, b""
    for at in range(0, len(stream), CHUNK):
        waiting += stream[at : at + CHUNK]
        *frames, waiting = waiting.split(b"\x1c\r")
        for frame in frames:
            fields = frame.lstrip(b"\x0b").split(b"\r", 1)[0].split(b"|")
            msh = [
                *fields[:2],
                *fields[4:6],
                *fields[2:4],
                time.strftime("%Y%m%d%H%M%S").encode(),
                b"",
                b"ACK",
                fields[9],
            ]
            count += len(framed(b"|".join(msh) + b"\rMSA|AA|" + fields[9] + b"\r")) > 0
    return count


def answered(stream: bytes) -> int:
    """Answers of ours; how many."""
    count, deframer = 0, Deframer()
    for at in range(0, len(stream), CHUNK):
        for frame in deframer.feed(stream[at : at + CHUNK]):
            code = Code.ERROR if frame.problem else Code.ACCEPTED
            count += len(framed(answer_to(frame.message, code, at=datetime.now(UTC)))) > 0
    assert deframer.close() == []
    return count


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
