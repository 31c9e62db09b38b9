# SPDX-License-Identifier: Apache-2.0
"""Incremental verification reads what is new, and finds in it what the full one finds; one entry alone has one state."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.ledger.conftest import ORIGIN, SIGNER, act, connect, event
from wardkeep.ledger import LedgerReader, ProofRefused, UnknownEntry, act_leaf, verify_ledger
from wardkeep.ledger.note import Checkpoint, Verifier
from wardkeep.ledger.tiles import pack_bundle, unpack_bundle
from wardkeep.ledger.verify_entry import State, verify_entry
from wardkeep.ledger.verify_since import verify_since

Copy = Callable[[Path], Path]


def at(folder: Path, size: int, log: str = "2026") -> dict[str, Checkpoint]:
    """What was kept when the log had `size` entries."""
    return {log: Checkpoint(f"{ORIGIN}/{log}", size, LedgerReader(folder).root_at(log, size))}


@pytest.mark.parametrize("size", [1, 2, 100, 255, 256, 257, 400, 512, 699, 700, 701])
def test_from_any_size_on_each_new_entry_is_counted_and_nothing_is_wrong(filled: Path, size: int) -> None:
    report = verify_since(filled, at(filled, size))
    assert (report.problems, report.size, report.intact) == ([], 701, 701 - size)


def test_without_a_kept_checkpoint_everything_is_read(filled: Path) -> None:
    report = verify_since(filled, {})
    assert (report.problems, report.size, report.intact) == ([], 701, 701)


def test_an_entry_that_was_changed_since_is_named_and_one_before_is_for_the_full_verification(
    filled: Path, copy_of: Copy
) -> None:
    copy = copy_of(filled)
    for n in (10, 600):
        path = bundle_of(copy, n)
        bodies = unpack_bundle(path.read_bytes(), path)
        bodies[n % 256] = event(999_999)[: len(bodies[n % 256])]
        path.write_bytes(pack_bundle(bodies))
    found = [(problem.kind, problem.where) for problem in verify_since(copy, at(filled, 300)).problems]
    assert found == [("entry", "2026:600")]
    full = {(problem.kind, problem.where) for problem in verify_ledger(copy).problems}
    assert {("entry", "2026:10"), ("entry", "2026:600")} <= full


def test_a_random_edit_behind_the_kept_checkpoint_is_never_overlooked(filled: Path, copy_of: Copy) -> None:
    """In any file that the new part needs: bundles and tiles of the present size, the checkpoint, the journal."""
    copy, dice, known = copy_of(filled), random.Random(5), at(filled, 256)
    logs = copy / "logs/2026"
    needed = [logs / "checkpoint", *logs.glob("tile/entries/001"), logs / "tile/0/001", logs / "tile/0/002.p/189"]
    needed += [logs / "tile/entries/002.p/189", logs / "tile/1/000.p/2", *(copy / "journal/2026").iterdir()]
    for number in range(150):
        path = needed[number % len(needed)]
        whole = path.read_bytes()
        place = dice.randrange(len(whole))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << dice.randrange(8)]) + whole[place + 1 :])
        assert not verify_since(copy, known).ok, (path, place)
        path.write_bytes(whole)
    assert verify_since(copy, known).ok


@pytest.mark.parametrize("name", ["tile/entries/001", "tile/0/001", "tile/1/000.p/2", "checkpoint"])
def test_a_file_that_is_gone_since_is_named(filled: Path, copy_of: Copy, name: str) -> None:
    copy = copy_of(filled)
    (copy / "logs/2026" / name).unlink()
    (problem,) = verify_since(copy, at(filled, 256)).problems
    assert problem.where == f"logs/2026/{name}"


def test_a_log_that_was_begun_since_is_read_whole_and_must_follow(folder: Path) -> None:
    with connect(folder) as ledger:
        ledger.append("a", 0, [event(n) for n in range(20)])
    known = at(folder, 21)
    with connect(folder, clock=lambda: datetime(2027, 1, 1, 1, tzinfo=UTC)) as ledger:
        ledger.append("a", 1, [event(n) for n in range(20, 300)])
    report = verify_since(folder, known)
    assert report.problems == []
    assert report.size == 22 + 281
    assert report.intact == 1 + 281


def test_another_key_is_refused_and_a_log_that_is_gone_is_missed(filled: Path) -> None:
    other = Verifier.of(f"{ORIGIN}/2026", Ed25519PrivateKey.generate()).vkey()
    assert [p.kind for p in verify_since(filled, {}, vkey=other).problems] == ["key"]
    assert verify_since(filled, {}, vkey=Verifier.of(f"{ORIGIN}/2026", SIGNER).vkey()).ok
    (missing,) = verify_since(filled, {"2025": Checkpoint(f"{ORIGIN}/2025", 5, bytes(32))}).problems
    assert (missing.kind, missing.where) == ("missing", "logs/2025")


# --- one entry


def bundle_of(folder: Path, n: int) -> Path:
    whole = folder / f"logs/2026/tile/entries/{n // 256:03d}"
    return whole if whole.exists() else max(whole.with_suffix(".p").iterdir(), key=lambda path: int(path.name))


@pytest.mark.parametrize("n", [0, 1, 255, 256, 600, 700])
def test_an_entry_is_intact(filled: Path, n: int) -> None:
    found = verify_entry(filled, "2026", n)
    assert (found.state, found.ok, found.size) == (State.INTACT, True, 701)


def test_an_entry_has_one_state_whatever_was_done_to_it(folder: Path) -> None:
    with connect(folder) as ledger:
        ledger.append("a", 0, [act(n) for n in range(300)])
        expunge = {"act": "ledger:entries:expunged", "entries": [["2026", 5, 5]]}
        ledger.append("a", 1, [act_leaf(expunge), *(event(n) for n in range(250))])

    def put(n: int, body: bytes) -> None:
        bodies = unpack_bundle(bundle_of(folder, n).read_bytes(), n)
        bodies[n % 256] = body
        bundle_of(folder, n).write_bytes(pack_bundle(bodies))

    put(5, b"")
    put(6, b"")
    put(7, act(12345))
    states = [verify_entry(folder, "2026", n).state for n in (4, 5, 6, 7)]
    assert states == [State.INTACT, State.EXPUNGED, State.MISSING, State.CHANGED]
    bundle_of(folder, 300).unlink()
    assert verify_entry(folder, "2026", 300).state == State.MISSING
    tile = folder / "logs/2026/tile/0/000"
    tile.write_bytes(tile.read_bytes()[:-32] + bytes(32))
    assert verify_entry(folder, "2026", 255).state == State.UNPROVEN


def test_an_index_beyond_the_log_is_unknown_and_a_foreign_key_refused(filled: Path) -> None:
    with pytest.raises(UnknownEntry):
        verify_entry(filled, "2026", 701)
    with pytest.raises(ProofRefused):
        verify_entry(filled, "2026", 5, vkey="nonsense")
