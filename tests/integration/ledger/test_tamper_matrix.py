# SPDX-License-Identifier: Apache-2.0
"""The tamper matrix: edit, delete, insert, swap, truncate, rollback, fork, key swap, index-only edit; each detected and named.

Three hands do it. One changes files. One has no key and makes every tile and bundle anew, so that they agree with each other.
One has the signing key and makes the whole ledger anew: then the ledger is whole in itself, and only a checkpoint that was kept
from before tells. That is why checkpoints are kept elsewhere.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.ledger.conftest import ORIGIN, SIGNER, clock, connect, event
from wardkeep.ledger import Ledger, LedgerDamaged, LedgerReader, Report, verify_ledger
from wardkeep.ledger.journal import encode, read_file
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint
from wardkeep.ledger.tiles import pack_bundle, tile_path
from wardkeep.ledger.verify_since import compare_with, verify_since

Bodies = list[bytes]
Copy = Callable[[Path], Path]
#: The place that is tampered with: in a full bundle, and behind what was settled.
AT = 300
THIEF = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
VKEY = Verifier.of(f"{ORIGIN}/2026", SIGNER).vkey()


def edit(bodies: Bodies) -> Bodies:
    return [*bodies[:AT], event(777_777), *bodies[AT + 1 :]]


def delete(bodies: Bodies) -> Bodies:
    return bodies[:AT] + bodies[AT + 1 :]


def insert(bodies: Bodies) -> Bodies:
    return [*bodies[:AT], event(777_777), *bodies[AT:]]


def swap(bodies: Bodies) -> Bodies:
    return [*bodies[:AT], bodies[AT + 1], bodies[AT], *bodies[AT + 2 :]]


def truncate(bodies: Bodies) -> Bodies:
    return bodies[:-60]


TAMPERS = [edit, delete, insert, swap, truncate]


def all_bodies(folder: Path) -> Bodies:
    reader = LedgerReader(folder)
    return reader.bodies("2026", 0, reader.size("2026") - 1)


def kept(folder: Path) -> dict[str, Checkpoint]:
    """A checkpoint that somebody kept while all was well."""
    return {"2026": open_checkpoint(LedgerReader(folder).note("2026"), Verifier.parse(VKEY))}


def kinds(report: Report) -> set[str]:
    return {problem.kind for problem in report.problems}


def made_anew(folder: Path, bodies: Bodies, signer: Ed25519PrivateKey) -> Path:
    """A whole ledger with these entries behind its own first one."""
    Ledger.create(folder, origin=ORIGIN, signer=signer, at=clock())
    with connect(folder, signer=signer) as ledger:
        ledger.append("intake:hospital", 0, bodies[1:])
    return folder


# --- by somebody who changes files


@pytest.mark.parametrize("tamper", TAMPERS)
def test_a_bundle_that_was_tampered_with_is_named(
    filled: Path, copy_of: Copy, tamper: Callable[[Bodies], Bodies]
) -> None:
    copy, bodies = copy_of(filled), tamper(all_bodies(filled))
    for number in range(3):
        part = bodies[number * 256 : (number + 1) * 256]
        width = min(256, 701 - number * 256)
        (copy / "logs/2026" / tile_path("entries", number, width)).write_bytes(pack_bundle(part))
    report = verify_ledger(copy, vkey=VKEY)
    assert kinds(report) <= {"entry", "bundle", "missing"}
    first = 641 if tamper is truncate else AT
    where = {problem.where for problem in report.problems}
    assert f"2026:{first}" in where or any("tile/entries" in place for place in where)
    assert not any(place.startswith("2026:") and int(place[5:]) < first for place in where)
    assert not verify_since(copy, {}, vkey=VKEY).ok


@pytest.mark.parametrize("tamper", TAMPERS)
def test_a_journal_that_was_tampered_with_is_named(
    filled: Path, copy_of: Copy, tamper: Callable[[Bodies], Bodies]
) -> None:
    """With digest and chain made anew, as far as one can without the key."""
    copy = copy_of(filled)
    path = sorted((copy / "journal/2026").iterdir())[-1]
    raw, previous = b"", None
    for item in read_file(path, None):
        assert isinstance(item, tuple)
        record = item[1]
        if previous is None:
            previous = record.prev
        bodies = record.bodies
        if record.first <= AT < record.first + record.count:
            size = 2 + len(event(0))
            entry, rest = bodies[:size], bodies[size:]
            bodies = {
                edit: pack_bundle([event(777_777)]) + rest,
                delete: rest,
                insert: pack_bundle([event(777_777)]) + bodies,
                swap: rest[:size] + entry + rest[size:],
                truncate: bodies[:-size],
            }[tamper]
        changed = type(record)(
            first=record.first, count=record.count, prev=previous, batches=record.batches,
            producers=record.producers, checkpoint=record.checkpoint, bodies=bodies,
        )  # fmt: skip
        packed, previous = encode(changed)
        raw += packed
    path.write_bytes(raw)
    assert kinds(verify_ledger(copy, vkey=VKEY)) == {"journal"}


def test_an_older_copy_that_was_put_back_is_a_rollback_to_whoever_kept_a_checkpoint(
    folder: Path, tmp_path: Path
) -> None:
    with connect(folder) as ledger:
        ledger.append("a", 0, [event(n) for n in range(50)])
    older = Path(shutil.copytree(folder, tmp_path / "older"))
    with connect(folder) as ledger:
        ledger.append("a", 1, [event(n) for n in range(50, 300)])
    known = kept(folder)
    report = verify_ledger(older, vkey=VKEY)
    assert report.ok  # it is whole in itself
    compare_with(older, known, report)
    assert kinds(report) == {"rollback"}
    assert "301" in report.problems[0].detail and "51" in report.problems[0].detail
    assert kinds(verify_since(older, known, vkey=VKEY)) == {"rollback"}


def test_a_checkpoint_alone_that_was_put_back_does_not_hide_what_came_later(filled: Path, copy_of: Copy) -> None:
    copy = copy_of(filled)
    shutil.copy(copy / "logs/2026/settled", copy / "logs/2026/checkpoint")
    report = verify_ledger(copy, vkey=VKEY)
    compare_with(copy, kept(filled), report)
    assert "rollback" in kinds(report)


@pytest.mark.parametrize("level", [0, 1])
def test_an_edit_of_the_index_alone_is_named(filled: Path, copy_of: Copy, level: int) -> None:
    """The hashes that lead to an entry, not the entry."""
    copy = copy_of(filled)
    path = copy / "logs/2026" / tile_path(level, 1 if level == 0 else 0, 256 if level == 0 else 2)
    raw = bytearray(path.read_bytes())
    raw[AT % 256 * 32 if level == 0 else 40] ^= 1
    path.write_bytes(bytes(raw))
    report = verify_ledger(copy, vkey=VKEY)
    assert [(p.kind, p.where) for p in report.problems] == [("tile", path.relative_to(copy).as_posix())]
    assert report.intact == 701
    with pytest.raises(LedgerDamaged):
        LedgerReader(copy).proof("2026", AT + 1 if level == 0 else 10)


def test_an_edit_of_the_list_of_producers_alone_is_named(filled: Path, copy_of: Copy) -> None:
    """The index by which a repetition is recognised: with a wrong one an entry could come twice."""
    copy = copy_of(filled)
    path = sorted((copy / "journal/2026").iterdir())[-1]
    records = [item for item in read_file(path, None) if isinstance(item, tuple)]
    at, record, _ = records[-1]
    name, (log, seq, *rest) = next(iter(record.producers.items()))
    record.producers[name] = (log, seq - 1, *rest)
    path.write_bytes(path.read_bytes()[:at] + encode(record)[0])
    report = verify_ledger(copy, vkey=VKEY)
    assert [(p.kind, p.where) for p in report.problems] == [("journal", f"journal/2026/{path.name}@{at}")]


# --- by somebody without the key who makes all files agree


@pytest.mark.parametrize("tamper", TAMPERS)
def test_a_tree_made_anew_without_the_key_does_not_give_the_signed_root(
    filled: Path, copy_of: Copy, tmp_path: Path, tamper: Callable[[Bodies], Bodies]
) -> None:
    copy = copy_of(filled)
    forged = made_anew(tmp_path / "forged", tamper(all_bodies(filled)), THIEF)
    shutil.rmtree(copy / "logs/2026/tile")
    shutil.copytree(forged / "logs/2026/tile", copy / "logs/2026/tile")
    report = verify_ledger(copy, vkey=VKEY)
    assert kinds(report) & {"root", "tile", "bundle", "entry", "missing"}
    assert not verify_since(copy, {}, vkey=VKEY).ok


@pytest.mark.parametrize("tamper", TAMPERS)
def test_a_ledger_under_a_swapped_key_is_named_by_its_key(
    filled: Path, tmp_path: Path, tamper: Callable[[Bodies], Bodies]
) -> None:
    forged = made_anew(tmp_path / "forged", tamper(all_bodies(filled)), THIEF)
    assert verify_ledger(forged).ok  # the key that it names itself is no trust
    assert [(p.kind, p.where) for p in verify_ledger(forged, vkey=VKEY).problems] == [("key", "ledger.json")]
    said = json.loads((filled / "ledger.json").read_bytes())["public"]
    shutil.copy(filled / "ledger.json", forged / "ledger.json")
    assert "checkpoint" in kinds(verify_ledger(forged, vkey=VKEY))
    assert said == SIGNER.public_key().public_bytes_raw().hex()


# --- by somebody who has the key


@pytest.mark.parametrize("tamper", TAMPERS)
def test_a_second_history_under_the_right_key_is_a_fork_to_whoever_kept_a_checkpoint(
    filled: Path, tmp_path: Path, tamper: Callable[[Bodies], Bodies]
) -> None:
    forged = made_anew(tmp_path / "forged", tamper(all_bodies(filled)), SIGNER)
    report = verify_ledger(forged, vkey=VKEY)
    assert report.ok
    expected = "rollback" if len(tamper(all_bodies(filled))) < 701 else "fork"
    compare_with(forged, kept(filled), report)
    assert kinds(report) == {expected}
    assert kinds(verify_since(forged, kept(filled), vkey=VKEY)) == {expected}


def test_two_checkpoints_of_one_size_are_a_fork(filled: Path, tmp_path: Path) -> None:
    forged = made_anew(tmp_path / "forged", swap(all_bodies(filled)), SIGNER)
    (problem,) = verify_since(forged, kept(filled)).problems
    assert problem.kind == "fork"


def test_a_log_that_only_grew_is_neither(folder: Path) -> None:
    known = {}
    with connect(folder) as ledger:
        for seq, count in enumerate((1, 200, 55, 256, 3)):
            ledger.append("a", seq, [event(seq * 1000 + n) for n in range(count)])
            ledger.publish()
            known[seq] = kept(folder)
    for checkpoints in known.values():
        assert verify_since(folder, checkpoints, vkey=VKEY).ok
