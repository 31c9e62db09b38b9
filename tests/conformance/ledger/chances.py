# SPDX-License-Identifier: Apache-2.0
"""Proofs as the ledger makes them, of random sizes and indexes, and each of them with its statement changed.

Half of the trees are real logs of up to 20,000 entries. The other half has up to 2^62: one entry differs from all the others,
so that a tree of any size is had without its leaves. A mutation changes what the proof says (entry, index, path, checkpoint,
signature, key); one that only writes the same in another form is drawn again, because formats differ in what they let through.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger.entry import event_leaf
from wardkeep.ledger.note import Checkpoint, Verifier
from wardkeep.ledger.proof import HEADER, write_proof
from wardkeep.ledger.tree import inclusion_proof, leaf_hash, leaf_hashes, node_hash, range_root

PAIRS = MUTATIONS = 10_000
ORIGIN = "chance.example/hospital/2026"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
LARGEST_REAL, LARGEST = 20_000, 1 << 62
#: The order of the group: a signature with it added to its second half is the same to a lax verifier.
ORDER = (1 << 252) + 27742317777372353535851937790883648493


@dataclass(frozen=True, slots=True)
class Chance:
    """A proof, the entry that it is of, the key that checks it, and what was done to them."""

    why: str
    proof: str
    entry: bytes
    vkey: str

    def line(self) -> str:
        """As a verifier in another language reads it."""
        return json.dumps({"proof": self.proof, "entry": self.entry.hex(), "vkey": self.vkey}) + "\n"


@cache
def pairs() -> list[Chance]:
    """Good proofs."""
    rng = random.Random(1)
    return [_real(rng) if number % 2 else _vast(rng) for number in range(PAIRS)]


@cache
def mutations() -> list[Chance]:
    """Proofs of something else than their signed checkpoint says, of every kind."""
    rng, kinds = random.Random(2), list(KINDS)
    return [_mutation(rng, kinds[number % len(kinds)]) for number in range(MUTATIONS)]


def _mutation(rng: random.Random, why: str) -> Chance:
    while True:
        good = _real(rng) if rng.random() < 0.5 else _vast(rng)
        bad = KINDS[why](rng, good)
        if bad is not None and statement(bad) != statement(good):
            return replace(bad, why=why)


def _entry(n: int) -> bytes:
    return event_leaf(n.to_bytes(16, "big"), b"row %d" % n)


@cache
def _levels() -> list[list[bytes]]:
    row = leaf_hashes([_entry(n) for n in range(LARGEST_REAL)])
    levels = [row]
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        levels.append(row)
    return levels


def _real(rng: random.Random) -> Chance:
    size = rng.choice((rng.randint(1, 20), rng.randint(1, 600), rng.randint(1, LARGEST_REAL)))
    index = rng.randrange(size)
    return _proof(lambda height, n: _levels()[height][n], index, size, _entry(index))


@cache
def _common(height: int) -> bytes:
    return leaf_hash(b"{}") if height == 0 else node_hash(_common(height - 1), _common(height - 1))


def _vast(rng: random.Random) -> Chance:
    size = rng.randint(1, 1 << rng.randint(1, 62))
    index = rng.choice((rng.randrange(size), size - 1, rng.randrange(max(1, size // 2))))
    entry = _entry(index)

    def node(height: int, n: int) -> bytes:
        if index >> height != n:
            return _common(height)
        return leaf_hash(entry) if height == 0 else node_hash(node(height - 1, 2 * n), node(height - 1, 2 * n + 1))

    return _proof(node, index, size, entry)


def _proof(node: Callable[[int, int], bytes], index: int, size: int, entry: bytes) -> Chance:
    note = Checkpoint(ORIGIN, size, range_root(node, 0, size)).sign(SIGNER)
    proof = write_proof(index, inclusion_proof(node, index, size), note)
    return Chance("good", proof, entry, Verifier.of(ORIGIN, SIGNER).vkey())


# -- taken apart and put together again ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Parts:
    """A proof in its pieces, not yet signed anew whatever is done to them."""

    index: str
    path: list[bytes]
    text: str
    name: str
    signature: bytes

    @classmethod
    def of(cls, chance: Chance) -> _Parts:
        head, _, note = chance.proof.partition("\n\n")
        lines = head.split("\n")
        text, _, line = note.partition("\n\n")
        _, name, encoded = line.rstrip("\n").split(" ")
        path = [base64.b64decode(step) for step in lines[2:]]
        return cls(lines[1].removeprefix("index "), path, text + "\n", name, base64.b64decode(encoded))

    def chance(self, of: Chance) -> Chance:
        path = "".join(f"{base64.b64encode(step).decode()}\n" for step in self.path)
        line = f"\u2014 {self.name} {base64.b64encode(self.signature).decode()}\n"
        return replace(of, proof=f"{HEADER}\nindex {self.index}\n{path}\n{self.text}\n{line}")


def statement(chance: Chance) -> tuple[object, ...]:
    """What a proof says, read as loosely as any verifier could."""
    head, _, note = chance.proof.partition("\n\n")
    lines = [line for line in head.split("\n")[1:] if line.strip()]
    text, _, signatures = note.partition("\n\n")
    path = tuple(_loosely(line) for line in lines[1:])
    signature = _loosely(signatures.strip().rpartition(" ")[2])
    return lines[:1], path, text, signature, chance.entry, chance.vkey


def _loosely(line: str) -> bytes:
    """Base 64 as far as it goes, whatever stands between and behind."""
    kept = "".join(c for c in line.partition("=")[0] if c.isascii() and (c.isalnum() or c in "+/"))
    return base64.b64decode(kept[: len(kept) - (len(kept) % 4 == 1)] + "==")


def _flip(rng: random.Random, raw: bytes, first: int = 0) -> bytes:
    at = rng.randrange(first * 8, len(raw) * 8)
    return raw[: at // 8] + bytes([raw[at // 8] ^ 1 << at % 8]) + raw[at // 8 + 1 :]


# -- the mutations: each gives another statement, or None where this proof has nothing to change --------------------------

Kind = Callable[[random.Random, Chance], Chance | None]
KINDS: dict[str, Kind] = {}


def _kind(why: str) -> Callable[[Kind], Kind]:
    def named(kind: Kind) -> Kind:
        KINDS[why] = kind
        return kind

    return named


def _entries(why: str, change: Callable[[random.Random, bytes], bytes]) -> None:
    KINDS[why] = lambda rng, good: replace(good, entry=change(rng, good.entry))


_entries("a bit of the entry", _flip)
_entries("the entry cut", lambda rng, entry: entry[: rng.randrange(1, len(entry))])
_entries("the entry with more", lambda rng, entry: entry + rng.randbytes(rng.randint(1, 40)))
_entries("another entry", lambda rng, entry: _entry(rng.randrange(LARGEST)))
_entries("an inner node as entry", lambda rng, entry: b"\x01" + rng.randbytes(64))


def _indexes(why: str, change: Callable[[random.Random, int, int], int]) -> None:
    def kind(rng: random.Random, good: Chance) -> Chance | None:
        parts = _Parts.of(good)
        index, size = int(parts.index), int(parts.text.split("\n")[1])
        # Where two leaves are equal, a proof of the one may be a proof of the other.
        parts.index = str(change(rng, index, size))
        return parts.chance(good)

    KINDS[why] = kind


_indexes("the next index", lambda rng, index, size: index + 1)
_indexes("the index before", lambda rng, index, size: abs(index - 1))
_indexes("any other index", lambda rng, index, size: rng.randrange(size))
_indexes("the size as index", lambda rng, index, size: size)
_indexes("an index far beyond", lambda rng, index, size: index + (1 << rng.randint(size.bit_length(), 62)))


def _paths(why: str, change: Callable[[random.Random, list[bytes]], None]) -> None:
    def kind(rng: random.Random, good: Chance) -> Chance | None:
        parts = _Parts.of(good)
        if len(parts.path) < 2:
            return None
        change(rng, parts.path)
        return parts.chance(good)

    KINDS[why] = kind


def _bit_of_step(rng: random.Random, path: list[bytes]) -> None:
    at = rng.randrange(len(path))
    path[at] = _flip(rng, path[at])


def _swap(rng: random.Random, path: list[bytes]) -> None:
    a, b = rng.sample(range(len(path)), 2)
    path[a], path[b] = path[b], path[a]


def _short(rng: random.Random, path: list[bytes]) -> None:
    at = rng.randrange(len(path))
    path[at] = path[at][:31]


_paths("a bit of a step", _bit_of_step)
_paths("a step left out", lambda rng, path: path.__delitem__(rng.randrange(len(path))))
_paths("a step twice", lambda rng, path: path.insert(at := rng.randrange(len(path)), path[at]))
_paths("a step more", lambda rng, path: path.insert(rng.randint(0, len(path)), rng.randbytes(32)))
_paths("two steps exchanged", _swap)
_paths("a step of 31 bytes", _short)
_paths("no steps", lambda rng, path: path.clear())


def _notes(why: str, change: Callable[[random.Random, list[str]], None]) -> None:
    def kind(rng: random.Random, good: Chance) -> Chance | None:
        parts = _Parts.of(good)
        lines = parts.text.split("\n")
        change(rng, lines)
        parts.text = "\n".join(lines)
        return parts.chance(good)

    KINDS[why] = kind


def _root(rng: random.Random, lines: list[str]) -> None:
    lines[2] = base64.b64encode(_flip(rng, base64.b64decode(lines[2]))).decode()


_notes("another size", lambda rng, lines: lines.__setitem__(1, str(int(lines[1]) + rng.choice((-1, 1, 2, 256)))))
_notes("a bit of the root", _root)
_notes("another origin", lambda rng, lines: lines.__setitem__(0, lines[0].replace("2026", "2027")))
_notes("a line more", lambda rng, lines: lines.insert(3, "more"))


def _signatures(why: str, change: Callable[[random.Random, bytes], bytes]) -> None:
    def kind(rng: random.Random, good: Chance) -> Chance | None:
        parts = _Parts.of(good)
        parts.signature = change(rng, parts.signature)
        return parts.chance(good)

    KINDS[why] = kind


def _second_form(rng: random.Random, raw: bytes) -> bytes:
    return raw[:36] + (int.from_bytes(raw[36:], "little") + ORDER).to_bytes(32, "little")


_signatures("a bit of the signature", lambda rng, raw: _flip(rng, raw, 4))
_signatures("a bit of the key's id", lambda rng, raw: _flip(rng, raw[:4]) + raw[4:])
_signatures("the signature's second form", _second_form)
_signatures("a signature of zeros", lambda rng, raw: raw[:4] + bytes(64))
_signatures("a signature cut", lambda rng, raw: raw[: rng.randint(5, 67)])
_signatures("a signature of another text", lambda rng, raw: raw[:4] + SIGNER.sign(rng.randbytes(40)))


@_kind("signed by another key")
def _another_signer(rng: random.Random, good: Chance) -> Chance | None:
    parts = _Parts.of(good)
    parts.signature = parts.signature[:4] + OTHER.sign(parts.text.encode())
    return parts.chance(good)


@_kind("the checkpoint of another tree")
def _another_tree(rng: random.Random, good: Chance) -> Chance | None:
    here, there = _Parts.of(good), _Parts.of(_real(rng))
    here.text, here.signature = there.text, there.signature
    return here.chance(good)


@_kind("checked under another key")
def _another_key(rng: random.Random, good: Chance) -> Chance | None:
    return replace(good, vkey=Verifier.of(ORIGIN, OTHER).vkey())


@_kind("checked under another name")
def _another_name(rng: random.Random, good: Chance) -> Chance | None:
    return replace(good, vkey=Verifier.of(ORIGIN.replace("2026", "2025"), SIGNER).vkey())


@_kind("any byte of the file")
def _any_byte(rng: random.Random, good: Chance) -> Chance | None:
    at = rng.randrange(len(HEADER) + 1, len(good.proof))
    put = rng.choice(("", chr(rng.randint(32, 126)), chr(rng.randint(32, 126)) + good.proof[at]))
    return replace(good, proof=good.proof[:at] + put + good.proof[at + 1 :])
