# SPDX-License-Identifier: Apache-2.0
"""Cosignatures: bytes as the standard draws them, no second reading, and no witness taken for a log."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.ledger.cosignature import LATEST, Cosigner, cosign, cosignatures, parse_cosigner
from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.note import Checkpoint, Signature, Verifier, open_checkpoint, read_note, sign_note
from wardkeep.ledger.second import SecondKey, SecondVerifier, message

LOG = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
NAME = "witness.example/w1"
WITNESS = Cosigner.of(NAME, SIGNER)
ORIGIN = "hospital.example/ledger/2026"
CHECKPOINT = Checkpoint(ORIGIN, 123, bytes(range(32)))
NOTE = CHECKPOINT.sign(LOG)
AT = 1_679_315_147


def cosigned(at: int = AT) -> str:
    return NOTE + cosign(CHECKPOINT.text(), NAME, SIGNER, at=at).line()


def test_a_cosignature_is_the_time_and_the_signature_over_a_header_the_time_and_the_text() -> None:
    public = SIGNER.public_key().public_bytes_raw()
    key_id = hashlib.sha256(NAME.encode() + b"\n\x04" + public).digest()[:4]
    message = f"cosignature/v1\ntime {AT}\n{CHECKPOINT.text()}".encode()
    raw = key_id + struct.pack(">Q", AT) + SIGNER.sign(message)
    assert cosigned().splitlines()[-1] == f"\u2014 {NAME} {base64.b64encode(raw).decode()}"
    assert WITNESS.vkey() == f"{NAME}+{key_id.hex()}+{base64.b64encode(bytes([4]) + public).decode()}"
    assert Cosigner.parse(WITNESS.vkey()) == WITNESS


@given(st.integers(1, LATEST), st.integers(0, 2**62), st.binary(min_size=32, max_size=32), st.lists(st.just("more\n")))
def test_what_was_cosigned_is_found_with_its_time(at: int, size: int, root: bytes, extension: list[str]) -> None:
    text = Checkpoint(ORIGIN, size, root).text() + "".join(extension)
    note = sign_note(text, ORIGIN, LOG) + cosign(text, NAME, SIGNER, at=at).line()
    (found,) = cosignatures(note, [WITNESS])
    assert (found.cosigner, found.at) == (WITNESS, at)
    assert open_checkpoint(note, Verifier.of(ORIGIN, LOG)) == Checkpoint(ORIGIN, size, root)


@given(st.integers(0, len(cosigned().encode()) - 1), st.integers(1, 255))
def test_with_any_byte_changed_no_cosignature_is_found(at: int, add: int) -> None:
    raw = bytearray(cosigned().encode())
    raw[at] = (raw[at] + add) % 256
    try:
        found = cosignatures(bytes(raw).decode(), [WITNESS])
    except (ProofRefused, UnicodeDecodeError):
        return
    # What is not under the witness's signature is the log's own line: it may be anything that can be read.
    assert found == [] or bytes(raw).startswith(CHECKPOINT.text().encode())


def test_a_known_witness_whose_cosignature_fails_rejects_the_note() -> None:
    line = cosign(CHECKPOINT.text(), NAME, SIGNER, at=AT)
    for raw in (line.raw[:-1] + b"x", struct.pack(">Q", AT + 1) + line.raw[8:], line.raw[:-1], line.raw + b"x", b"x"):
        with pytest.raises(ProofRefused, match="does not hold"):
            cosignatures(NOTE + Signature(NAME, line.key_id, raw).line(), [WITNESS])


def test_a_time_beyond_63_bits_is_refused_though_its_signature_holds() -> None:
    message = f"cosignature/v1\ntime {2**63}\n{CHECKPOINT.text()}".encode()
    raw = struct.pack(">Q", 2**63) + SIGNER.sign(message)
    with pytest.raises(ProofRefused, match="does not hold"):
        cosignatures(NOTE + Signature(NAME, WITNESS.key_id, raw).line(), [WITNESS])


def test_other_witnesses_are_ignored_and_of_two_by_one_witness_the_newer_counts() -> None:
    other = Ed25519PrivateKey.generate()
    note = cosigned() + cosign(CHECKPOINT.text(), "other.example", other, at=5).line() + NOTE.splitlines()[-1] + "\n"
    assert [found.at for found in cosignatures(note, [WITNESS])] == [AT]
    twice = cosigned(AT) + cosigned(AT + 9).splitlines()[-1] + "\n" + cosigned(AT + 3).splitlines()[-1] + "\n"
    assert [found.at for found in cosignatures(twice, [WITNESS])] == [AT + 9]


def test_a_log_is_no_witness_and_a_witness_no_log() -> None:
    with pytest.raises(ProofRefused, match="type 04"):
        Cosigner.parse(Verifier.of(NAME, SIGNER).vkey())
    with pytest.raises(ProofRefused, match="not of type Ed25519"):
        Verifier.parse(WITNESS.vkey())
    same_key = sign_note(CHECKPOINT.text(), NAME, SIGNER)
    assert cosignatures(same_key, [WITNESS]) == []


@pytest.mark.parametrize("text", ["", "x\n", f"{ORIGIN}\n1\n", f"{ORIGIN}\n01\n{'A' * 43}=\n"])
def test_only_a_checkpoint_is_cosigned(text: str) -> None:
    with pytest.raises(ProofRefused):
        cosign(text, NAME, SIGNER, at=AT)


@pytest.mark.parametrize("at", [0, -1, 2**63])
def test_a_cosignature_has_a_time(at: int) -> None:
    with pytest.raises(ValueError, match="no time"):
        cosign(CHECKPOINT.text(), NAME, SIGNER, at=at)


@given(st.text(max_size=200))
def test_any_text_is_a_readable_line_or_refused(text: str) -> None:
    with contextlib.suppress(ProofRefused):
        assert Signature.parse(text).line() == text + "\n"


@given(st.text(max_size=300) | st.builds(lambda a, b: f"{a}\n\n\u2014 {b}\n", st.text(), st.text()))
def test_any_text_is_a_readable_note_or_refused(text: str) -> None:
    try:
        read, signatures = read_note(text)
    except ProofRefused:
        return
    assert read + "\n" + "".join(one.line() for one in signatures) == text


@given(st.text(max_size=120) | st.builds(lambda n, i, k: f"{n}+{i}+{k}", st.text(), st.text(), st.text()))
def test_any_text_is_the_key_of_a_witness_or_refused(text: str) -> None:
    with pytest.raises(ProofRefused):
        Cosigner.parse(text)


def by_ml_dsa(at: int, name: str = "pq.example/w") -> tuple[SecondVerifier, str]:
    """A witness with a key that no quantum computer breaks, and its line."""
    key = SecondKey(bytes(range(32)))
    witness = SecondVerifier(name, key.public)
    raw = struct.pack(">Q", at) + key._key.sign(message(name, CHECKPOINT, at))
    return witness, Signature(name, witness.key_id, raw).line()


def test_a_witness_with_ml_dsa_is_believed_beside_one_with_ed25519() -> None:
    witness, line = by_ml_dsa(AT)
    assert parse_cosigner(witness.vkey()) == witness and parse_cosigner(WITNESS.vkey()) == WITNESS
    found = cosignatures(cosigned() + line, [witness, WITNESS])
    assert {(one.cosigner.name, one.at) for one in found} == {(NAME, AT), ("pq.example/w", AT)}
    with pytest.raises(ProofRefused, match="does not hold"):
        cosignatures(NOTE.replace("\n123\n", "\n124\n") + line, [witness])


def test_a_cosignature_without_a_time_is_none_of_a_witness() -> None:
    witness, line = by_ml_dsa(0)
    assert cosignatures(NOTE + line, [witness]) == []
