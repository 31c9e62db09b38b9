# SPDX-License-Identifier: Apache-2.0
"""The journal takes whole records, gives them back, and tells what was never finished from what was damaged."""

from __future__ import annotations

import errno
import itertools
import os
from pathlib import Path

import pytest

from wardkeep.ledger import journal as under_test
from wardkeep.ledger.errors import LedgerUnavailable
from wardkeep.ledger.journal import NO_RECORD, Fault, Journal, Record, cut, encode, files, read_file
from wardkeep.ledger.tiles import pack_bundle


def record(first: int, prev: bytes, count: int = 2) -> Record:
    bodies = [b"entry %d" % n for n in range(first, first + count)]
    return Record(
        first=first,
        count=count,
        prev=prev,
        batches=[("p", first, first, count, "00")],
        producers={"p": ("2026", first, first, first + count - 1, "00")},
        checkpoint=f"x.example\n{first + count}\nAAAA\n\n— x.example AAAA\n",
        bodies=pack_bundle(bodies),
    )


def grow(journal: Journal, *firsts: int) -> list[Record]:
    written = []
    for first in firsts:
        written.append(record(first, journal.previous))
        journal.append(written[-1])
    return written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def items(path: Path) -> tuple[list[Record], Fault | None]:
    found = list(read_file(path, NO_RECORD))
    fault = found.pop() if found and isinstance(found[-1], Fault) else None
    return [item[1] for item in found if isinstance(item, tuple)], fault if isinstance(fault, Fault) else None


def test_records_are_given_back_as_they_were_written(folder: Path) -> None:
    journal = Journal(folder, previous=NO_RECORD, next_index=0)
    written = grow(journal, 0, 2, 4)
    journal.close()
    (path,) = files(folder)
    assert path.name == "00000000000000000000.wkj"
    assert items(path) == (written, None)
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_cut_of_the_last_record_is_torn_and_the_ones_before_it_stand(folder: Path) -> None:
    journal = Journal(folder, previous=NO_RECORD, next_index=0)
    written = grow(journal, 0, 2)
    journal.close()
    (path,) = files(folder)
    raw = path.read_bytes()
    whole = len(encode(written[0])[0])
    for end in range(whole + 1, len(raw)):
        path.write_bytes(raw[:end])
        found, fault = items(path)
        assert found == written[:1]
        assert fault is not None and fault.torn and fault.offset == whole
    cut(path, whole)
    assert items(path) == (written[:1], None)


def test_a_tail_that_was_made_long_and_never_filled_is_torn(folder: Path) -> None:
    """A file system may have lengthened the file before the bytes arrived."""
    journal = Journal(folder, previous=NO_RECORD, next_index=0)
    written = grow(journal, 0, 2)
    journal.close()
    (path,) = files(folder)
    raw, whole = path.read_bytes(), len(encode(written[0])[0])
    for keep in (0, 3, 20, 100):
        path.write_bytes(raw[: whole + keep] + bytes(len(raw) - whole - keep))
        found, fault = items(path)
        assert found == written[:1]
        assert fault is not None and fault.torn


def test_any_change_with_a_whole_record_behind_it_is_damage_and_named_by_its_place(folder: Path) -> None:
    journal = Journal(folder, previous=NO_RECORD, next_index=0)
    written = grow(journal, 0, 2, 4)
    journal.close()
    (path,) = files(folder)
    raw = path.read_bytes()
    sizes = [len(encode(one)[0]) for one in written]
    for at in range(0, sizes[0] + sizes[1], 7):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 0x10]) + raw[at + 1 :])
        found, fault = items(path)
        hurt = 0 if at < sizes[0] else 1
        assert found == written[:hurt]
        assert fault is not None
        assert (fault.torn, fault.offset) == (False, sum(sizes[:hurt]))


def test_records_in_another_order_do_not_follow_each_other(folder: Path) -> None:
    journal = Journal(folder, previous=NO_RECORD, next_index=0)
    one, two, three = (encode(r)[0] for r in grow(journal, 0, 2, 4))
    journal.close()
    (path,) = files(folder)
    for order in itertools.permutations((one, two, three)):
        path.write_bytes(b"".join(order))
        _, fault = items(path)
        if order == (one, two, three):
            assert fault is None
        else:
            assert fault is not None and not fault.torn and "follow" in fault.what


def test_a_header_that_is_no_header_is_damage_even_under_a_good_digest(folder: Path) -> None:
    class Odd(Record):
        def header(self) -> bytes:
            return b'{"first": "x"}'

    one = record(0, NO_RECORD)
    odd = Odd(**{name: getattr(one, name) for name in Record.__dataclass_fields__})
    path = folder / "0.wkj"
    path.write_bytes(encode(odd)[0])
    assert items(path) == ([], Fault("0.wkj", 0, "the record's header is not readable", False))


def test_a_file_that_is_full_is_closed_and_the_next_is_named_by_its_first_entry(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "ROTATE", 1000)
    journal = Journal(folder, previous=NO_RECORD, next_index=0)
    written = grow(journal, *range(0, 20, 2))
    journal.close()
    names = [path.stem for path in files(folder)]
    assert len(names) > 2
    previous, found = NO_RECORD, []
    for path in files(folder):
        for item in read_file(path, previous):
            assert isinstance(item, tuple)
            found.append(item[1])
            previous = item[2]
        assert int(path.stem) in [one.first for one in written]
    assert found == written
    # Opened again it goes on in the newest file.
    journal = Journal(folder, previous=previous, next_index=20)
    grow(journal, 20)
    journal.close()
    assert [path.stem for path in files(folder)][: len(names)] == names


def test_files_go_when_their_entries_are_durable_elsewhere_but_for_the_two_newest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "ROTATE", 1)
    journal = Journal(folder, previous=NO_RECORD, next_index=0)
    grow(journal, *range(0, 12, 2))
    assert [int(path.stem) for path in files(folder)] == [0, 2, 4, 6, 8, 10]
    journal.forget(3)
    assert [int(path.stem) for path in files(folder)] == [2, 4, 6, 8, 10]
    journal.forget(4)
    assert [int(path.stem) for path in files(folder)] == [4, 6, 8, 10]
    journal.forget(10**6)
    assert [int(path.stem) for path in files(folder)] == [8, 10]


class Disk:
    """Write calls that fail when they are told to, after half of the bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.write_error = self.sync_error = self.undo_error = 0
        self._pwrite, self._sync, self._truncate = os.pwrite, os.fdatasync, os.ftruncate
        monkeypatch.setattr(os, "pwrite", self.pwrite)
        monkeypatch.setattr(os, "fdatasync", self.fdatasync)
        monkeypatch.setattr(os, "ftruncate", self.ftruncate)
        self.half = False

    def pwrite(self, fd: int, raw: memoryview, at: int) -> int:
        if not self.write_error:
            return self._pwrite(fd, raw, at)
        if not self.half:
            self.half = True
            return self._pwrite(fd, raw[: len(raw) // 2], at)
        raise OSError(self.write_error, "told to fail")

    def fdatasync(self, fd: int) -> None:
        if self.sync_error:
            code, self.sync_error = self.sync_error, 0
            raise OSError(code, "told to fail")
        self._sync(fd)

    def ftruncate(self, fd: int, size: int) -> None:
        if self.undo_error:
            raise OSError(self.undo_error, "told to fail")
        self._truncate(fd, size)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("where", ["write_error", "sync_error"])
def test_a_full_disk_leaves_the_journal_as_it_was_and_usable(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: int, where: str
) -> None:
    journal, disk = Journal(folder, previous=NO_RECORD, next_index=0), Disk(monkeypatch)
    written = grow(journal, 0)
    setattr(disk, where, code)
    with pytest.raises(LedgerUnavailable, match="cannot write"):
        grow(journal, 2)
    (path,) = files(folder)
    assert items(path) == (written, None)
    assert journal.broken is None
    disk.write_error, disk.half = 0, False
    written += grow(journal, 2)
    assert items(path) == (written, None)


def test_after_a_failed_sync_nothing_more_is_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel could not write it may have forgotten: nobody knows what is on disk."""
    journal, disk = Journal(folder, previous=NO_RECORD, next_index=0), Disk(monkeypatch)
    written = grow(journal, 0)
    disk.sync_error = errno.EIO
    with pytest.raises(LedgerUnavailable):
        grow(journal, 2)
    with pytest.raises(LedgerUnavailable, match="cannot be trusted") as caught:
        grow(journal, 2)
    assert caught.value.hint == "restart the writer"
    assert items(files(folder)[0]) == (written, None)


def test_a_write_that_cannot_be_undone_ends_the_journal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, disk = Journal(folder, previous=NO_RECORD, next_index=0), Disk(monkeypatch)
    written = grow(journal, 0)
    disk.write_error, disk.undo_error = errno.ENOSPC, errno.EIO
    with pytest.raises(LedgerUnavailable):
        grow(journal, 2)
    assert journal.broken is not None
    found, fault = items(files(folder)[0])
    assert found == written
    assert fault is not None and fault.torn  # the next start cuts it


def test_where_the_next_file_cannot_be_made_the_present_one_stays_open(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "ROTATE", 1)
    journal = Journal(folder, previous=NO_RECORD, next_index=0)
    written = grow(journal, 0)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "told to fail")

    monkeypatch.setattr(under_test, "sync_folder", refuse)
    with pytest.raises(LedgerUnavailable, match="cannot open"):
        grow(journal, 2)
    monkeypatch.undo()
    monkeypatch.setattr(under_test, "ROTATE", 1)
    written += grow(journal, 2)
    journal.close()
    assert [one for path in files(folder) for one in items_of(path)] == written


def items_of(path: Path) -> list[Record]:
    return [item[1] for item in read_file(path, None) if isinstance(item, tuple)]
