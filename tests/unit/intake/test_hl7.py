# SPDX-License-Identifier: Apache-2.0
"""Files of messages: every message is an event or a piece with its reason, however the file is cut."""

from __future__ import annotations

import gzip
import hashlib
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.hospital.messages.feed import PATIENT, message, pv1
from wardkeep.watch.event import AccessEvent, Kind, Rejected
from wardkeep.watch.hl7 import framed
from wardkeep.watch.intake import hl7 as form
from wardkeep.watch.intake import read_batches, read_events, reread
from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.limits import KEEP, RECORD

ZONE = "Asia/Shanghai"
ADMIT = message("ADT^A01", "1", "20260302080000", PATIENT, pv1(f2="I", f3="W1", f19="V1"))
RESULT = message("ORU^R01", "2", "20260302090000", PATIENT, "OBR|1|O1||CBC", "OBX|1|TX|HIV||POSITIVE")


def read(path: Path, data: bytes) -> list[AccessEvent | Rejected]:
    path.write_bytes(data)
    return list(read_events(path, zone=ZONE))


def test_a_message_is_an_event_that_is_no_access(tmp_path: Path) -> None:
    [event] = read(tmp_path / "feed.hl7", ADMIT + b"\r")
    assert isinstance(event, AccessEvent)
    assert (event.kind, event.format, event.system) == (Kind.OTHER, "hl7", "HIS")
    assert (event.event_id, event.account, event.patients, event.resource) == ("HIS/H/1", "OP1", ("P1",), "ADT^A01")
    assert event.raw_sha256 == hashlib.sha256(ADMIT).digest()
    told = {"message_type": "ADT", "trigger": "A01", "source_system": "HIS/H", "version": "2.4"}
    assert {name: said for name, said in event.extra.items() if name != "content"} == told


def test_what_a_message_says_behind_its_header_is_told_by_a_hash(tmp_path: Path) -> None:
    def content(raw: bytes) -> object:
        [event] = read(tmp_path / "feed.hl7", raw)
        assert isinstance(event, AccessEvent)
        return event.extra["content"]

    other_lines, sent_again = ADMIT.replace(b"\r", b"\r\n") + b"\r\n", ADMIT.replace(b"|HIS|", b"|HIS2|", 1)
    assert content(ADMIT) == content(other_lines) == content(sent_again)
    assert content(ADMIT) != content(ADMIT.replace(b"W1", b"W2"))


def test_nothing_clinical_leaves_a_message(tmp_path: Path) -> None:
    [event] = read(tmp_path / "feed.hl7", RESULT)
    assert not {"HIV", "POSITIVE", "CBC", "王"} & set(str(event).replace("'", " ").split())
    assert "POSITIVE" not in str(event) and "王" not in str(event)


def test_a_merge_names_both_numbers(tmp_path: Path) -> None:
    [event] = read(tmp_path / "x", message("ADT^A40", "1", "2026030208", "PID|1||P9", "MRG|P1~P2"))
    assert isinstance(event, AccessEvent) and event.patients == ("P9", "P1")


def test_a_guessed_character_set_is_told(tmp_path: Path) -> None:
    raw = ADMIT.replace(b"UNICODE UTF-8", b"").decode().encode("gb18030")
    [event] = read(tmp_path / "x.hl7", raw)
    assert isinstance(event, AccessEvent) and event.extra["charset_guessed"] == "gb18030"


@pytest.mark.parametrize(
    "data, codes",
    [
        (ADMIT + b"\rjunk\r" + RESULT, [None, None]),  # a line that is no segment belongs to the text before it
        (b"junk\r" + ADMIT, ["outside", None]),
        (ADMIT.replace(b"20260302080000", b"yesterday"), ["bad-time"]),
        (ADMIT.replace(b"|ADT^A01|", b"||"), ["no-type"]),
        (ADMIT.replace(b"20260302080000", b""), ["no-time"]),
        (ADMIT + b"|" * 25 + b"soon", ["bad-time"]),  # PV1-44: the event stands or falls with the context
        (ADMIT.replace(b"UNICODE UTF-8", b"KLINGON"), ["charset"]),
        (ADMIT.replace(b"^~\\&", b"^^\\&"), ["delimiters"]),
        (b"\x0b" + ADMIT + framed(RESULT), ["unended", None]),
        (b"not a message at all", ["outside"]),
        (b"FHS|^~\\&\rBHS|^~\\&\rBTS|0\rFTS|1\r", ["empty"]),
    ],
)
def test_a_broken_message_is_a_piece_with_its_reason(tmp_path: Path, data: bytes, codes: list[str | None]) -> None:
    found = read(tmp_path / "feed.hl7", data)
    assert [x.reason.partition(":")[0] if isinstance(x, Rejected) else None for x in found] == codes
    assert all(x.format == "hl7" for x in found)
    assert all("P1" not in x.reason and "yesterday" not in x.reason for x in found if isinstance(x, Rejected))


def test_a_file_is_known_by_its_first_bytes_whatever_its_name(tmp_path: Path) -> None:
    for name, data in (
        ("a.txt", framed(ADMIT)),
        ("b", b"FHS|^~\\&\r" + ADMIT),
        ("c.csv", ADMIT),
        ("d.dat.gz", gzip.compress(ADMIT)),
    ):
        [event] = read(tmp_path / name, data)
        assert isinstance(event, AccessEvent) and event.format == "hl7"


def test_a_piece_whose_frame_was_a_lie_can_be_read_again(tmp_path: Path) -> None:
    [piece, _] = read(tmp_path / "feed.hl7", b"\x0b" + ADMIT + framed(RESULT))
    assert isinstance(piece, Rejected)
    [event] = reread(piece, zone=ZONE)
    assert isinstance(event, AccessEvent) and event.event_id == "HIS/H/1" and event.position == piece.position


def test_one_process_and_several_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "feed.hl7"
    messages = [message("ADT^A08", str(n), "20260302080000", PATIENT, f"NTE|1||{'x' * 900}") for n in range(6000)]
    path.write_bytes(b"\r".join(messages))
    alone = [row for b in read_batches(path, zone=ZONE) for row in b.events.to_pylist()]
    crew = [row for b in read_batches(path, zone=ZONE, workers=2) for row in b.events.to_pylist()]
    assert alone == crew and len(alone) == 6000


def blocks(data: bytes, step: int) -> tuple[list[str], bytes, int]:
    """Numbers of the messages, all bytes of the blocks, and the bytes of what is overlong."""
    chunks = (data[at : at + step] for at in range(0, len(data), step))
    found, kept, overlong = [], b"", 0
    reader = form.reader("x", ZONE, None)
    for block in form.blocks(chunks, "x"):
        if isinstance(block, Overlong):
            overlong += block.size
            assert len(block.head) <= KEEP
            continue
        assert isinstance(block, Block) and data[block.offset : block.offset + block.size] == block.data
        kept += block.data
        found += [
            r.reason if isinstance(r, Rejected) else str(r.event_id) for r in reader.parse(block.data, block.line)
        ]
    return found, kept, overlong


@pytest.mark.parametrize("step", [1 << 16, 100_003, 1 << 20, 1 << 30])
def test_a_message_over_the_limit_costs_itself_alone(step: int) -> None:
    big = message("MDM^T02", "2", "2026030208", PATIENT, "OBX|1|ED|PDF||" + "A" * (3 * RECORD))
    data = b"\r".join((ADMIT, big, ADMIT.replace(b"|1|P|", b"|3|P|"))) + b"\r"
    found, _, overlong = blocks(data, step)
    assert [f for f in found if "HIS" in f] == ["HIS/H/1", "HIS/H/3"]
    assert overlong >= 3 * RECORD or any(f.startswith("too-long") for f in found)


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(0, 2_000_000), min_size=1, max_size=8), step=st.sampled_from([1 << 16, 1 << 20]))
def test_blocks_hold_whole_messages_and_every_byte(sizes: list[int], step: int) -> None:
    data = b"".join(
        framed(message("ADT^A08", str(n), "2026030208", PATIENT, "NTE|1||" + "y" * size))
        for n, size in enumerate(sizes)
    )
    found, kept, _ = blocks(data, step)
    assert found == [f"HIS/H/{n}" for n in range(len(sizes))] and kept == data


def _damaged(chance: random.Random) -> bytes:
    """A file of messages with some bytes changed, removed, doubled."""
    parts = [
        framed(ADMIT),
        RESULT + b"\r",
        framed(RESULT),
        b"BHS|^~\\&\r",
        b"\x0b\x0b",
        b"\x1c",
        b"MSH",
        b"MSH|",
        b"\x00",
    ]
    data = bytearray(b"".join(chance.choices(parts, k=chance.randint(1, 12))))
    for _ in range(chance.randint(0, 12)):
        at = chance.randrange(len(data))
        match chance.randrange(3):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 30)]
                data = data or bytearray(b"\r")
            case _:
                data[at:at] = data[at : at + chance.randint(1, 40)]
    return bytes(data)


def fuzz(count: int, seed: int) -> None:
    chance = random.Random(seed)
    reader = form.reader("x", ZONE, None)
    for _ in range(count):
        data = _damaged(chance)
        for one in form.blocks(iter([data]), "x"):
            assert isinstance(one, Block)
            for found in reader.parse(one.data, one.line):
                if isinstance(found, Rejected):
                    assert found.reason.partition(":")[0] in CODES, found.reason


CODES = {
    "outside", "unended", "no-header", "no-type", "no-time", "bad-time", "charset", "delimiters", "interval", "too-long",
}  # fmt: skip


def test_no_damage_stops_the_reader() -> None:
    fuzz(2_000, 7)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(8))
def test_no_damage_stops_the_reader_for_long(seed: int) -> None:
    fuzz(60_000, seed)
