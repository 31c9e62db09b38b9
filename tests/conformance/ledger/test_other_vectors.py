# SPDX-License-Identifier: Apache-2.0
"""Our vectors of signatures with ML-DSA-44 and with SM2, run by our own code where the libraries are there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.ledger.test_own_vectors import KEY, SAID
from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.note import open_checkpoint, read_note
from wardkeep.ledger.second import SecondKey, SecondVerifier
from wardkeep.ledger.sm2 import Sm2Key, Sm2Verifier, read_pem


def test_the_checkpoint_is_signed_with_ml_dsa_too_and_readers_of_ed25519_pass_over_it() -> None:
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="no ML-DSA in this cryptography")
    said = SAID["second"]
    key = SecondVerifier.parse(said["vkey"])
    key.require(said["note"])
    assert SecondKey(bytes.fromhex(said["seed"])).public == key.public
    assert open_checkpoint(said["note"], KEY).size == 260


@pytest.mark.parametrize("one", SAID["no_second"], ids=lambda one: one["why"])
def test_each_broken_signature_with_ml_dsa_is_refused(one: dict[str, Any]) -> None:
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="no ML-DSA in this cryptography")
    with pytest.raises(ProofRefused):
        SecondVerifier.parse(SAID["second"]["vkey"]).require(one["note"])


def test_the_checkpoint_is_signed_with_sm2_beside_it() -> None:
    pytest.importorskip("tongsuopy.crypto", reason="no library for SM2 here")
    said = SAID["sm2"]
    key = Sm2Verifier.parse(said["vkey"])
    assert key.open(said["note"]) == read_note(SAID["log"]["checkpoint"])[0]
    assert key.public == read_pem(said["pem"]) == Sm2Key(bytes.fromhex(said["seed"])).public


@pytest.mark.parametrize("one", SAID["no_sm2"], ids=lambda one: one["why"])
def test_each_broken_signature_with_sm2_is_refused(one: dict[str, Any]) -> None:
    pytest.importorskip("tongsuopy.crypto", reason="no library for SM2 here")
    with pytest.raises(ProofRefused):
        Sm2Verifier.parse(SAID["sm2"]["vkey"]).open(one["note"])
