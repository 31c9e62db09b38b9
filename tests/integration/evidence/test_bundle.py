# SPDX-License-Identifier: Apache-2.0
"""What a query finds, and what its bundle shows to somebody who has nothing but the key."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.evidence.world import DOCTOR, World
from tests.integration.ledger.outsider import mth
from tests.stored import NOON, SIGNER
from wardkeep.evidence import (
    BundleRefused,
    BundleUnwritable,
    RangeRefused,
    UnknownQuery,
    events_in,
    load,
    queries,
    range_of,
    verify_bundle,
    write,
)
from wardkeep.ledger import Ledger, check_proof
from wardkeep.ledger.note import Verifier
from wardkeep.watch.store.sealed_rows import held_rows


def lines(result: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.splitlines()]


def test_a_query_over_acts_keeps_exactly_those_that_the_definition_names(world: World) -> None:
    reader = world.kept.reader()
    _, found = world.ask("acts-of-account", 0, world.size - 1, account=DOCTOR)
    bodies = reader.bodies("2026", 0, world.size - 1)
    right = [n for n, body in enumerate(bodies) if body[:1] == b"{" and json.loads(body).get("actor") == DOCTOR]
    assert [one.n for one in found.found] == right
    assert len(right) > 20


def test_a_query_over_events_keeps_exactly_the_accesses_of_the_patient(world: World) -> None:
    _, found = world.ask("accesses-of-patient", 0, world.size - 1, patient="P3")
    said = lines(found.text())
    known = world.kept.ask("SELECT n FROM all_events WHERE patient_id = 'P3' AND kind = 'access' ORDER BY n")
    assert [one["index"] for one in said] == [f"2026:{n}" for (n,) in known]
    assert {one["row"]["patient_id"] for one in said} == {"P3"}  # type: ignore[index]
    assert "姓名" not in found.text().decode()  # texts of queries stay sealed in the row


def test_the_same_range_and_version_give_the_same_bytes_also_when_the_ledger_has_grown(tmp_path: Path) -> None:
    world = World.make(tmp_path / "one")
    asked = (
        ("cases-decided", {}),
        ("acts-of-account", {"account": DOCTOR}),
        ("accesses-of-patient", {"patient": "P3"}),
    )
    before = [world.ask(name, 10, 400, **values)[1].text() for name, values in asked]
    with world.kept.ledger() as ledger:
        ledger.append("later", 1, [b'{"act":"case:outcome:set"}'] * 300)
    assert before == [world.ask(name, 10, 400, **values)[1].text() for name, values in asked]
    assert all(before)


@pytest.mark.parametrize("kind", ["acts", "events", "none"])
def test_a_bundle_holds_for_whoever_has_the_key(kind: str, world: World, bundles: dict[str, Path]) -> None:
    shown = verify_bundle(bundles[kind], world.vkey)
    assert shown.sha256 == hashlib.sha256((bundles[kind] / "result.jsonl").read_bytes()).hexdigest()
    assert shown.rows == len(lines((bundles[kind] / "result.jsonl").read_bytes()))
    assert (shown.rows > 0) == (kind != "none")
    assert shown.complete == (kind != "events")
    assert shown.gone == 0


@pytest.mark.parametrize(
    "first, last", [(0, 0), (0, 255), (255, 256), (256, 511), (1, 930), (600, 929), (512, 767), (930, 930)]
)
def test_a_bundle_holds_wherever_its_range_lies(first: int, last: int, world: World, tmp_path: Path) -> None:
    assert world.size == 931
    shown = verify_bundle(world.bundle("cases-decided", first, last, tmp_path / "b"), world.vkey)
    assert (shown.where.first, shown.where.last, shown.complete) == (first, last, True)


def test_a_zip_and_a_folder_hold_the_same_and_are_the_same_bytes_each_time(world: World, tmp_path: Path) -> None:
    one = world.bundle("cases-decided", 0, 300, tmp_path / "one.zip")
    two = world.bundle("cases-decided", 0, 300, tmp_path / "two.zip")
    assert one.read_bytes() == two.read_bytes()
    folder = world.bundle("cases-decided", 0, 300, tmp_path / "folder")
    with zipfile.ZipFile(one) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
        }
    assert verify_bundle(one, world.vkey) == verify_bundle(folder, world.vkey)


def test_each_record_has_a_proof_that_other_tools_read(world: World, bundles: dict[str, Path]) -> None:
    for kind in ("acts", "events"):
        for path in (bundles[kind] / "proofs").glob("*.tlog-proof"):
            n, tree = check_proof(path.read_text(), path.with_suffix(".entry").read_bytes(), world.vkey)
            assert (n, tree.size) == (int(path.stem), world.size)


def test_the_tiles_of_a_bundle_are_those_of_the_log(world: World, bundles: dict[str, Path]) -> None:
    leaves = world.kept.reader().leaf_hashes("2026", 0, world.size - 1)
    tile = (bundles["acts"] / "tile/0/001").read_bytes()
    assert tile == b"".join(leaves[256:512])
    assert (bundles["acts"] / "tile/1/000.p/3").read_bytes()[32:64] == mth(leaves[256:512])


def test_an_expunged_body_is_counted_and_the_bundle_no_longer_claims_to_be_complete(
    world: World, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(world.kept.path, copy)
    path = copy / "ledger/logs/2026/tile/entries/000"
    raw = path.read_bytes()
    size = int.from_bytes(raw[:2], "big")
    path.write_bytes(b"\0\0" + raw[2 + size :])
    lame = World(type(world.kept)(copy))
    shown = verify_bundle(lame.bundle("cases-decided", 0, 300, tmp_path / "b"), world.vkey)
    assert (shown.gone, shown.complete) == (1, False)


def test_a_bundle_is_nothing_under_another_key(world: World, bundles: dict[str, Path]) -> None:
    other = world.vkey.split("+")[0]
    with pytest.raises(BundleRefused, match="not signed by"):
        verify_bundle(bundles["acts"], Verifier(other, bytes(32)).vkey())


def test_a_bundle_holds_under_an_older_key_that_handed_over(world: World, tmp_path: Path) -> None:
    copy = World(type(world.kept)(Path(shutil.copytree(world.kept.path, tmp_path / "copy"))))
    new = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
    Ledger.rotate(copy.kept.path / "ledger", old=SIGNER, new=new, clock=lambda: NOON)
    bundle = copy.bundle("cases-decided", 100, 700, tmp_path / "b")
    assert copy.vkey != world.vkey
    assert verify_bundle(bundle, world.vkey) == verify_bundle(bundle, copy.vkey)
    foreign = Verifier.of(world.vkey.split("+")[0], Ed25519PrivateKey.generate()).vkey()
    with pytest.raises(BundleRefused, match=r"keys\.jsonl"):
        verify_bundle(bundle, foreign)
    keys = bundle / "keys.jsonl"
    kept = keys.read_bytes()
    for lie in (b"", kept[:-1], kept + kept, kept.replace(b'"index":931', b'"index":900'), kept + b"{}\n", b"[" * 9000):
        keys.write_bytes(lie)
        with pytest.raises(BundleRefused, match=r"keys\.jsonl|checkpoint"):
            verify_bundle(bundle, world.vkey)
    keys.unlink()
    with pytest.raises(BundleRefused, match="checkpoint"):
        verify_bundle(bundle, world.vkey)


def test_a_range_must_lie_in_one_log(world: World) -> None:
    for first, last in (("2026:5", "2027:1"), ("5", "4"), ("0", str(world.size)), ("x", "4")):
        with pytest.raises(RangeRefused):
            range_of(world.kept.reader(), first, last)


def test_a_bundle_overwrites_nothing(world: World, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(BundleUnwritable):
        world.bundle("cases-decided", 0, 3, tmp_path / "b")


def test_events_whose_rows_are_no_longer_stored_are_counted(world: World, tmp_path: Path) -> None:
    copy = World(type(world.kept)(Path(shutil.copytree(world.kept.path, tmp_path / "copy"))))
    where = range_of(copy.kept.reader(), "0", str(copy.size - 1))

    def lost() -> int:
        return events_in(copy.kept.reader(), where) - held_rows(copy.kept.store, where.log, where.first, where.last)

    assert lost() == 0
    segment = copy.kept.store.manifest.files("segment")[2]
    copy.kept.store.manifest.set_state(segment.id, "expunged")
    assert lost() == segment.rows > 0


def test_a_bundle_that_is_cut_off_is_not_there(tmp_path: Path) -> None:
    def parts() -> Iterator[tuple[str, bytes]]:
        yield "manifest.json", b"{}"
        raise KeyboardInterrupt

    for name in ("b", "b.zip"):
        for _ in range(2):  # what the first left is in nobody's way
            with pytest.raises(KeyboardInterrupt):
                write(parts(), tmp_path / name)
            assert not (tmp_path / name).exists()
        write(iter([("manifest.json", b"{}")]), tmp_path / name)


def test_every_query_is_readable_and_its_published_text_never_changes() -> None:
    known = {f"{one.name} {one.version}": one.sha256[:16] for one in queries()}
    assert known == {
        "accesses-of-patient 1": "8fa59b89cddb3edb",
        "acts-of-account 1": "a9fa5f26486d4bd7",
        "acts-of-package 1": "0682a2735888995c",
        "cases-decided 1": "b204fcdc10e97a6d",
    }


@pytest.mark.parametrize(
    "name, values",
    [
        ("no-such", {}),
        ("../query", {}),
        ("acts-of-account", {}),
        ("acts-of-account", {"account": ""}),
        ("acts-of-account", {"account": "a\nb"}),
        ("acts-of-account", {"account": "x" * 201}),
        ("acts-of-account", {"account": "a", "more": "b"}),
        ("cases-decided", {"account": "a"}),
    ],
)
def test_a_query_takes_what_it_asks_for_and_nothing_else(name: str, values: dict[str, str]) -> None:
    with pytest.raises(UnknownQuery):
        load(name).checked(values)
