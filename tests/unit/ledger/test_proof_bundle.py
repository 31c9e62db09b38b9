# SPDX-License-Identifier: Apache-2.0
"""One file holds a proof, its entry and its key; what was changed in it is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.unit.ledger import model
from wardkeep.ledger.entry import event_leaf
from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.note import Checkpoint, Verifier
from wardkeep.ledger.proof import write_proof
from wardkeep.ledger.proof_bundle import ProofBundle, is_bundle

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NAME = "hospital.example/ledger/2026"
VKEY = Verifier.of(NAME, SIGNER).vkey()
SALT, ROW = bytes(range(16)), b"3:E01,1:0,"
ENTRIES = [b'{"act":"x:y"}', event_leaf(SALT, ROW), event_leaf(SALT, b"another")]


def bundle(index: int, **more: Any) -> ProofBundle:
    note = Checkpoint(NAME, 3, model.mth(ENTRIES)).sign(SIGNER)
    return ProofBundle(
        proof=write_proof(index, model.path(index, ENTRIES), note), entry=ENTRIES[index], vkey=VKEY, **more
    )


@pytest.mark.parametrize("made", [bundle(0), bundle(1), bundle(1, salt=SALT, row=ROW)])
def test_a_bundle_reads_back_as_it_was_written_and_holds(made: ProofBundle) -> None:
    raw = made.encode()
    assert is_bundle(raw)
    assert not is_bundle(made.proof.encode())
    again = ProofBundle.decode(raw)
    assert again == made
    assert again.check(VKEY)[0] == int(made.proof.split("\n")[1].removeprefix("index "))


def test_the_row_of_another_access_is_refused() -> None:
    for salt, row, index in ((SALT, b"another", 1), (bytes(16), ROW, 1), (SALT + b"3", ROW[1:], 1), (SALT, ROW, 0)):
        with pytest.raises(ProofRefused):
            bundle(index, salt=salt, row=row).check(VKEY)


def test_the_key_in_the_file_is_not_trusted() -> None:
    other = Verifier.of(NAME, Ed25519PrivateKey.from_private_bytes(bytes(32))).vkey()
    with pytest.raises(ProofRefused):
        bundle(1).check(other)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "wardkeep-proof/2"},
        {"entry": "0"},
        {"entry": "AB"},
        {"entry": "ab "},
        {"entry": None},
        {"proof": 1},
        {"vkey": None},
        {"salt": "00"},
    ],
)
def test_what_is_no_bundle_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ProofRefused):
        ProofBundle.decode(json.dumps(json.loads(bundle(1).encode()) | change).encode())
    for raw in (b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000):
        with pytest.raises(ProofRefused):
            ProofBundle.decode(raw)
