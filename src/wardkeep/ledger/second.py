# SPDX-License-Identifier: Apache-2.0
"""A log's second signature with ML-DSA-44 (c2sp.org/tlog-cosignature, type 06), which no quantum computer forges.

The log cosigns its own checkpoint under its own name, as tlog-checkpoint recommends. The time is zero: a log says what its tree
is, and nothing of when. Who does not know the type ignores the line; the Ed25519 signature stays beside it, as tlog-tiles asks.
Published checkpoints carry it, records of the journal do not: it takes 3.3 KB.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature

from wardkeep.ledger.errors import LedgerDamaged, LedgerUnavailable, ProofRefused
from wardkeep.ledger.note import Checkpoint, Signature, key_id, read_note, read_vkey, signed_by, write_vkey

ML_DSA_44 = b"\x06"
LABEL = b"subtree/v1\n\0"
#: Bytes of a public key, of a seed, of a signature, and of the time before it.
PUBLIC, SEED, SIGNATURE, TIME = 1312, 32, 2420, 8
#: Names in the signed message have one byte for their length.
LONGEST_NAME = 255
#: The public key of a ledger, in hex, beside its description.
FILE = "ml-dsa-44.pub"


def message(cosigner: str, checkpoint: Checkpoint, at: int = 0) -> bytes:
    """The `cosigned_message` of a checkpoint. Raises ProofRefused for a name that it cannot hold."""
    parts = [LABEL]
    for name, number in ((cosigner, at), (checkpoint.origin, 0)):
        raw = name.encode()
        if not 0 < len(raw) <= LONGEST_NAME:
            raise ProofRefused(f"the name {name[:40]!r} is too long for a signature of type 06")
        parts += [bytes([len(raw)]), raw, number.to_bytes(8, "big")]
    # What was written last, zero, is the start of the subtree; a checkpoint has none but its end.
    return b"".join([*parts, checkpoint.size.to_bytes(8, "big"), checkpoint.root])


@dataclass(frozen=True, slots=True)
class SecondVerifier:
    """Who signs with ML-DSA-44: a key name and a public key of 1312 bytes."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> SecondVerifier:
        """Read `name+keyid+base64`. Raises ProofRefused for another type than 06, a wrong id, or anything else."""
        name, kind, public = read_vkey(vkey)
        if kind != ML_DSA_44 or len(public) != PUBLIC:
            raise ProofRefused(f"the verifier key {name!r} is not of type ML-DSA-44 (06)")
        return cls(name, public)

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, ML_DSA_44, self.public)

    def vkey(self) -> str:
        return write_vkey(self.name, ML_DSA_44, self.public)

    def holds(self, text: str, signature: bytes) -> bool:
        """Whether `signature`, which begins with its time, is of this key over the checkpoint `text`."""
        at = int.from_bytes(signature[:TIME], "big")
        if len(signature) != TIME + SIGNATURE or at >= 1 << 63:
            return False
        try:
            signed = message(self.name, Checkpoint.parse(text), at)
            _library().MLDSA44PublicKey.from_public_bytes(self.public).verify(signature[TIME:], signed)
        except (InvalidSignature, ProofRefused, ValueError):
            return False
        return True

    def require(self, note: str) -> None:
        """Raise ProofRefused unless this key signed the note."""
        text, signatures = read_note(note)
        if not signed_by(text, signatures, (self,)):
            raise ProofRefused(f"the note has no second signature of {self.name}")


class SecondKey:
    """The private key. Raises LedgerUnavailable where the library or its OpenSSL does not know ML-DSA-44."""

    def __init__(self, seed: bytes) -> None:
        self._key = _library().MLDSA44PrivateKey.from_seed_bytes(seed)
        self.public: bytes = self._key.public_key().public_bytes_raw()

    def cosign(self, text: str, name: str, *, at: int) -> Signature:
        """The line of the witness `name` on a checkpoint's text, at the second `at`. Raises ProofRefused, ValueError."""
        if not 0 < at < 1 << 63:
            raise ValueError(f"{at} is no time of a cosignature")
        raw = at.to_bytes(TIME, "big") + self._key.sign(message(name, Checkpoint.parse(text), at))
        return Signature(name, SecondVerifier(name, self.public).key_id, raw)

    def sign(self, note: str) -> str:
        """The note of a log with the second signature behind the first. Raises ProofRefused for another note."""
        checkpoint = Checkpoint.parse(read_note(note)[0])
        verifier = SecondVerifier(checkpoint.origin, self.public)
        raw = bytes(TIME) + self._key.sign(message(verifier.name, checkpoint))
        return note + Signature(verifier.name, verifier.key_id, raw).line()


def read_second(folder: Path) -> bytes | None:
    """The public key that a ledger names, None where it has none. Raises LedgerDamaged."""
    try:
        raw = bytes.fromhex((folder / FILE).read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None
    except ValueError:
        raw = b""
    if len(raw) != PUBLIC:
        raise LedgerDamaged(f"{folder / FILE} is not readable")
    return raw


def _library() -> Any:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415

        mldsa.MLDSA44PrivateKey.from_seed_bytes(bytes(SEED))
    except (ImportError, UnsupportedAlgorithm):
        raise LedgerUnavailable(
            "this installation knows no ML-DSA-44",
            hint="install cryptography 47 or newer, or set ledger.second_signature to none",
        ) from None
    return mldsa
