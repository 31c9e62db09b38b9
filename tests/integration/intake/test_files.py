# SPDX-License-Identifier: Apache-2.0
"""Files as disks give them: packed, cut, damaged, empty, unreadable, very long; read here and in other processes."""

from __future__ import annotations

import gzip
import json
import os
import random
import sys
import threading
from pathlib import Path

import pytest

from tests.integration.intake.seeds import audit, his
from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake import NoSuchFile, log_files, read_batches, read_events, reread
from wardkeep.watch.intake.errors import ReaderStopped
from wardkeep.watch.intake.limits import BLOCK, KEEP, RECORD

ZONE = "Asia/Shanghai"


def lines(count: int) -> bytes:
    return b"".join(json.dumps(audit(i % 50, id=f"e{i}")).encode() + b"\n" for i in range(count))


def read(path: Path) -> list[AccessEvent | Rejected]:
    return list(read_events(path, zone=ZONE))


def ids(found: list[AccessEvent | Rejected]) -> list[str | None]:
    return [e.event_id for e in found if isinstance(e, AccessEvent)]


def reasons(found: list[AccessEvent | Rejected]) -> list[str]:
    return [e.reason.partition(":")[0] for e in found if isinstance(e, Rejected)]


def test_gzip_in_several_members_is_one_stream(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(lines(5)) + gzip.compress(lines(3)))
    assert ids(read(path)) == [f"e{i}" for i in (0, 1, 2, 3, 4, 0, 1, 2)]


@pytest.mark.parametrize("kept, expected", [(0.5, "gzip-cut"), (0.9, "gzip-cut"), (0.999, "gzip-cut")])
def test_a_gzip_that_was_cut_gives_what_came_out_and_says_so(tmp_path: Path, kept: float, expected: str) -> None:
    path = tmp_path / "a.ndjson.gz"
    packed = gzip.compress(lines(3000))
    path.write_bytes(packed[: int(len(packed) * kept)])
    found = read(path)
    assert ids(found) == [f"e{i}" for i in range(len(ids(found)))] and len(ids(found)) > 1000
    assert reasons(found)[-1] == expected


def test_a_gzip_that_was_damaged_gives_what_came_out_before(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    packed = bytearray(gzip.compress(lines(20_000)))
    packed[-2000:-1000] = random.Random(1).randbytes(1000)
    path.write_bytes(packed)
    found = read(path)
    assert len(ids(found)) > 10_000 and reasons(found)[-1] == "gzip-damaged"


def test_what_follows_a_gzip_stream_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(lines(2)) + b"trailing bytes")
    found = read(path)
    assert len(ids(found)) == 2 and reasons(found) == ["gzip-tail"]
    assert isinstance(found[-1], Rejected) and found[-1].raw == b"trailing bytes"


def test_a_gzip_that_expands_beyond_belief_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    with gzip.open(path, "wb", compresslevel=9) as out:
        out.write(lines(2))
        for _ in range(200):
            out.write((b" " * 999 + b"\n") * 1_000)
    found = read(path)
    assert ids(found) == ["e0", "e1"] and reasons(found) == ["gzip-bomb"]


def test_a_line_over_the_limit_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    one = lines(2).split(b"\n")
    long = b'{"resourceType":"AuditEvent","x":"' + b"y" * RECORD + b'"}'
    longer = b"z" * (BLOCK + RECORD)
    path.write_bytes(b"\n".join([one[0], long, longer, one[1]]))
    found = read(path)
    assert ids(found) == ["e0", "e1"] and reasons(found) == ["too-long", "too-long"]
    assert [(e.position, len(e.raw), e.truncated) for e in found if isinstance(e, Rejected)] == [
        ("2", KEEP, True),
        ("3", KEEP, True),
    ]


def test_an_empty_file_a_folder_and_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    assert reasons(read(tmp_path / "empty.csv")) == ["empty"]
    assert reasons(read(tmp_path)) == ["not-a-file"]
    with pytest.raises(NoSuchFile, match="absent"):
        read(tmp_path / "absent")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x")
    path.chmod(0)
    assert reasons(read(path)) == ["unreadable"]


def test_a_file_that_fails_while_it_is_read_keeps_what_was_read() -> None:
    found = read(Path("/proc/self/mem"))
    assert reasons(found) == ["unreadable"]


def test_the_logs_of_a_folder_are_all_that_is_no_table_and_no_mapping(tmp_path: Path) -> None:
    for name in (
        "staff.csv",
        "accounts.csv",
        "patients.csv",
        "events.csv",
        "his.csv",
        "his.toml",
        ".hidden",
        "old/a.ndjson",
        "x.pdf",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a\n")
    assert [p.relative_to(tmp_path).as_posix() for p in log_files(tmp_path)] == [
        "events.csv",
        "his.csv",
        "old/a.ndjson",
        "x.pdf",
    ]
    assert log_files(tmp_path / "x.pdf") == [tmp_path / "x.pdf"]


def test_processes_and_one_process_agree_on_damaged_files(tmp_path: Path) -> None:
    chance = random.Random(5)
    rows = lines(30_000).split(b"\n")
    for _ in range(300):
        at = chance.randrange(len(rows))
        rows[at] = rows[at][: chance.randrange(len(rows[at]) + 1)] + chance.choice((b"", b"\x00", b'"', b"{", b"\xff"))
    data = b"\n".join(rows)
    for name, content in (("a.ndjson", data), ("b.ndjson.gz", gzip.compress(data, 1)[:-500])):
        path = tmp_path / name
        path.write_bytes(content)
        alone = list(read_batches(path, zone=ZONE, rows=10**9))
        crew = list(read_batches(path, zone=ZONE, rows=10**9, workers=2))
        assert len(alone) == len(crew) == 1
        assert alone[0].events.equals(crew[0].events)
        assert alone[0].rejected == crew[0].rejected and len(alone[0].rejected) > 100
        assert alone[0].records == crew[0].records


def test_batches_tell_how_far_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(lines(30_000))
    batches = list(read_batches(path, zone=ZONE, rows=5000))
    assert len(batches) > 1
    assert [b.done for b in batches] == sorted(b.done for b in batches)
    assert batches[-1].done == batches[-1].size == path.stat().st_size


def test_processes_that_read_ahead_are_not_taken_for_what_was_taken_in(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(lines(60_000))
    size = path.stat().st_size
    batches = list(read_batches(path, zone=ZONE, rows=1, workers=2))
    assert len(batches) > 3
    told, taken = [b.done / size for b in batches], 0
    for batch, share in zip(batches, told, strict=True):
        taken += batch.records
        assert share - taken / 60_000 < 0.1
    assert told == sorted(told) and told[-1] == 1


def test_a_taker_that_stops_early_leaves_no_process(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(lines(60_000))
    batches = read_batches(path, zone=ZONE, rows=1000, workers=2)
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    children = Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children").read_text().split()
    commands = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
    assert not [command for command in commands if b"intake.worker" in command]


def test_a_reading_process_that_dies_is_an_error_and_no_loss_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(lines(3000))
    false = tmp_path / "python"
    false.write_text("#!/bin/sh\nexit 9\n")
    false.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(false))
    with pytest.raises(ReaderStopped, match="ended with status") as stopped:
        list(read_batches(path, zone=ZONE, workers=1))
    assert stopped.value.exit_status == 3


def test_a_rejected_row_is_read_again_when_its_mapping_was_mended(tmp_path: Path) -> None:
    seed = his("gb18030", "|", "x")
    assert seed.mapping is not None
    narrow = seed.mapping.__struct_fields__ and type(seed.mapping)(
        **{f: getattr(seed.mapping, f) for f in seed.mapping.__struct_fields__}
        | {"values": {"action": {"打印": "print"}}}
    )
    path = tmp_path / "his.csv"
    path.write_bytes(seed.data + b"\n")
    right = {e.event_id: e for e in read_events(path, zone=ZONE, mapping=seed.mapping) if isinstance(e, AccessEvent)}
    pieces = [e for e in read_events(path, zone=ZONE, mapping=narrow) if isinstance(e, Rejected)]
    assert pieces and all(piece.reason.startswith("unmapped-action") for piece in pieces)
    for piece in pieces:
        assert [e.reason for e in reread(piece, zone=ZONE) if isinstance(e, Rejected)] == [
            "no-mapping: the piece is delimited text; give the mapping to read it by"
        ]
        [event] = reread(piece, zone=ZONE, mapping=seed.mapping)
        assert isinstance(event, AccessEvent) and event == right[event.event_id]


def test_a_whole_file_that_had_no_mapping_is_read_with_one(tmp_path: Path) -> None:
    seed = his("utf-8", ";", "x")
    path = tmp_path / "his.csv"
    path.write_bytes(seed.data)
    [piece] = read_events(path, zone=ZONE)
    assert isinstance(piece, Rejected) and piece.reason.startswith("unknown-format: text without a mapping")
    assert list(reread(piece, zone=ZONE, mapping=seed.mapping)) == list(
        read_events(path, zone=ZONE, mapping=seed.mapping)
    )


def test_a_piece_that_is_still_none_keeps_its_place_and_gets_the_reason_of_today(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(lines(2) + b'{"resourceType":"AuditEvent"}\n' + b"x" * (RECORD + 1))
    broken, long = (e for e in read(path) if isinstance(e, Rejected))
    assert list(reread(broken, zone=ZONE)) == [broken]
    [again] = reread(long, zone=ZONE)
    assert isinstance(again, Rejected) and again.reason.startswith("truncated")
