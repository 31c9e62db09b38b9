# SPDX-License-Identifier: Apache-2.0
"""A witness with another history: told, with its proof, until it cosigns again; and a ledger beside what was seen of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.ledger.asking import LOG, Round, grow, rewritten, silent
from tests.integration.ledger.conftest import ORIGIN, SIGNER
from wardkeep.ledger import LedgerReader
from wardkeep.ledger.compare import Verdict, compare
from wardkeep.ledger.cosignature import cosignatures
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint
from wardkeep.ledger.witness.asking import Outcome
from wardkeep.ledger.witness.collecting import Collector
from wardkeep.ledger.witness.memory import Memory


@pytest.fixture
def asking(folder: Path, tmp_path: Path) -> Round:
    grow(folder, 5)
    return Round(folder, tmp_path)


def test_a_split_view_is_refused_and_told_with_its_proof(asking: Round, tmp_path: Path) -> None:
    asking()
    for size in (5, 9):  # as long as the first, and longer
        other = rewritten(asking.folder, tmp_path / f"other{size}", size)
        asking.collector = Collector(other, asking.reach)
        heard = asking.heard()
        assert {one.seen.outcome for one in heard} == {Outcome.FORK}
        conflict = heard[0].seen.conflict
        assert conflict is not None and conflict.sure and conflict.kind == Outcome.FORK
        evidence = open_checkpoint(conflict.evidence, LedgerReader(other).description.verifier(LOG))
        assert evidence.size == 6 and evidence.root != LedgerReader(other).root_at(LOG, 6)
        assert LedgerReader(other).cosigned(LOG) is None


def test_a_rollback_is_told_when_it_was_seen_twice(asking: Round, tmp_path: Path) -> None:
    shutil.copytree(asking.folder, tmp_path / "older")
    grow(asking.folder, 3)
    asking()
    asking.folder = tmp_path / "older"
    asking.collector = Collector(asking.folder, asking.reach)
    first = asking.heard()
    assert {one.seen.outcome for one in first} == {Outcome.ROLLBACK}
    assert not any(one.seen.conflict and one.seen.conflict.sure for one in first)
    second = asking.heard()
    assert all(one.seen.conflict and one.seen.conflict.sure for one in second)
    assert second[0].seen.conflict is not None
    assert (second[0].seen.conflict.witness_size, second[0].seen.conflict.our_size) == (9, 6)


def test_a_conflict_stays_while_the_witness_is_silent_and_goes_when_it_cosigns(asking: Round, tmp_path: Path) -> None:
    asking()
    true = asking.folder
    asking.folder = rewritten(true, tmp_path / "other", 9)
    asking.collector = Collector(asking.folder, asking.reach)
    asking()
    for one in asking.near:
        one.instead = silent
    asking()
    vkey = asking.policy.witnesses[0].cosigner.vkey()
    seen = Memory(asking.folder).of(vkey, LOG)
    assert seen is not None and seen.outcome == Outcome.UNREACHABLE and seen.conflict is not None
    # the true history is put back beside what is remembered
    (true / "witnesses.json").write_bytes((asking.folder / "witnesses.json").read_bytes())
    grow(true)
    for one in asking.near:
        one.instead = None
    asking.folder, asking.collector = true, Collector(true, asking.reach)
    asking()
    seen = Memory(true).of(vkey, LOG)
    assert seen is not None and seen.conflict is None


def test_what_is_damaged_here_is_vouched_for_by_nobody(asking: Round) -> None:
    asking()
    grow(asking.folder, 3)
    for tile in (asking.folder / "logs" / LOG / "tile" / "0").rglob("*.p/*"):
        tile.write_bytes(bytes(len(tile.read_bytes())))
    assert set(asking().values()) == {Outcome.UNPROVEN}


def test_a_ledger_is_compared_with_what_was_seen_of_it(asking: Round, tmp_path: Path) -> None:
    old = asking.reader.note(LOG)
    grow(asking.folder, 300)
    new = asking.reader.note(LOG)
    reader = asking.reader
    assert compare(reader, "old", old).verdict == Verdict.GROWN
    assert compare(reader, "new", new).verdict == Verdict.SAME
    shorter = LedgerReader(rewritten(asking.folder, tmp_path / "short", 2))
    longer = LedgerReader(rewritten(asking.folder, tmp_path / "long", 500))
    assert compare(shorter, "new", new).verdict == Verdict.ROLLBACK
    assert compare(longer, "new", new).verdict == compare(longer, "old", old).verdict == Verdict.FORK
    stranger = Ed25519PrivateKey.generate()
    theirs = Checkpoint(f"{ORIGIN}/2026", 3, bytes(32)).sign(stranger)
    assert compare(reader, "x", theirs).verdict == Verdict.OTHER_KEY
    vkey = Verifier.of(f"{ORIGIN}/2025", stranger).vkey()
    assert compare(reader, "x", theirs, vkey=vkey).verdict == Verdict.FORK
    elsewhere = Checkpoint("other.example/2026", 3, bytes(32)).sign(SIGNER)
    assert compare(reader, "x", elsewhere).verdict == Verdict.OTHER_LOG
    assert cosignatures(old, []) == []
