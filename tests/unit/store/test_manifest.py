# SPDX-License-Identifier: Apache-2.0
"""Every edit of the manifest is named, and every crash of its writer is none."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from wardkeep.watch.store import StoreDamaged
from wardkeep.watch.store.manifest import BatchRow, DoneRow, FileRow, Manifest

KEY = b"k" * 32


def file_row(identity: str, seq: int) -> FileRow:
    return FileRow(id=identity, kind="segment", seq=seq, log="2026", first=0, last=9, rows=10)


def batch_row(seq: int) -> BatchRow:
    return BatchRow(seq=seq, log="2026", first=0, last=9, received_us=1)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    made = Manifest(tmp_path / "manifest.sqlite3", key=KEY)
    made.create()
    made.commit([batch_row(1), file_row("s1", 1)])
    made.commit([batch_row(2), file_row("s2", 2), DoneRow(piece="q1-0", how="replayed", seq=2, at_us=1)])
    return made


def test_of_a_piece_that_was_closed_and_opened_again_the_last_row_counts(manifest: Manifest) -> None:
    with contextlib.closing(sqlite3.connect(manifest.path)) as con:
        con.execute('CREATE UNIQUE INDEX "done_key" ON "done" ("piece")')  # as in a home of before
    manifest.mend_pages()
    for seq, how, done in (
        (3, "dismissed", {"q1-0", "q1-1"}),
        (4, "reopened", {"q1-0"}),
        (5, "replayed", {"q1-0", "q1-1"}),
    ):
        manifest.commit([batch_row(seq), DoneRow(piece="q1-1", how=how, seq=seq, at_us=1)])
        assert manifest.trusted().settled.keys() == done
    assert manifest.trusted().settled == {"q1-0": "replayed", "q1-1": "replayed"}
    assert manifest.changed_pages() == []
    manifest.rewrite(manifest.trusted())
    assert manifest.trusted().settled == {"q1-0": "replayed", "q1-1": "replayed"}


def test_who_reads_beside_commits_sees_each_whole_or_not_at_all(manifest: Manifest) -> None:
    def commit() -> None:
        for seq in range(3, 63):
            manifest.commit([batch_row(seq), file_row(f"s{seq}", seq)])

    writer = threading.Thread(target=commit)
    writer.start()
    seen = 0
    while writer.is_alive():
        found = manifest.contents()
        assert found.faults == []
        assert {row.seq for row in found.files} == {row.seq for row in found.batches}
        seen += 1
    writer.join()
    assert seen > 1
    assert manifest.last_seq() == 62


EXCLUSIVE = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute("BEGIN EXCLUSIVE")
except sqlite3.OperationalError as error:
    print(error)
"""


def test_the_macs_of_pages_are_made_and_compared_without_letting_go_of_a_lock(manifest: Manifest) -> None:
    with contextlib.closing(sqlite3.connect(manifest.path, isolation_level=None)) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM file").fetchone()
        manifest.mend_pages()
        assert manifest.changed_pages() == []
        words = [sys.executable, "-c", EXCLUSIVE, str(manifest.path)]
        other = subprocess.run(words, capture_output=True, text=True, check=True)
        assert other.stdout.strip() == "database is locked"


def edit(manifest: Manifest, sql: str) -> list[str]:
    with contextlib.closing(sqlite3.connect(manifest.path)) as con:
        con.execute("PRAGMA ignore_check_constraints=ON")
        con.executescript(sql)
        con.commit()
    return [fault.where for fault in manifest.contents().faults]


def test_what_was_committed_is_read(manifest: Manifest) -> None:
    assert (manifest.last_seq(), manifest.trusted().settled, len(manifest.trusted())) == (2, {"q1-0": "replayed"}, 5)
    assert [row.id for row in manifest.files("segment")] == ["s1", "s2"]
    assert manifest.changed_pages() == []


@pytest.mark.parametrize(
    "sql, named",
    [
        ("UPDATE file SET day = 5 WHERE id = 's2'", "table file row 4 (s2) was changed"),
        ("UPDATE file SET first = '0' WHERE id = 's1'; UPDATE file SET rows = 11 WHERE id = 's1'", "table file row 2 (s1)"),
        ("UPDATE batch SET received_us = 0 WHERE seq = 1", "table batch row 1 (1) was changed"),
        ("UPDATE file SET mac = (SELECT mac FROM file WHERE id = 's1') WHERE id = 's2'", "row 4 (s2) was changed"),
        ("DELETE FROM done", "manifest.sqlite3 row 5 is missing"),
        ("DELETE FROM file WHERE id = 's1'", "manifest.sqlite3 row 2 is missing"),
        ("INSERT INTO file SELECT 6, 's3', kind, seq, log, first, last, rows, day, min_us, max_us, plain_bytes, sha256, canonical, state, meta, mac FROM file WHERE no = 2", "row 6 (s3) was changed"),  # noqa: E501
        ("UPDATE head SET count = 4", "table head row 1 was changed"),
        ("DELETE FROM head", "table head row 1 was changed"),
        ("DROP TABLE done", "cannot be read"),
    ],
)  # fmt: skip
def test_an_edited_row_is_named(manifest: Manifest, sql: str, named: str) -> None:
    found = edit(manifest, sql)
    assert any(named in where for where in found), found
    with pytest.raises(StoreDamaged, match="manifest was changed"):
        manifest.trusted()


def test_the_newest_rows_cut_off_with_their_count_are_missed(manifest: Manifest, tmp_path: Path) -> None:
    """An older head row does not help: rows without gaps end where the count says. An older whole file is another test."""
    con = sqlite3.connect(manifest.path)
    head = con.execute("SELECT mac FROM head").fetchone()[0]
    con.close()
    manifest.commit([batch_row(3)])
    with contextlib.closing(sqlite3.connect(manifest.path)) as con:
        con.execute("UPDATE head SET count = 5, mac = ?", (head,))
        con.commit()
    assert [fault.where for fault in manifest.contents().faults] == ["manifest.sqlite3 row 6 is beyond the count of 5"]


def test_bytes_that_no_row_uses_cannot_change_unseen(manifest: Manifest) -> None:
    raw = bytearray(manifest.path.read_bytes())
    free = raw.rindex(b"\0" * 200)
    raw[free + 100] = 1
    manifest.path.write_bytes(raw)
    assert manifest.contents().faults == []
    assert manifest.changed_pages() == [f"manifest.sqlite3 page {(free + 100) // 4096 + 1}"]


def test_an_edited_file_of_page_marks_is_named(manifest: Manifest) -> None:
    path = manifest.path.with_name("manifest.pages")
    raw = bytearray(path.read_bytes())
    for at in (0, 35, len(raw) - 1):
        changed = bytearray(raw)
        changed[at] ^= 1
        path.write_bytes(changed)
        assert manifest.changed_pages() == ["manifest.pages was changed"]
    path.unlink()
    assert manifest.changed_pages() == ["manifest.pages is missing"]


def test_a_crash_before_the_page_marks_were_written_is_no_damage(manifest: Manifest) -> None:
    path = manifest.path.with_name("manifest.pages")
    before = path.read_bytes()
    manifest.commit([batch_row(3)])
    path.write_bytes(before)
    assert manifest.changed_pages() == []
    manifest.mend_pages()
    assert path.read_bytes() != before and manifest.changed_pages() == []


def test_a_transaction_that_a_crash_cut_off_is_rolled_back_by_the_next_reader(
    manifest: Manifest, tmp_path: Path
) -> None:
    con = sqlite3.connect(manifest.path, isolation_level=None)
    con.execute("PRAGMA cache_size=1")
    con.execute("BEGIN IMMEDIATE")
    for number in range(200):  # more than the cache holds, so that pages are written before the commit
        con.execute("INSERT INTO done VALUES (?, ?, 'x', 1, 1, x'00')", (100 + number, f"piece {number}" * 20))
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for name in ("manifest.sqlite3", "manifest.sqlite3-journal", "manifest.pages"):
        shutil.copy(tmp_path / name, crashed / name)
    con.execute("ROLLBACK")
    con.close()
    found = Manifest(crashed / "manifest.sqlite3", key=KEY)
    assert len(found.trusted()) == 5
    assert found.changed_pages() == []


def test_a_manifest_whose_tables_are_named_by_no_text_is_a_fault(manifest: Manifest) -> None:
    raw = manifest.path.read_bytes()
    at = raw.index(b"STRICT")
    manifest.path.write_bytes(raw[:at] + b"STR\xe6CT" + raw[at + 6 :])
    assert [fault.kind for fault in manifest.contents().faults] == ["manifest"]
    with pytest.raises(StoreDamaged, match=r"manifest\.sqlite3 cannot be read"):
        manifest.trusted()


def test_a_manifest_that_is_gone_is_missed(manifest: Manifest) -> None:
    manifest.path.unlink()
    with pytest.raises(StoreDamaged, match=r"manifest\.sqlite3"):
        manifest.trusted()


def test_a_file_can_be_marked_as_expunged(manifest: Manifest) -> None:
    manifest.set_state("s1", "expunged")
    assert [row.id for row in manifest.files("segment")] == ["s2"]
    assert (manifest.contents().faults, manifest.changed_pages()) == ([], [])
