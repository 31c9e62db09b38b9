# SPDX-License-Identifier: Apache-2.0
"""A ledger that signs twice: what readers see, what verification makes of it, and turning it on and off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.ledger.conftest import connect, event
from tests.integration.ledger.outsider import Outsider, static
from wardkeep.ledger import LedgerReader, ProofRefused, verify_ledger
from wardkeep.ledger.export import export_ledger
from wardkeep.ledger.journal import files, read_file
from wardkeep.ledger.note import read_note
from wardkeep.ledger.proof import read_proof
from wardkeep.ledger.second import SecondKey

pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="no ML-DSA in this cryptography")

Copy = Callable[[Path], Path]


@pytest.fixture(scope="module")
def second() -> SecondKey:
    return SecondKey(bytes(32))


@pytest.fixture
def twice(filled: Path, copy_of: Copy, second: SecondKey) -> Path:
    folder = copy_of(filled)
    with connect(folder, second=second) as ledger:
        for seq in range(3):
            ledger.append("more", seq, [event(seq)])
            ledger.publish()
    return folder


def test_published_checkpoints_and_proofs_hold_under_both_keys(twice: Path) -> None:
    reader = LedgerReader(twice)
    verifier = reader.second("2026")
    assert verifier is not None
    reader.checkpoint("2026")
    verifier.require(reader.note("2026"))
    verifier.require(read_proof(reader.proof("2026", 5))[2])
    assert verify_ledger(twice).problems == []


def test_the_journal_does_not_grow_by_it(twice: Path) -> None:
    for path in files(twice / "journal/2026"):
        for item in read_file(path, None):
            assert isinstance(item, tuple) and len(read_note(item[1].checkpoint)[1]) == 1


def test_an_outsider_who_does_not_know_the_type_reads_on(twice: Path, tmp_path: Path) -> None:
    list(export_ledger(LedgerReader(twice), tmp_path / "out"))
    with static(tmp_path / "out/2026") as address:
        assert len(Outsider(address, LedgerReader(twice).vkey("2026")).read_all()) == LedgerReader(twice).size("2026")


def test_it_can_be_turned_off_and_on_again(twice: Path, second: SecondKey) -> None:
    with connect(twice) as ledger:
        ledger.append("more", 3, [event(3)])
    reader = LedgerReader(twice)
    verifier = reader.second("2026")
    assert verifier is not None
    with pytest.raises(ProofRefused):
        verifier.require(reader.note("2026"))
    assert verify_ledger(twice).problems == []
    with connect(twice, second=second) as ledger:
        ledger.append("more", 4, [event(4)])
    verifier.require(LedgerReader(twice).note("2026"))


def test_a_second_signature_that_does_not_hold_is_named(twice: Path) -> None:
    path = twice / "logs/2026/checkpoint"
    text, (first, wrong) = read_note(path.read_text())
    forged = type(wrong)(wrong.name, wrong.key_id, wrong.raw[:100] + bytes(10) + wrong.raw[110:])
    path.write_text(f"{text}\n{first.line()}{forged.line()}")
    (found,) = verify_ledger(twice).problems
    assert (found.kind, found.where) == ("checkpoint", "logs/2026/checkpoint")
    assert "second signature" in found.detail


def test_a_damaged_public_key_is_named(twice: Path) -> None:
    (twice / "ml-dsa-44.pub").write_text("00")
    assert [(p.kind, p.where) for p in verify_ledger(twice).problems] == [("description", "ml-dsa-44.pub")]
