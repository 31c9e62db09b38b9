# SPDX-License-Identifier: Apache-2.0
"""Whatever is changed in store and ledger behind our back is named by the smallest unit that can be read."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from tests.integration.ledger.test_damage import unit_of
from tests.stored import NOON, Kept, Set, batch, many, row
from tests.unit.store.test_context import HOUR, patient
from wardkeep.keys.sealed import CHUNK, HEADER, TAG
from wardkeep.watch.store.folder import SEALED
from wardkeep.watch.store.manifest import FileRow
from wardkeep.watch.store.segment import pack, unpack

MANIFEST = {"manifest", "manifest row", "manifest page", "missing"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A store with everything in it."""
    kept = Kept(tmp_path_factory.mktemp("whole"))
    kept.load("patients", [patient(str(n), "Li") for n in range(300)])
    kept.take_in(many(900, days=3))
    kept.take_in(batch([row("e"), row(None)], [Set(raw=b"{" * 40)]))
    kept.take_in(batch([row("e", account="other")]))
    kept.load("patients", [patient(str(n), "Wu") for n in range(200)], at=NOON + HOUR)
    kept.store.save_run("run-1", "reasons", pa.table({"eid": list(range(500))}))
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON) as session:
        for piece in kept.pieces():
            session.amend(piece.id) if piece.is_conflict else session.replayed(piece.id)
    assert kept.problems() == []
    return kept


@pytest.fixture
def copy(whole: Kept, tmp_path: Path) -> Iterator[Kept]:
    target = tmp_path / "copy"
    shutil.copytree(whole.path, target)
    yield Kept(target)
    shutil.rmtree(target)


def files_of(kept: Kept) -> list[Path]:
    """Every file that says something."""
    skip = ("lock", "manifest.lock")
    return sorted(p for p in kept.path.rglob("*") if p.is_file() and p.name not in skip and p.stat().st_size)


def unit(kept: Kept, path: Path, at: int) -> tuple[set[str], str]:
    """The kinds that a problem at byte `at` of a file may have, and where it must be."""
    if path.is_relative_to(kept.path / "ledger"):
        kinds, where = unit_of(kept.path / "ledger", path, at)
        return kinds | {"row"}, where
    name = path.relative_to(kept.path / "store").as_posix()
    if name.startswith("manifest."):
        return MANIFEST, "manifest."
    if at < HEADER:
        return {"file"}, name
    return {"chunk"}, f"{name} chunk {(at - HEADER) // (CHUNK + TAG)}"


def change_bytes(whole: Kept, copy: Kept, count: int, *, seed: int) -> None:
    """Single bytes, spread evenly over the files: the unit is named, and nothing else is."""
    dice, files = random.Random(seed), files_of(whole)
    for number in range(count):
        path = files[number % len(files)]
        at, add = dice.randrange(path.stat().st_size), dice.randrange(1, 256)
        target = copy.path / path.relative_to(whole.path)
        raw = bytearray(path.read_bytes())
        raw[at] = (raw[at] + add) % 256
        target.write_bytes(raw)
        found = copy.problems()
        kinds, where = unit(whole, path, at)
        what = f"{path.relative_to(whole.path)} byte {at} + {add}: {found}"
        assert found, what
        assert {kind for kind, _ in found} <= kinds, what
        assert all(place.startswith(where) if where == "manifest." else place == where for _, place in found), what
        target.write_bytes(path.read_bytes())
    assert copy.problems() == []


def test_each_of_150_random_edits_is_named_by_its_unit(whole: Kept, copy: Kept) -> None:
    change_bytes(whole, copy, 150, seed=20260302)


@pytest.mark.soak
def test_each_of_a_thousand_random_edits_is_named_by_its_unit(whole: Kept, copy: Kept) -> None:
    change_bytes(whole, copy, 1000, seed=20260303)


def test_a_chunk_of_a_large_segment_is_named(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(many(60_000))
    (path,) = sorted((tmp_path / "store/segments").glob("*-02.wks"))
    raw = bytearray(path.read_bytes())
    assert len(raw) > HEADER + CHUNK + TAG
    raw[HEADER + CHUNK + TAG + 5] ^= 1
    path.write_bytes(raw)
    assert kept.problems() == [("chunk", f"segments/{path.name} chunk 1")]


def test_a_file_that_is_removed_cut_lengthened_or_exchanged_is_named(whole: Kept, copy: Kept) -> None:
    files = [path for path in files_of(whole) if path.is_relative_to(whole.path / "store")]
    for path in files:
        raw, name = path.read_bytes(), path.relative_to(whole.path / "store").as_posix()
        target = copy.path / "store" / name
        others = [other.read_bytes() for other in files if other.suffix == path.suffix and other != path]
        for changed in (None, b"", raw[:-1], raw[: len(raw) // 2], raw + b"\0", *others[:2]):
            if changed is None:
                target.unlink()
            else:
                target.write_bytes(changed)
            found = copy.problems()
            wanted = "manifest." if name.startswith("manifest.") else name
            assert found and all(place.startswith(wanted) for _, place in found), (name, found)
        target.write_bytes(raw)


def test_a_stray_file_is_named(copy: Kept) -> None:
    for name in ("segments/x.wks", "note.txt", "pending/x", "runs/.hidden"):
        (copy.path / "store" / name).write_bytes(b"x")
    (copy.path / "store" / "other").mkdir()
    found = copy.problems()
    assert sorted(found) == [
        ("stray", name) for name in ("note.txt", "other", "pending/x", "runs/.hidden", "segments/x.wks")
    ]


@pytest.mark.parametrize(
    "sql, place",
    [
        ("UPDATE file SET sha256 = (SELECT sha256 FROM file WHERE kind = 'run') WHERE kind = 'quarantine'", "table file row"),
        ("UPDATE file SET first = first + 1 WHERE no = (SELECT min(no) FROM file WHERE kind = 'segment')", "table file row"),
        ("DELETE FROM file WHERE kind = 'context'", "is missing"),
        ("UPDATE batch SET received_us = received_us - 1 WHERE seq = 2", "table batch row"),
        ("DELETE FROM done", "is missing"),
        ("UPDATE done SET how = 'amended'", "table done row"),
    ],
)  # fmt: skip
def test_an_edited_row_of_the_manifest_is_named(copy: Kept, sql: str, place: str) -> None:
    with contextlib.closing(sqlite3.connect(copy.path / "store/manifest.sqlite3")) as con:
        assert con.execute(sql).rowcount > 0
        con.commit()
    found = copy.problems()
    assert found and all(kind == "manifest row" and place in where for kind, where in found), found


def test_a_row_that_was_changed_by_someone_with_the_keys_is_named_by_its_index(copy: Kept) -> None:
    """Even a segment that is sealed anew, with a manifest that agrees, cannot say something else than its entries."""
    store = copy.store
    (segment, *_) = store.manifest.files("segment")
    table = unpack(_plain(copy, segment), segment.id).rows()
    accounts = table.column("account").to_pylist()
    accounts[7] = "innocent"
    accounts[11] = "innocent"
    at = table.schema.get_field_index("account")
    forged = table.set_column(at, table.schema.field(at), pa.array(accounts, pa.string()))
    digest = _reseal(copy, segment, pack(forged)[0])
    rows = {("row", f"2026:{(segment.first or 0) + n}") for n in (7, 11)}
    assert rows <= set(copy.problems())
    with contextlib.closing(sqlite3.connect(copy.path / "store/manifest.sqlite3", isolation_level=None)) as con:
        (number,) = con.execute("SELECT no FROM file WHERE id = ?", (segment.id,)).fetchone()
        made = replace(segment, sha256=digest)
        mac = store.manifest._mac("file", number, *(getattr(made, name) for name in FileRow.__slots__))
        con.execute("UPDATE file SET sha256 = ?, mac = ? WHERE no = ?", (digest, mac, number))
    store.manifest.mend_pages()
    assert rows <= set(copy.problems())
    assert {kind for kind, _ in copy.problems()} == {"row", "index"}


def test_a_context_file_that_was_sealed_anew_is_not_the_one_that_its_act_names(copy: Kept) -> None:
    (loaded, *_) = copy.store.manifest.files("context")
    _reseal(copy, loaded, _plain(copy, loaded))
    assert copy.problems() == [("file", f"context/{loaded.id}.wks")]


def test_an_older_store_put_back_whole_is_found_beside_its_ledger(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    kept.take_in(many(50))
    shutil.copytree(tmp_path / "kept/store", tmp_path / "older")
    kept.take_in(many(20, start=50))
    shutil.rmtree(tmp_path / "kept/store")
    shutil.copytree(tmp_path / "older", tmp_path / "kept/store")
    found = kept.problems()
    assert ("missing", "2026:51 to 70") in found and ("missing", "batches 2 to 2") in found
    from wardkeep.watch.store import StoreDamaged

    with pytest.raises(StoreDamaged, match="knows 2 batches of the store, the store holds 1"):
        kept.take_in(many(20, start=70))


def test_an_older_ledger_put_back_whole_is_found_beside_its_store(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    kept.take_in(many(50))
    shutil.copytree(tmp_path / "kept/ledger", tmp_path / "older")
    kept.take_in(many(20, start=50))
    shutil.rmtree(tmp_path / "kept/ledger")
    shutil.copytree(tmp_path / "older", tmp_path / "kept/ledger")
    # By segment: the twenty are of two local days.
    assert kept.problems() == [("missing", "2026:51 to 60"), ("missing", "2026:61 to 70")]


def test_what_waits_in_pending_is_checked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.watch.store import intake

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    kept = Kept(tmp_path)
    monkeypatch.setattr(intake, "finish", crash)
    with pytest.raises(KeyboardInterrupt):
        kept.take_in(many(50))
    assert kept.problems() == []
    path = min((tmp_path / "store/pending/b000001").glob("*.wks"))
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert kept.problems() == [("chunk", f"pending/b000001/{path.name} chunk 0")]
    path.write_bytes(good)
    batch_file = path.with_name("batch")
    said = batch_file.read_bytes()
    batch_file.write_bytes(said.replace(b'"seq":1', b'"seq":2'))
    assert ("batch", "pending/b000001/batch") in kept.problems()
    batch_file.write_bytes(said)
    monkeypatch.undo()
    assert kept.take_in(many(50)).duplicates == 50
    assert kept.problems() == []


def _plain(kept: Kept, row: FileRow) -> bytes:
    folder = kept.store.folder
    return folder.read(folder.place(row.kind, row.id), kind=row.kind, identity=row.id, rows=row.rows)


def _reseal(kept: Kept, row: FileRow, plaintext: bytes) -> str:
    folder = kept.store.folder
    path = folder.place(row.kind, row.id, SEALED)
    return folder.write(path, plaintext, kind=row.kind, identity=row.id, rows=row.rows)
