# SPDX-License-Identifier: Apache-2.0
"""Mutated input over every reader: nothing raised, every byte accounted for, no neighbour lost.

`TARGETS` is the registry: a reader joins it with a name, a seed whose records are known by their bytes, and a function that
reads a file and says what was taken and what was set aside.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.integration.intake.seeds import Seed, all_seeds
from tests.integration.intake.seeds_audit import audit_seeds, workbook, workbook_parts
from tests.unit.intake.test_sheets import repacked
from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake import read_events
from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.lines import Lines
from wardkeep.watch.intake.row import Row, to_event
from wardkeep.watch.intake.windows import evtx

ZONE = "Asia/Shanghai"
#: Names that stand in the seeds, and in nothing that is said of a record.
NAMED = ("王芳", "O'Neil", "Müller")


@dataclass(frozen=True)
class Outcome:
    """What a reader made of a file."""

    taken: tuple[Hashable, ...]
    rejected: tuple[Rejected, ...]
    #: Why the bytes do not add up, where the reader can be asked.
    unaccounted: str | None = None


@dataclass(frozen=True)
class Target:
    name: str
    seed: Seed
    read: Callable[[Path, bytes], Outcome]


HOSTILE: tuple[bytes, ...] = (
    b'"', b'""', b"'", b"\\", b"\n", b"\r", b"\r\n", b"\x00", b"\x00" * 64, b"\xff", b"\xff\xfe", b"\x81",
    b"\x81\x30", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"{", b"}", b"[", b"]", b"{}", b"[]", b'{"',
    b'"}', b"}}]", b",", b",,", b"," * 70, b"|", b"\t", b":", b"null", b"true", b"NaN", b"-", b"1e400", b"-1e999",
    b"9" * 400, b'"\\ud800"', b"\\ud800", b"\\u0000", b"[" * 3000, b'{"a":' * 1500, b"0000-00-00T00:00:00Z",
    b"9999-12-31T23:59:59Z", b"2026-02-30 08:00:00", b"<!DOCTYPE x [<!ENTITY a 'a'>]>", b"\x1f\x8b\x08\x00",
    b"PK\x03\x04", b"\x1b[2J", b"=cmd()", b"A" * 70_000, b'{"resourceType":"AuditEvent"}',
    b'{"resourceType":"Bundle","entry":[', b'\n{"resourceType":"Patient"}\n', b'","id":"x',
    b'"resourceType":"AuditEvent"', "患者".encode("gb18030"), "患者".encode(), b"\n\n\n", b'"\n"', b'\n"', b'"\n',
)  # fmt: skip


def mutate(data: bytes, span: tuple[int, int], chance: random.Random) -> bytes:
    """One to three changes within a record."""
    start, end = span
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(start, end + 1)
        upto = min(end, at + chance.choice((1, 1, 2, 5, 20, 200)))
        kind = chance.randrange(6)
        if kind == 0 and at < end:
            new = data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        elif kind == 1:
            new = data[:at] + data[upto:]
        elif kind == 2:
            new = data[:at] + data[at:upto] * chance.choice((2, 3, 20)) + data[upto:]
        elif kind == 3:
            new = data[:at] + chance.randbytes(chance.choice((1, 3, 40))) + data[at:]
        elif kind == 4:
            piece = bytes(chance.sample(data[at:upto], upto - at))
            new = data[:at] + piece + data[upto:]
        else:
            new = data[:at] + chance.choice(HOSTILE) + data[at:]
        end += len(new) - len(data)
        data = new
        if end <= start:
            break
    return data


def attack(target: Target, chance: random.Random, folder: Path) -> str | None:
    """One mutated input; what is wrong with how it was read, or None."""
    seed = target.seed
    hit = chance.randrange(len(seed.spans))
    data = mutate(seed.data, seed.spans[hit], chance)
    path = folder / seed.file
    path.write_bytes(data)
    found = target.read(path, data)
    if found.unaccounted is not None:
        return found.unaccounted
    if not found.taken and not found.rejected:
        return "the file gave not one line"
    if told := next((one.reason for one in found.rejected if any(name in one.reason for name in NAMED)), None):
        return f"a reason names a person: {told[:200]}"
    if not seed.separable:
        return None
    path.write_bytes(seed.data)
    lost = Counter(_alone(target, hit)) - Counter(found.taken)
    if seed.joins and hit:
        lost -= Counter(_alone(target, hit)[hit - 1 : hit])
    return (
        f"{sum(lost.values())} neighbours of record {hit} lost or changed: {[str(x)[:300] for x in lost][:2]}"
        if lost
        else None
    )


_known: dict[tuple[str, int], tuple[Hashable, ...]] = {}


def _alone(target: Target, hit: int) -> tuple[Hashable, ...]:
    """What must still come out when record `hit` was damaged: the events of all the others."""
    key = (target.name, hit)
    if key not in _known:
        raise AssertionError("call `prepare` first")
    return _known[key]


def prepare(target: Target, folder: Path) -> int:
    """Read the seed itself; every record of it must be taken. How many events it holds."""
    path = folder / target.seed.file
    path.write_bytes(target.seed.data)
    whole = target.read(path, target.seed.data)
    assert not whole.rejected, whole.rejected[:1]
    if target.seed.separable:
        assert len(whole.taken) == len(target.seed.spans)
        for hit in range(len(target.seed.spans)):
            _known[target.name, hit] = whole.taken[:hit] + whole.taken[hit + 1 :]
    return len(whole.taken)


def read_log(seed: Seed) -> Callable[[Path, bytes], Outcome]:
    """The reader of logs, for a seed."""

    def read(path: Path, data: bytes) -> Outcome:
        found = list(read_events(path, zone=ZONE, mapping=seed.mapping, format=seed.form))
        taken = tuple(_comparable(one) for one in found if isinstance(one, AccessEvent))
        rejected = tuple(one for one in found if isinstance(one, Rejected))
        by_line = seed.name != "xlsx" and (seed.mapping is not None or seed.name in ("ndjson", "hospital"))
        return Outcome(taken, rejected, _walk(data, found, seed) if by_line else None)

    return read


def _comparable(event: AccessEvent) -> Hashable:
    extra = tuple(sorted((key, repr(value)) for key, value in event.extra.items()))
    left = ("position", "extra", "source")
    return (*(getattr(event, name) for name in AccessEvent.__dataclass_fields__ if name not in left), extra)


def _walk(data: bytes, found: list[AccessEvent | Rejected], seed: Seed) -> str | None:
    """Follow the results through the file: each must hold the very bytes that come next, and none may be left."""
    if len(found) == 1 and isinstance(found[0], Rejected):
        return None  # the whole file as one piece
    codec = seed.mapping.codec if seed.mapping is not None else "utf-8"
    lines = Lines.of(codec)
    text = data.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe" if lines.wide else b"")
    whole = lines.split(text)
    rest = [lines.bare(line) for line in whole]
    at = 0 if seed.name == "ndjson" else 1
    for one in found:
        while at < len(rest) and _blank(rest[at], codec):
            at += 1
        if at >= len(rest):
            return f"a result at {one.position} stands behind the last line"
        if "[" in one.position or ":" in one.position:
            at = max(at, int(one.position.partition("[")[0].partition(":")[0]) - 1)
            if one is found[-1] or not _same_line(one, found[found.index(one) + 1]):
                at += 1
            continue
        taken = _length(one, whole, at, lines)
        if taken is None:
            return f"the bytes of line {at + 1} are not those of the result at {one.position}"
        at += taken
    while at < len(rest) and _blank(rest[at], codec):
        at += 1
    return None if at >= len(rest) else f"line {at + 1} gave nothing"


def _same_line(one: AccessEvent | Rejected, other: AccessEvent | Rejected) -> bool:
    return one.position.partition("[")[0].partition(":")[0] == other.position.partition("[")[0].partition(":")[0]


def _blank(line: bytes, codec: str) -> bool:
    if not line or (codec != "utf-16-le" and line.isspace()):
        return True
    try:
        return not line.decode(codec).strip()
    except UnicodeDecodeError:
        return False


def _length(one: AccessEvent | Rejected, whole: list[bytes], at: int, lines: Lines) -> int | None:
    """How many lines from `at` on are the result's own bytes."""
    for count in range(1, min(1000, len(whole) - at) + 1):
        raw = lines.bare(lines.end.join(whole[at : at + count]))
        if isinstance(one, Rejected):
            if raw == one.raw or (one.truncated and raw.startswith(one.raw)):
                return count
            if len(raw) > len(one.raw):
                return None
        elif hashlib.sha256(raw).digest() == one.raw_sha256:
            return count
    return None


_chunks = evtx.reader("security.evtx", ZONE, None)


def read_evtx(path: Path, data: bytes) -> Outcome:
    """The reader of event logs, the same one for every input: none may hurt the process that decodes for the next."""
    found = [read for block in evtx.blocks(iter([data]), path.name) for read in _parsed(block)]
    taken = tuple(_comparable(to_event(one, path.name)) for one in found if isinstance(one, Row))
    return Outcome(taken, tuple(one for one in found if isinstance(one, Rejected)))


def _parsed(block: Block | Overlong) -> list[Row | Rejected]:
    assert isinstance(block, Block)
    return _chunks.parse(block.data, block.line)


def read_packed(seed: Seed) -> Callable[[Path, bytes], Outcome]:
    """The reader of workbooks, for a seed that is one part of one: packed anew after it was changed, so that it is read."""
    read = read_log(replace(seed, name="xlsx"))

    def packed(path: Path, data: bytes) -> Outcome:
        path.write_bytes(repacked(workbook(), {seed.name.removeprefix("xlsx:"): data}))
        return read(path, data)

    return packed


TARGETS: tuple[Target, ...] = (
    *(
        Target(seed.name, seed, read_evtx if seed.name == "evtx" else read_log(seed))
        for seed in (*all_seeds(), *audit_seeds())
    ),
    *(Target(seed.name, seed, read_packed(seed)) for seed in workbook_parts()),
)
