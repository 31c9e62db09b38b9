# SPDX-License-Identifier: Apache-2.0
"""The hand-over of a signing key, and checkpoints with a second signature, before the Go team's own note verifier."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.conformance.ledger.test_by_outsiders import Ask, by_go  # noqa: F401 - a fixture
from wardkeep.ledger.handover import HandOver
from wardkeep.ledger.note import Checkpoint, Verifier

ORIGIN = "hospital.example/ledger"
OLD, NEW, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))


def vkey(key: Ed25519PrivateKey) -> str:
    return Verifier.of(f"{ORIGIN}/2026", key).vkey()


def test_go_opens_the_note_of_a_hand_over_under_the_old_key_and_under_the_new_one(by_go: Ask) -> None:  # noqa: F811
    one = HandOver.make(ORIGIN, log="2026", index=7, old=OLD, new=NEW, at=datetime(2026, 3, 2, tzinfo=UTC))
    note = one.note(ORIGIN)
    asked = [(note, vkey(OLD)), (note, vkey(NEW)), (note, vkey(OTHER)), (note.replace("\n7\n", "\n8\n"), vkey(OLD))]
    answers = by_go(iter([json.dumps({"note": text, "vkey": key}) + "\n" for text, key in asked]))
    assert answers == [True, True, False, False]


def test_go_opens_a_checkpoint_that_is_signed_twice(by_go: Ask) -> None:  # noqa: F811
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="no ML-DSA in this cryptography")
    from wardkeep.ledger.second import SecondKey

    note = SecondKey(bytes(32)).sign(Checkpoint(f"{ORIGIN}/2026", 700, bytes(32)).sign(OLD))
    assert by_go(iter([json.dumps({"note": note, "vkey": vkey(OLD)}) + "\n"])) == [True]
