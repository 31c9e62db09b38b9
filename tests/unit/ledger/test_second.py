# SPDX-License-Identifier: Apache-2.0
"""The second signature: its message byte by byte, what holds, and what does not."""

from __future__ import annotations

import hashlib
import random
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger.errors import LedgerUnavailable, ProofRefused
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint, read_note
from wardkeep.ledger.second import SecondKey, SecondVerifier, message

mldsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="no ML-DSA in this cryptography")

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CHECKPOINT = Checkpoint("hospital.example/ledger/2026", 700, bytes(range(32)))
KEY = SecondKey(bytes(32))
SECOND = SecondVerifier(CHECKPOINT.origin, KEY.public)


def signed() -> str:
    return KEY.sign(CHECKPOINT.sign(SIGNER))


def test_the_message_is_the_structure_of_the_specification() -> None:
    name = b"hospital.example/ledger/2026"
    assert message("w.example", CHECKPOINT, 5) == (
        b"subtree/v1\n\x00"
        + b"\x09w.example"
        + (5).to_bytes(8, "big")
        + bytes([len(name)])
        + name
        + bytes(8)
        + (700).to_bytes(8, "big")
        + bytes(range(32))
    )


def test_a_checkpoint_has_both_signatures_and_holds_under_each_key() -> None:
    note = signed()
    assert open_checkpoint(note, Verifier.of(CHECKPOINT.origin, SIGNER)) == CHECKPOINT
    SECOND.require(note)
    _, (first, second) = read_note(note)
    assert (len(first.raw), len(second.raw), second.raw[:8]) == (64, 8 + 2420, bytes(8))
    digest = hashlib.sha256(CHECKPOINT.origin.encode() + b"\n\x06" + KEY.public).digest()
    assert second.key_id == digest[:4]


def test_the_library_itself_verifies_what_was_signed() -> None:
    _, (_, second) = read_note(signed())
    key = mldsa.MLDSA44PublicKey.from_public_bytes(KEY.public)
    key.verify(second.raw[8:], message(CHECKPOINT.origin, CHECKPOINT))


def test_the_verifier_key_reads_back() -> None:
    assert SecondVerifier.parse(SECOND.vkey()) == SECOND
    for vkey in (
        Verifier.of("x", SIGNER).vkey(),
        SECOND.vkey()[:-8],
        "x+00000000+Bg==",
        "",
        SECOND.vkey().replace("+", "-"),
    ):
        with pytest.raises(ProofRefused):
            SecondVerifier.parse(vkey)


def test_another_key_another_name_and_no_second_signature_are_refused() -> None:
    note = signed()
    for verifier in (
        SecondVerifier(CHECKPOINT.origin, SecondKey(bytes([1]) * 32).public),
        SecondVerifier("elsewhere", KEY.public),
    ):
        with pytest.raises(ProofRefused, match="no second signature"):
            verifier.require(note)
    with pytest.raises(ProofRefused, match="no second signature"):
        SECOND.require(CHECKPOINT.sign(SIGNER))


def test_a_signature_of_another_tree_or_another_time_does_not_hold() -> None:
    _, (_, second) = read_note(signed())
    assert SECOND.holds(CHECKPOINT.text(), second.raw)
    for other in (
        Checkpoint(CHECKPOINT.origin, 701, CHECKPOINT.root),
        Checkpoint("x", 700, CHECKPOINT.root),
        Checkpoint(CHECKPOINT.origin, 700, bytes(32)),
    ):
        assert not SECOND.holds(other.text(), second.raw)
    assert not SECOND.holds(CHECKPOINT.text(), bytes(7) + b"\1" + second.raw[8:])
    assert not SECOND.holds(CHECKPOINT.text(), b"\x80" + bytes(7) + second.raw[8:])
    assert not SECOND.holds("no checkpoint", second.raw)


def test_no_edit_of_a_signature_holds() -> None:
    _, (_, second) = read_note(signed())
    dice = random.Random(1)
    for _ in range(200):
        at = dice.randrange(len(second.raw))
        changed = second.raw[:at] + bytes([second.raw[at] ^ (1 << dice.randrange(8))]) + second.raw[at + 1 :]
        assert not SECOND.holds(CHECKPOINT.text(), changed)
    for length in (0, 8, 64, 2427, 2429):
        assert not SECOND.holds(CHECKPOINT.text(), second.raw[:length].ljust(length, b"x"))


def test_a_name_that_the_structure_cannot_hold_is_refused() -> None:
    for name in ("x" * 256, "医" * 86):
        with pytest.raises(ProofRefused, match="too long"):
            message(name, CHECKPOINT)


def test_without_the_library_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    monkeypatch.delattr("cryptography.hazmat.primitives.asymmetric.mldsa")
    with pytest.raises(LedgerUnavailable, match="no ML-DSA-44"):
        SecondKey(bytes(32))
