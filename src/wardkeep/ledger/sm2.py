# SPDX-License-Identifier: Apache-2.0
"""Signatures with SM2 and SM3 (GM/T 0003, GB/T 32918) under the user id that GM/T 0009 gives to whoever has none.

C2SP has no type for them, so a key is of type 0xff with a longer name behind it, as signed-note asks. The signature is the DER
of GM/T 0009 over the text, so OpenSSL checks it too. The library comes with the extra `sm`; without it nothing else is missing.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wardkeep.ledger.errors import LedgerUnavailable, ProofRefused
from wardkeep.ledger.note import Signature, key_id, read_note, read_vkey, signed_by, write_vkey

TYPE = b"\xff"
KIND = b"wardkeep.ledger/sm2-sm3/v1"
#: Bytes of an uncompressed point and of a seed.
POINT, SEED = 65, 32
#: What stands before the point in a SubjectPublicKeyInfo of this curve.
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_HEAD, _TAIL = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"


@dataclass(frozen=True, slots=True)
class Sm2Verifier:
    """Who signs with SM2: a key name and a public point."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Sm2Verifier:
        """Read `name+keyid+base64`. Raises ProofRefused for another type, a wrong id, or anything else."""
        name, kind, public = read_vkey(vkey)
        point = public.removeprefix(KIND)
        if kind != TYPE or not public.startswith(KIND) or len(point) != POINT or point[:1] != b"\x04":
            raise ProofRefused(f"the verifier key {name!r} is not of type SM2 (ff {KIND.decode()})")
        return cls(name, point)

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, TYPE, KIND + self.public)

    def vkey(self) -> str:
        return write_vkey(self.name, TYPE, KIND + self.public)

    def holds(self, text: str, signature: bytes) -> bool:
        """Whether `signature` is of this key over `text`. Raises LedgerUnavailable without the library."""
        ec, hashes, errors = _library()
        try:
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SM2(), self.public)
            point.verify(signature, text.encode(), ec.ECDSA(hashes.SM3()))
        except (errors.InvalidSignature, errors.InternalError, ValueError):
            return False
        return True

    def open(self, note: str) -> str:
        """The text of a note that this key signed. Raises ProofRefused, LedgerUnavailable."""
        text, signatures = read_note(note)
        if not signed_by(text, signatures, (self,)):
            raise ProofRefused(f"the note has no SM2 signature of {self.name}")
        return text


class Sm2Key:
    """The private key, out of a seed. Raises LedgerUnavailable without the library."""

    def __init__(self, seed: bytes) -> None:
        ec, hashes, _ = _library()
        wide = HKDF(SHA256(), length=SEED + 16, salt=None, info=KIND).derive(seed)
        # Of 48 bytes, so that no number is likelier than another by more than 2^-128; from 1 to n - 2, as the standard has it.
        self._key = ec.derive_private_key(int.from_bytes(wide, "big") % (_ORDER - 2) + 1, ec.SM2())
        numbers = self._key.public_key().public_numbers()
        self.public = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        self._how = ec.ECDSA(hashes.SM3())

    def sign(self, text: str) -> str:
        """A signed note of a checkpoint's text, under the name of its log."""
        verifier = Sm2Verifier(text.partition("\n")[0], self.public)
        raw: bytes = self._key.sign(text.encode(), self._how)
        return f"{text}\n{Signature(verifier.name, verifier.key_id, raw).line()}"


def write_pem(public: bytes) -> str:
    """A public point as OpenSSL reads it."""
    encoded = base64.b64encode(_SPKI + public).decode()
    return "\n".join([_HEAD, *(encoded[i : i + 64] for i in range(0, len(encoded), 64)), _TAIL, ""])


def read_pem(pem: str) -> bytes:
    """The public point in a PEM file of ours. Raises ProofRefused."""
    try:
        raw = base64.b64decode("".join(pem.split("\n")[1:-2]), validate=True)
    except ValueError:
        raw = b""
    point = raw.removeprefix(_SPKI)
    if len(point) != POINT or write_pem(point) != pem:
        raise ProofRefused("this is no public key for SM2")
    return point


def _library() -> tuple[Any, Any, Any]:
    try:
        from tongsuopy.crypto import exceptions, hashes  # noqa: PLC0415
        from tongsuopy.crypto.asymciphers import ec  # noqa: PLC0415
    except ImportError:
        raise LedgerUnavailable(
            "SM2 signatures need a library that is not installed",
            hint="pip install 'wardkeep[sm]', or set ledger.sidecar to none",
        ) from None
    return ec, hashes, exceptions
