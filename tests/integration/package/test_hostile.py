# SPDX-License-Identifier: Apache-2.0
"""Packages that mean harm: each refused with a reason, none followed, unpacked or read without end."""

from __future__ import annotations

import io
import json
import random
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from tests.integration.package.test_check import put
from tests.packages import Desk
from wardkeep.evidence import BundleRefused
from wardkeep.package.check import check_package
from wardkeep.package.layout import is_package

Files = dict[str, bytes]


def packed(files: Files | list[tuple[str, bytes]], out: Path) -> Path:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    return out


def refused(path: Path, vkey: str) -> str:
    with pytest.raises(BundleRefused) as caught:
        check_package(path, vkey)
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "parts/0001/../../x", "parts\\0001\\x", "log/1.json", "LOG/0001.json", "x\0y"]
)
def test_a_name_that_no_package_has_is_refused(name: str, desk: Desk, files: Files, tmp_path: Path) -> None:
    assert "no file that a bundle has" in refused(packed(files | {name: b"x"}, tmp_path / "p.zip"), desk.vkey)
    assert not (tmp_path / "outside").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused(desk: Desk, files: Files, tmp_path: Path) -> None:
    twice = [*files.items(), ("log/0001.json", b"{}")]
    assert "twice" in refused(packed(twice, tmp_path / "p.zip"), desk.vkey)


def test_a_link_in_a_folder_or_a_zip_is_refused(desk: Desk, files: Files, tmp_path: Path) -> None:
    folder = put(tmp_path / "p", files)
    (folder / "parts/0001/0001.txt").unlink()
    (folder / "parts/0001/0001.txt").symlink_to("/etc/hostname")
    assert "no regular file" in refused(folder, desk.vkey)
    info = zipfile.ZipInfo("parts/0001/0009.txt")
    info.external_attr = 0o120777 << 16
    path = packed(files, tmp_path / "p.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "/etc/hostname")
    assert "no regular file" in refused(path, desk.vkey)


def test_a_bomb_is_refused_before_it_takes_memory(desk: Desk, files: Files, tmp_path: Path) -> None:
    bomb = packed(files | {"parts/0001/0001.txt": bytes(200 << 20)}, tmp_path / "p.zip")
    tracemalloc.start()
    try:
        assert "claim to hold" in refused(bomb, desk.vkey)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


def test_a_size_that_lies_is_cut_off_there(desk: Desk, files: Files, tmp_path: Path) -> None:
    path = packed(files | {"parts/0001/0001.txt": bytes(9 << 20)}, tmp_path / "p.zip")
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 9 << 20), struct.pack("<L", 8)))
    found = check_package(path, desk.vkey)
    assert "parts/0001/0001.txt" in {one.file for one in found.problems}


def test_a_large_part_is_checked_in_pieces(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.seal({"image.dcm": random.Random(1).randbytes(1 << 20) * 48})
    tracemalloc.start()
    try:
        assert check_package(desk.package, desk.vkey).ok
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{}", b"[]", b"null", b"[" * 100_000, b'{"format":"wardkeep-sealed-record/1"}', b"\xff" * 50,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b'"\\ud800"', b"1" * 5_000,
    ],
)  # fmt: skip
def test_a_first_step_that_is_none_is_named(raw: bytes, desk: Desk, files: Files, tmp_path: Path) -> None:
    found = check_package(put(tmp_path / "p", files | {"log/0001.json": raw}), desk.vkey)
    assert "log/0001.json" in {one.file for one in found.problems}
    assert "log/0001.json" in refused(put(tmp_path / "q", {"log/0001.json": raw}), desk.vkey)


def test_a_step_that_is_too_large_or_has_too_many_parts_is_refused(desk: Desk, files: Files, tmp_path: Path) -> None:
    huge = put(tmp_path / "p", files | {"log/0001.json": b" " * (9 << 20)})
    assert "log/0001.json has more than" in refused(huge, desk.vkey)
    said = json.loads(files["log/0001.json"])
    said["says"]["parts"] = [said["says"]["parts"][0] | {"name": str(n)} for n in range(5_001)]
    many = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    found = check_package(put(tmp_path / "q", files | {"log/0001.json": many}), desk.vkey)
    assert found.problems[0].file == "log/0001.json" or "log/0001.json" in {one.file for one in found.problems}


def test_a_log_without_end_is_not_read_to_its_end(
    desk: Desk, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wardkeep.package.check.LARGEST_LOG", sum(map(len, files.values())) // 50)
    assert "the log has more than" in refused(put(tmp_path / "p", files), desk.vkey)


def test_what_is_no_package_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("PK no")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04" + bytes(40))
    assert [is_package(tmp_path / name) for name in ("text", "cut.zip", "none")] == [False, False, False]


def fuzz(desk: Desk, files: Files, folder: Path, *, count: int, seed: int) -> None:
    """A ZIP with changed bytes is refused or named; where it holds, every file in it is the same."""
    dice, whole = random.Random(seed), packed(files, folder / "whole.zip").read_bytes()
    path = folder / "p.zip"
    for _ in range(count):
        raw = bytearray(whole)
        for _ in range(dice.randrange(1, 4)):
            raw[dice.randrange(len(raw))] ^= dice.randrange(1, 256)
        path.write_bytes(raw[: dice.randrange(len(raw))] if dice.random() < 0.1 else raw)
        try:
            found = check_package(path, desk.vkey)
        except BundleRefused as error:
            assert len(str(error)) > 5
            continue
        if found.ok:
            with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
                assert {name: archive.read(name) for name in archive.namelist()} == files


def test_an_edited_zip_is_refused_or_holds_the_same(desk: Desk, files: Files, tmp_path: Path) -> None:
    fuzz(desk, files, tmp_path, count=100, seed=1)


@pytest.mark.soak
def test_no_edit_of_ten_thousand_zips_is_accepted(desk: Desk, files: Files, tmp_path: Path) -> None:
    fuzz(desk, files, tmp_path, count=10_000, seed=2)
