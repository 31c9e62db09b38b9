# SPDX-License-Identifier: Apache-2.0
"""Bundles that lie, and files that mean harm: each refused with a reason, none accepted, none followed or unpacked."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import re
import shutil
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.evidence.world import DOCTOR, NURSE, World
from wardkeep.evidence import BundleRefused, verify_bundle
from wardkeep.evidence.record import canonical

Files = dict[str, bytes]


def files_of(folder: Path) -> Files:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def put(folder: Path, files: Files) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def refuse(path: Path, vkey: str, match: str | None = None) -> str:
    with pytest.raises(BundleRefused, match=match) as caught:
        verify_bundle(path, vkey)
    assert len(str(caught.value)) > 5
    return str(caught.value)


def packed(files: Files | list[tuple[str, bytes]], out: Path) -> Path:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    return out


# --- lies


def set_in(said: Any, path: str, value: Any) -> None:
    *steps, last = path.split(".")
    for step in steps:
        said = said[step]
    said[last] = value


@pytest.mark.parametrize(
    "field, value, reason",
    [
        ("format", "wardkeep-evidence/2", "wardkeep-evidence/1"),
        ("query.name", "acts-of-account", "asks for account"),
        ("query.name", "../../etc/passwd", "no query"),
        ("query.version", 2, "no query"),
        ("query.version", True, "not readable"),
        ("query.sha256", "00" * 32, "query.sha256"),
        ("parameters", {"account": NURSE}, "asks for no parameter"),
        ("range.log", "2027", "not signed|of tests.example"),
        ("range.from", 150, "not in the range"),
        ("range.from", 256, "not in the range"),
        ("range.to", 600, "not in the range"),
        ("range.to", 765, "left out"),
        ("range.to", 768, "missing"),
        ("range.to", 10**15, "the checkpoint has"),
        ("range.to", 99, "not readable"),
        ("range.from", -1, "not readable"),
        ("checkpoint.origin", "else/2026", "checkpoint.origin"),
        ("checkpoint.size", 932, "checkpoint.size"),
        ("checkpoint.root", "00" * 32, "checkpoint.root"),
        ("result.rows", 0, "result.rows"),
        ("result.sha256", "00" * 32, "result.sha256"),
        ("complete", False, "complete"),
        ("gone", 1, "gone"),
        ("more", 1, "more"),
    ],
)
def test_every_field_of_the_manifest_is_checked(
    field: str, value: Any, reason: str, world: World, bundles: dict[str, Path], tmp_path: Path
) -> None:
    files = files_of(bundles["acts"])
    said = json.loads(files["manifest.json"])
    set_in(said, field, value)
    refuse(put(tmp_path / "b", files | {"manifest.json": canonical(said)}), world.vkey, f"(?i){reason}")


def test_a_result_over_acts_that_leaves_one_out_is_refused_though_all_else_agrees(
    world: World, bundles: dict[str, Path], tmp_path: Path
) -> None:
    files = files_of(bundles["acts"])
    lines = files["result.jsonl"].splitlines(keepends=True)
    gone = json.loads(lines[3])["index"].split(":")[1]
    files["result.jsonl"] = b"".join(lines[:3] + lines[4:])
    del files[f"proofs/{gone}.tlog-proof"], files[f"proofs/{gone}.entry"]
    said = json.loads(files["manifest.json"])
    said["result"] = {"rows": len(lines) - 1, "sha256": hashlib.sha256(files["result.jsonl"]).hexdigest()}
    files["manifest.json"] = canonical(said)
    refuse(put(tmp_path / "b", files), world.vkey, f"entry {gone}|keeps entry {gone}")


def test_an_act_whose_body_was_taken_out_of_the_bundle_is_counted(
    world: World, bundles: dict[str, Path], tmp_path: Path
) -> None:
    """Nobody can tell it from one that was expunged; so the bundle may not be called complete any more."""
    files = files_of(bundles["acts"])
    lines = files["result.jsonl"].splitlines(keepends=True)
    gone = int(json.loads(lines[0])["index"].split(":")[1])
    name = f"tile/entries/{gone // 256:03d}"
    raw, at = files[name], 0
    for _ in range(gone % 256):
        at += 2 + int.from_bytes(raw[at : at + 2], "big")
    files[name] = raw[:at] + b"\0\0" + raw[at + 2 + int.from_bytes(raw[at : at + 2], "big") :]
    files["result.jsonl"] = b"".join(lines[1:])
    del files[f"proofs/{gone}.tlog-proof"], files[f"proofs/{gone}.entry"]
    said = json.loads(files["manifest.json"])
    said["result"] = {"rows": len(lines) - 1, "sha256": hashlib.sha256(files["result.jsonl"]).hexdigest()}
    refuse(put(tmp_path / "b", files | {"manifest.json": canonical(said)}), world.vkey, "complete|gone")
    said |= {"complete": False, "gone": 1}
    shown = verify_bundle(put(tmp_path / "b", files | {"manifest.json": canonical(said)}), world.vkey)
    assert (shown.complete, shown.gone) == (False, 1)


def event_lie(change: Callable[[dict[str, Any]], None]) -> Callable[[Files], Files]:
    def lie(files: Files) -> Files:
        lines = [json.loads(line) for line in files["result.jsonl"].splitlines()]
        change(lines[1])
        files["result.jsonl"] = b"".join(canonical(line) + b"\n" for line in lines)
        said = json.loads(files["manifest.json"])
        said["result"]["sha256"] = hashlib.sha256(files["result.jsonl"]).hexdigest()
        return files | {"manifest.json": canonical(said)}

    return lie


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line["row"].update(account="a-colleague"),
        lambda line: line["row"].update(time_us=line["row"]["time_us"] + 1),
        lambda line: line["row"].update(time_us=str(line["row"]["time_us"])),  # its text would be the same
        lambda line: line["row"].update(breakglass=int(line["row"]["breakglass"])),
        lambda line: line["row"].update(count=True),
        lambda line: line["row"].update(patient_id="P4"),
        lambda line: line["row"].update(more="x"),
        lambda line: line["row"].pop("site"),
        lambda line: line["row"].update(raw_sha256=line["row"]["raw_sha256"].upper()),
        lambda line: line.update(salt="00" * 16),
        lambda line: line.update(index="2026:1"),
        lambda line: line.update(index="2026:0" + line["index"][5:]),
        lambda line: line.update(index=7),
        lambda line: line.update(row=[]),
    ],
)
def test_every_field_of_an_access_is_checked(
    change: Callable[[dict[str, Any]], None], world: World, bundles: dict[str, Path], tmp_path: Path
) -> None:
    refuse(put(tmp_path / "b", event_lie(change)(files_of(bundles["events"]))), world.vkey)


def test_what_is_missing_or_does_not_belong_is_named(world: World, bundles: dict[str, Path], tmp_path: Path) -> None:
    for kind in ("acts", "events"):
        files = files_of(bundles[kind])
        for name in files:
            less = {n: content for n, content in files.items() if n != name}
            assert re.search(r"missing|does not belong", refuse(put(tmp_path / "b", less), world.vkey))
        refuse(put(tmp_path / "b", files | {"proofs/1.entry": b"x"}), world.vkey, "proofs/1.entry does not belong")
        refuse(put(tmp_path / "b", files | {"tile/7/000": b"x"}), world.vkey, "tile/7/000 does not belong")
        false = files["verifier.html"].replace(b"The proof does not hold", b"The proof holds")
        refuse(put(tmp_path / "b", files | {"verifier.html": false}), world.vkey, "do not open it")


# --- files that mean harm


@pytest.mark.parametrize(
    "name",
    ["../escape", "/etc/passwd", "a\\..\\b", "tile/../manifest.json", "proofs/01.entry", "tile/0/000/", "x", "tile/0/000.p/0",
     "manifest.json\x00.txt", "proofs/1.entry\n", "verify.html", "C:evil", "tile/0/１２３"],
)  # fmt: skip
def test_a_name_that_no_bundle_has_is_refused_and_nothing_is_unpacked(
    name: str, world: World, bundles: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    info = zipfile.ZipInfo("manifest.json")
    info.filename = name
    path = tmp_path / "in" / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for known, content in files_of(bundles["acts"]).items():
            archive.writestr(known, content)
        archive.writestr(info, b"x")
    refuse(path, world.vkey, "no file that a bundle has|neither a folder|twice")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["b.zip", "in"]


def test_a_file_that_is_there_twice_is_refused(world: World, bundles: dict[str, Path], tmp_path: Path) -> None:
    files = list(files_of(bundles["acts"]).items())
    with pytest.warns(UserWarning, match="Duplicate"):
        path = packed([*files, ("manifest.json", b"{}")], tmp_path / "b.zip")
    refuse(path, world.vkey, "twice")


@pytest.mark.parametrize("name", ["manifest.json", "result.jsonl", "checkpoint", "tile/0/001", "proofs/131.entry"])
def test_a_bomb_is_refused_before_it_takes_memory(
    name: str, world: World, bundles: dict[str, Path], tmp_path: Path
) -> None:
    files = files_of(bundles["acts"])
    bomb = packed(files | {name: bytes(400 << 20)}, tmp_path / "bomb.zip")
    tracemalloc.start()
    began = time.monotonic()
    refuse(bomb, world.vkey)
    assert tracemalloc.get_traced_memory()[1] < 32 << 20
    assert time.monotonic() - began < 5
    tracemalloc.stop()


def test_a_bomb_that_lies_about_its_size_is_refused(world: World, bundles: dict[str, Path], tmp_path: Path) -> None:
    """The size in the directory of the ZIP is patched to a small one; what comes out is still cut off there."""
    path = packed(files_of(bundles["acts"]) | {"manifest.json": bytes(50 << 20)}, tmp_path / "b.zip")
    raw = path.read_bytes()
    path.write_bytes(raw.replace(struct.pack("<L", 50 << 20), struct.pack("<L", 500)))
    refuse(path, world.vkey)


def test_files_that_overlap_in_the_zip_are_refused(world: World, bundles: dict[str, Path], tmp_path: Path) -> None:
    """One compressed block under a hundred names is the other kind of bomb."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("proofs/0.entry", bytes(1 << 20))
        one = archive.infolist()[0]
        for n in range(1, 100):
            again = zipfile.ZipInfo(f"proofs/{n}.entry")
            again.compress_type, again.header_offset = one.compress_type, 0
            again.CRC, again.compress_size, again.file_size = one.CRC, one.compress_size, one.file_size
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
    (tmp_path / "b.zip").write_bytes(made.getvalue())
    refuse(tmp_path / "b.zip", world.vkey)


@pytest.mark.parametrize("kind", ["link", "folder link", "pipe", "socket"])
def test_a_folder_with_anything_but_files_is_refused(
    kind: str, world: World, bundles: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(tmp_path / "b", files_of(bundles["acts"]))
    target = folder / "query.toml"
    target.rename(tmp_path / "elsewhere")
    if kind == "link":
        target.symlink_to(tmp_path / "elsewhere")
    elif kind == "folder link":
        target.symlink_to(tmp_path)
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        import socket

        monkeypatch.chdir(folder)
        socket.socket(socket.AF_UNIX).bind("query.toml")
    refuse(folder, world.vkey, "no regular file")


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"x" * 1000, b"PK\x05\x06" + bytes(18), b"[" * 60_000, b"{}", b"null", b'{"format":' * 6000]
)
def test_what_is_no_bundle_is_refused(content: bytes, world: World, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(content)
    refuse(tmp_path / "b.zip", world.vkey)
    refuse(put(tmp_path / "b", {"manifest.json": content}), world.vkey, "manifest.json")


def test_a_result_of_nothing_but_brackets_is_refused(world: World, bundles: dict[str, Path], tmp_path: Path) -> None:
    for line in (b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b"\0" * 1000, b'{"index":1e999}', b'{"index":NaN}'):
        files = files_of(bundles["acts"]) | {"result.jsonl": line + b"\n"}
        refuse(put(tmp_path / "b", files), world.vkey, "result.jsonl")


# --- at random


def edited(raw: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(raw) + 1)
    kind = dice.randrange(4)
    if kind == 0 and raw:
        at = dice.randrange(len(raw))
        return raw[:at] + bytes([raw[at] ^ (1 << dice.randrange(8))]) + raw[at + 1 :]
    if kind == 1:
        return raw[:at] + raw[at + 1 + dice.randrange(40) :]
    if kind == 2:
        return raw[:at] + dice.randbytes(1 + dice.randrange(4)) + raw[at:]
    other = dice.randrange(len(raw) + 1)
    return raw[:at] + raw[other : other + dice.randrange(64)] + raw[at:]


def fuzz(world: World, bundles: dict[str, Path], tmp_path: Path, *, count: int, seed: int) -> None:
    """Edits of one file each; 0 accepted, and no other exception than a refusal with its reason."""
    dice, accepted, done = random.Random(seed), [], 0
    for kind in ("acts", "events"):
        files = files_of(bundles[kind])
        names, folder = sorted(files), put(tmp_path / kind, files)
        weights = [6 if "proofs" not in name else 1 for name in names]
        for _ in range(count // 2):
            name = dice.choices(names, weights)[0]
            changed = edited(files[name], dice)
            if changed == files[name]:
                continue
            (folder / name).write_bytes(changed)
            try:
                verify_bundle(folder, world.vkey)
                accepted.append((kind, name, changed))
            except BundleRefused:
                done += 1
            (folder / name).write_bytes(files[name])
        verify_bundle(folder, world.vkey)
    assert accepted == []
    assert done > count * 0.9


def fuzz_zip(world: World, tmp_path: Path, *, count: int, seed: int) -> None:
    """Edits of a ZIP: refused, or what comes out of it is what went in (times and comments say nothing)."""
    good = world.bundle("acts-of-account", 250, 300, tmp_path / "good.zip", account=DOCTOR)
    raw, right, dice = good.read_bytes(), verify_bundle(good, world.vkey), random.Random(seed)
    for _ in range(count):
        (tmp_path / "b.zip").write_bytes(edited(raw, dice))
        try:
            assert verify_bundle(tmp_path / "b.zip", world.vkey) == right
        except BundleRefused:
            continue


def test_no_edit_of_five_hundred_is_accepted(world: World, bundles: dict[str, Path], tmp_path: Path) -> None:
    fuzz(world, bundles, tmp_path, count=500, seed=1)


def test_an_edited_zip_is_refused_or_holds_the_same(world: World, tmp_path: Path) -> None:
    fuzz_zip(world, tmp_path, count=500, seed=2)


@pytest.mark.soak
def test_no_edit_of_ten_thousand_is_accepted(world: World, bundles: dict[str, Path], tmp_path: Path) -> None:
    fuzz(world, bundles, tmp_path, count=10_000, seed=3)
    fuzz_zip(world, tmp_path, count=10_000, seed=4)
