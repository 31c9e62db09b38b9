# SPDX-License-Identifier: Apache-2.0
"""A raw spool keeps what was acknowledged through every crash, tells damage, and says when it has no room."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from wardkeep.jobs.listen import rawspool
from wardkeep.jobs.listen.rawspool import Group, Heard, RawSpool, SpoolBusy, SpoolRefuses, read, waiting
from wardkeep.keys.errors import SealedError
from wardkeep.keys.growing import Damage

KEK = bytes(range(32))


def heard(*bodies: bytes) -> list[Heard]:
    return [Heard(1_000, "message", "10.0.0.7", body) for body in bodies]


def held(folder: Path) -> list[tuple[int, bytes]]:
    """Number and bytes of everything in the whole files."""
    return [
        (number, one.body)
        for path in waiting(folder)
        for part in read(path, kek=KEK)
        if isinstance(part, Group)
        for number, one in enumerate(part.heard, part.first)
    ]


def a_spool(folder: Path, limit: int = 64 << 20) -> RawSpool:
    return RawSpool(folder / "his", kek=KEK, limit=limit)


def abandoned(spool: RawSpool) -> Path:
    """The folder as a kill leaves it: the descriptors go, nothing else happens."""
    os.close(spool._lock)
    if spool.begun:
        os.close(spool._file)
    return spool.folder


def test_messages_are_numbered_on_through_files_and_starts(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    assert (spool.append(heard(b"a", b"b")), spool.append(heard(b"c"))) == (1, 3)
    assert spool.roll()
    assert not spool.roll()
    assert spool.append(heard(b"d")) == 4
    spool.close()
    assert held(spool.folder) == [(1, b"a"), (2, b"b"), (3, b"c"), (4, b"d")]
    for path in waiting(spool.folder):
        path.unlink()  # the store has them
    again = a_spool(tmp_path)
    assert again.append(heard(b"e")) == 5
    again.close()


def test_what_was_acknowledged_is_there_after_a_kill_and_a_torn_end_is_not(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.append(heard(b"a"))
    spool.append(heard(b"b"))
    folder = abandoned(spool)
    (path,) = folder.glob("*.open")
    with path.open("ab") as file:
        file.write(b"WKP1\0\0\0\2\0\0\0\x40torn")
    assert held(folder) == []  # nobody takes a file that may still grow
    again = a_spool(tmp_path)
    assert again.append(heard(b"c")) == 3
    again.close()
    assert held(folder) == [(1, b"a"), (2, b"b"), (3, b"c")]


@pytest.mark.parametrize("cut", [0, 1, 63, 64, 70, 100])
def test_a_file_cut_anywhere_in_its_first_group_is_no_message(tmp_path: Path, cut: int) -> None:
    spool = a_spool(tmp_path)
    spool.append(heard(b"never acknowledged"))
    folder = abandoned(spool)
    (path,) = folder.glob("*.open")
    os.truncate(path, cut)
    a_spool(tmp_path).close()
    assert held(folder) == []


def test_damage_in_the_middle_is_told_and_costs_no_other_group(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    for body in (b"a", b"b", b"c"):
        spool.append(heard(body))
    spool.close()
    (path,) = waiting(spool.folder)
    raw = bytearray(path.read_bytes())
    at = raw.index(b"WKP1", raw.index(b"WKP1") + 1) + 20
    raw[at] ^= 1
    path.write_bytes(raw)
    parts = list(read(path, kek=KEK))
    assert [type(part) for part in parts] == [Group, Damage, Group]
    assert held(spool.folder) == [(1, b"a"), (3, b"c")]


def test_no_plaintext_lies_on_the_disk_and_no_file_stands_for_another(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.append(heard(b"patient P-0001"))
    spool.append(heard(b"patient P-0002"))
    spool.close()
    (path,) = waiting(spool.folder)
    assert b"P-0001" not in path.read_bytes()
    other = path.with_name("0000000000000009.wkr")
    path.rename(other)
    with pytest.raises(SealedError):
        list(read(other, kek=KEK))


def test_a_spool_that_is_full_keeps_nothing_and_takes_again_when_there_is_room(tmp_path: Path) -> None:
    spool = a_spool(tmp_path, limit=rawspool.SMALLEST_LIMIT)
    kept = 0
    with pytest.raises(SpoolRefuses, match="its limit"):
        while True:
            spool.append(heard(b"x" * (1 << 20)))
            kept += 1
    spool.roll()
    assert len(held(spool.folder)) == kept
    for path in waiting(spool.folder):
        path.unlink()
    assert spool.append(heard(b"y")) == kept + 1
    spool.close()


def test_a_disk_that_refuses_costs_no_acknowledged_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = a_spool(tmp_path)
    spool.append(heard(b"a"))
    whole, refused = os.pwrite, []

    def half(descriptor: int, raw: bytes, at: int) -> int:
        if len(refused) == 1:
            refused.append(at)
            raise OSError(errno.ENOSPC, "No space left on device")
        refused.append(at)
        return whole(descriptor, bytes(raw)[: len(raw) // 2], at)

    monkeypatch.setattr(rawspool.os, "pwrite", half)
    with pytest.raises(SpoolRefuses, match="No space left"):
        spool.append(heard(b"b"))
    monkeypatch.setattr(rawspool.os, "pwrite", whole)
    assert held(spool.folder) == [(1, b"a")]
    assert spool.append(heard(b"b")) == 2
    spool.close()
    assert held(spool.folder) == [(1, b"a"), (2, b"b")]


def test_a_sync_that_fails_is_never_believed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = a_spool(tmp_path)
    spool.append(heard(b"a"))

    def fails(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(rawspool.os, "fdatasync", fails)
    with pytest.raises(SpoolRefuses):
        spool.append(heard(b"b"))
    monkeypatch.undo()
    assert spool.append(heard(b"c")) > 2  # the number of b may be on the disk, it is not given again
    spool.close()
    again = a_spool(tmp_path)
    again.close()
    assert [body for _, body in held(spool.folder) if body != b"b"] == [b"a", b"c"]


def test_a_spool_has_one_writer(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    with pytest.raises(SpoolBusy):
        a_spool(tmp_path)
    spool.close()
    a_spool(tmp_path).close()


def test_no_number_is_given_twice_where_the_disk_was_full_when_the_process_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = a_spool(tmp_path)
    assert spool.append(heard(b"a", b"b")) == 1
    whole = os.open

    def full(path: object, flags: int, *more: object, **named: object) -> int:
        if flags & os.O_CREAT:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(path, flags, *more, **named)  # type: ignore[arg-type]

    def no_room(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(rawspool.os, "open", full)
    monkeypatch.setattr(rawspool.os, "pwrite", no_room)
    monkeypatch.setattr(Path, "open", no_room)
    with pytest.raises(SpoolRefuses):
        spool.append(heard(b"c"))
    monkeypatch.undo()
    for path in waiting(spool.folder):
        path.unlink()  # the store has them
    again = a_spool(_left(spool, tmp_path))
    assert again.append(heard(b"c")) == 3
    again.close()


def _left(spool: RawSpool, folder: Path) -> Path:
    abandoned(spool)
    return folder


def test_what_was_kept_before_the_disk_was_full_is_given_to_the_store_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = a_spool(tmp_path)
    spool.append(heard(b"a"))

    def no_room(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(rawspool.os, "pwrite", no_room)
    monkeypatch.setattr(Path, "open", no_room)
    with pytest.raises(SpoolRefuses):
        spool.append(heard(b"b"))
    monkeypatch.undo()
    spool.look()
    assert held(spool.folder) == [(1, b"a")]
    assert spool.append(heard(b"b")) == 2
    spool.close()


def test_a_spool_begins_on_a_full_disk_and_gives_what_it_held_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = a_spool(tmp_path)
    spool.append(heard(b"a"))
    abandoned(spool)
    whole = Path.open

    def no_room(path: Path, mode: str = "r", *more: Any, **named: Any) -> Any:
        if "w" in mode:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(path, mode, *more, **named)

    monkeypatch.setattr(Path, "open", no_room)
    again = a_spool(tmp_path)
    assert held(spool.folder) == []
    assert again.size > 0
    monkeypatch.undo()
    again.look()
    assert held(spool.folder) == [(1, b"a")]
    assert again.append(heard(b"b")) == 2
    again.close()
