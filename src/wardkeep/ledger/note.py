# SPDX-License-Identifier: Apache-2.0
"""Signed notes (c2sp.org/signed-note), checkpoints (c2sp.org/tlog-checkpoint) and verifier keys, with Ed25519."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from wardkeep.ledger.errors import ProofRefused

ED25519 = b"\x01"
DASH = "\u2014 "
_UNFIT = re.compile(r"[\x00-\x09\x0b-\x1f]")
#: More signatures than any policy of witnesses needs; the format asks for a limit of at least 16.
MOST_SIGNATURES = 100


def decode(encoded: str) -> bytes:
    """Base 64 (RFC 4648, section 4) in its one form: no other text gives the same bytes. Raises ValueError."""
    raw = base64.b64decode(encoded, validate=True)
    if _b64(raw) != encoded:
        raise ValueError("bits after the end")
    return raw


def _fit(name: str) -> bool:
    """Whether a key name has neither spaces nor a plus."""
    return bool(name) and "+" not in name and not any(c.isspace() for c in name)


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    """The four bytes by which a signature line names its key."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def write_vkey(name: str, kind: bytes, public: bytes) -> str:
    """A verifier key in its text form."""
    return f"{name}+{key_id(name, kind, public).hex()}+{_b64(kind + public)}"


def read_vkey(vkey: str) -> tuple[str, bytes, bytes]:
    """Name, type and public key of `name+keyid+base64`. Raises ProofRefused where the id does not fit, or for anything else."""
    parts = vkey.strip().split("+", 2)
    try:
        name, told, raw = parts[0], parts[1], decode(parts[2])
        name.encode()
    except (IndexError, ValueError):
        raise ProofRefused("the verifier key is not readable", hint="it reads NAME+8 hex digits+base64") from None
    if not _fit(name) or len(raw) < 2:
        raise ProofRefused(f"the verifier key {name!r} has no name that a key can have, or no key")
    if told != key_id(name, raw[:1], raw[1:]).hex():
        raise ProofRefused(f"the id of the verifier key {name!r} does not fit its key")
    return name, raw[:1], raw[1:]


@dataclass(frozen=True, slots=True)
class Verifier:
    """Who signs: a key name and an Ed25519 public key of 32 bytes."""

    name: str
    public: bytes

    @classmethod
    def of(cls, name: str, signer: Ed25519PrivateKey) -> Verifier:
        return cls(name, signer.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read `name+keyid+base64`. Raises ProofRefused for another type, a wrong id, or anything else."""
        name, kind, public = read_vkey(vkey)
        if kind != ED25519 or len(public) != 32:
            raise ProofRefused(f"the verifier key {name!r} is not of type Ed25519 (01)")
        return cls(name, public)

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, ED25519, self.public)

    def vkey(self) -> str:
        return write_vkey(self.name, ED25519, self.public)

    def at(self, size: int) -> Verifier:
        """The key that signs a checkpoint of `size`."""
        return self

    def for_note(self, text: str) -> Verifier:
        """The key that signs a checkpoint with this text."""
        return self

    def holds(self, text: str, signature: bytes) -> bool:
        """Whether `signature` is of this key over `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


class Key(Protocol):
    """Whoever can sign a note, by name, id, and what a signature must fulfil."""

    @property
    def name(self) -> str: ...
    @property
    def key_id(self) -> bytes: ...
    def holds(self, text: str, signature: bytes) -> bool: ...


K = TypeVar("K", bound=Key)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    #: What follows the id: for Ed25519 the signature, for a cosignature its time and then the signature.
    raw: bytes

    def line(self) -> str:
        """As it stands in a note, with its newline."""
        return f"{DASH}{self.name} {_b64(self.key_id + self.raw)}\n"

    @classmethod
    def parse(cls, line: str) -> Signature:
        """Read a line without its newline. Raises ProofRefused."""
        name, _, encoded = line.removeprefix(DASH).partition(" ")
        try:
            raw = decode(encoded)
            name.encode()
        except ValueError:
            raw = b""
        if not line.startswith(DASH) or not _fit(name) or len(raw) < 5:
            raise ProofRefused("a signature line of the note is not readable")
        return cls(name, raw[:4], raw[4:])


class NoteSigner:
    """Signs notes under one name, one after another: what they have in common is worked out once."""

    def __init__(self, name: str, signer: Ed25519PrivateKey) -> None:
        """Raises ValueError where no key can have this name."""
        if not _fit(name):
            raise ValueError(f"{name!r} is no name of a key")
        self._name, self._key_id, self._sign = name, Verifier.of(name, signer).key_id, signer.sign

    def sign(self, text: str) -> str:
        """`text` (which ends in a newline) with a signature line after an empty line. Raises ValueError for no such text."""
        if not text.endswith("\n") or _UNFIT.search(text):
            raise ValueError(f"{text!r} is no text that a note of {self._name!r} can have")
        return f"{text}\n{Signature(self._name, self._key_id, self._sign(text.encode())).line()}"


def sign_note(text: str, name: str, signer: Ed25519PrivateKey) -> str:
    """A note of `text` with one signature. Raises ValueError."""
    return NoteSigner(name, signer).sign(text)


def read_note(note: str) -> tuple[str, list[Signature]]:
    """The text of a note and its signatures, unverified. Raises ProofRefused."""
    cut = note.rfind("\n\n")
    text, lines = note[: cut + 1], note[cut + 2 :]
    if cut < 0 or not lines.endswith("\n") or any(c < " " and c != "\n" for c in note):
        raise ProofRefused("this is no signed note")
    if lines.count("\n") > MOST_SIGNATURES:
        raise ProofRefused(f"the note has more than {MOST_SIGNATURES} signatures")
    return text, [Signature.parse(line) for line in lines[:-1].split("\n")]


def signed_by(text: str, signatures: Iterable[Signature], keys: Iterable[K]) -> list[tuple[K, Signature]]:
    """The signatures of known keys; others are ignored, as the format asks. Raises ProofRefused where a known one fails."""
    known = {(key.name, key.key_id): key for key in keys}
    found = []
    for signature in signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        if not key.holds(text, signature.raw):
            raise ProofRefused(f"the signature of {key.name} does not hold")
        found.append((key, signature))
    return found


def open_note(note: str, verifier: Verifier) -> str:
    """The text of a note that `verifier` signed. Raises ProofRefused."""
    text, signatures = read_note(note)
    if not signed_by(text, signatures, (verifier.for_note(text),)):
        raise ProofRefused(f"the note is not signed by {verifier.name}")
    return text


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: origin, size and root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a checkpoint's text; extension lines are let through unread. Raises ProofRefused."""
        lines = text.split("\n")
        try:
            origin, size, root = lines[0], lines[1], decode(lines[2])
        except (IndexError, ValueError):
            raise ProofRefused("the checkpoint is not readable") from None
        digits = size.isascii() and size.isdigit() and (size == "0" or not size.startswith("0")) and len(size) < 20
        if not origin or not digits or len(root) != 32 or lines[-1] != "" or "" in lines[:-1]:
            raise ProofRefused("the checkpoint is not readable")
        return cls(origin, int(size), root)

    def sign(self, signer: Ed25519PrivateKey) -> str:
        """The signed note; the key name is the origin."""
        return sign_note(self.text(), self.origin, signer)


def open_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """The checkpoint in a note that `verifier` signed; its origin must be the key's name. Raises ProofRefused."""
    checkpoint = Checkpoint.parse(open_note(note, verifier))
    if checkpoint.origin != verifier.name:
        raise ProofRefused(f"the checkpoint is of {checkpoint.origin}, the key of {verifier.name}")
    return checkpoint


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
