# SPDX-License-Identifier: Apache-2.0
"""Cosignatures (c2sp.org/tlog-cosignature): a witness says when it saw a checkpoint, and that it was append-only.

Who cosigns is named like who signs, with a key of another type, so that neither can be taken for the other. A witness
cosigns with Ed25519 (type 04), with ML-DSA-44 (type 06), or with both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.note import Checkpoint, Signature, key_id, read_note, read_vkey, signed_by, write_vkey
from wardkeep.ledger.second import ML_DSA_44, SecondVerifier

COSIGNATURE = b"\x04"
#: Bytes of the time before the signature.
TIME = 8
LATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness: a key name and an Ed25519 public key of 32 bytes."""

    name: str
    public: bytes

    @classmethod
    def of(cls, name: str, signer: Ed25519PrivateKey) -> Cosigner:
        return cls(name, signer.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, vkey: str) -> Cosigner:
        """Read `name+keyid+base64`. Raises ProofRefused for another type than 04, a wrong id, or anything else."""
        name, kind, public = read_vkey(vkey)
        if kind != COSIGNATURE or len(public) != 32:
            raise ProofRefused(f"the verifier key {name!r} is not of a witness with Ed25519 (type 04)")
        return cls(name, public)

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, COSIGNATURE, self.public)

    def vkey(self) -> str:
        return write_vkey(self.name, COSIGNATURE, self.public)

    def holds(self, text: str, signature: bytes) -> bool:
        """Whether `signature`, which begins with its time, is of this key over the checkpoint `text`."""
        at = int.from_bytes(signature[:TIME], "big")
        if len(signature) != TIME + 64 or at > LATEST:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature[TIME:], _message(text, at))
        except (InvalidSignature, ValueError):
            return False
        return True


#: A witness by either kind of key.
AnyCosigner = Cosigner | SecondVerifier


def parse_cosigner(vkey: str) -> AnyCosigner:
    """The key of a witness, of type 04 or 06. Raises ProofRefused for anything else."""
    return SecondVerifier.parse(vkey) if read_vkey(vkey)[1] == ML_DSA_44 else Cosigner.parse(vkey)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """Who cosigned a checkpoint, and when (seconds since 1970, by the witness's clock)."""

    cosigner: AnyCosigner
    at: int
    signature: Signature


def cosign(text: str, name: str, signer: Ed25519PrivateKey, *, at: int) -> Signature:
    """The signature line of the witness `name` on a checkpoint's text, at the second `at`. Raises ProofRefused, ValueError."""
    Checkpoint.parse(text)
    if not 0 < at <= LATEST:
        raise ValueError(f"{at} is no time of a cosignature")
    raw = at.to_bytes(TIME, "big") + signer.sign(_message(text, at))
    return Signature(name, Cosigner.of(name, signer).key_id, raw)


def cosignatures(note: str, cosigners: Iterable[AnyCosigner]) -> list[Cosignature]:
    """Which of `cosigners` cosigned the checkpoint in `note`, each once with its newest; others are ignored.

    One without a time says nothing of when the tree was the largest, and is none of a witness. The log's own signature is not
    looked at. Raises ProofRefused where a known one fails, or the note is of no checkpoint.
    """
    text, signatures = read_note(note)
    Checkpoint.parse(text)
    newest: dict[AnyCosigner, Cosignature] = {}
    for cosigner, signature in signed_by(text, signatures, cosigners):
        found = Cosignature(cosigner, int.from_bytes(signature.raw[:TIME], "big"), signature)
        if found.at and (cosigner not in newest or newest[cosigner].at < found.at):
            newest[cosigner] = found
    return list(newest.values())


def _message(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()
