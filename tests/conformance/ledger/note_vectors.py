# SPDX-License-Identifier: Apache-2.0
"""The part of our vectors that is about keys, signed notes, cosignatures, consistency and proofs in one file."""

from __future__ import annotations

import base64
import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger.cosignature import Cosigner, cosign
from wardkeep.ledger.handover import HandOver
from wardkeep.ledger.note import ED25519, Verifier, sign_note, write_vkey
from wardkeep.ledger.proof import write_proof
from wardkeep.ledger.proof_bundle import ProofBundle

ORIGIN = "vectors.example/hospital/2026"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER = Verifier.of(ORIGIN, SIGNER)
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
WITNESS_SEED = bytes(range(32, 64))
WITNESS = Ed25519PrivateKey.from_private_bytes(WITNESS_SEED)
COSIGNER = Cosigner.of("witness.example/health-office", WITNESS)
#: 2026-03-01 00:00:00 UTC.
MOMENT = 1_772_323_200
TEXT = "A note of two paragraphs.\n\nThe second one: 医院。\n"


def keys() -> dict[str, Any]:
    """Verifier keys that cannot be taken."""
    good = VERIFIER.vkey()
    name, key_id, encoded = good.split("+", 2)
    broken = [
        ("an id in capital letters", f"{name}+{key_id.upper()}+{encoded}"),
        ("an id of another key", f"{name}+00000000+{encoded}"),
        ("no name", f"+{key_id}+{encoded}"),
        ("a name with a space", write_vkey("vectors.example hospital", ED25519, VERIFIER.public)),
        ("a key of 31 bytes", write_vkey(name, ED25519, VERIFIER.public[:31])),
        ("a key of 33 bytes", write_vkey(name, ED25519, VERIFIER.public + b"\0")),
        ("a key of no known type", write_vkey(name, b"\x7f", VERIFIER.public)),
        ("two parts only", f"{name}+{encoded}"),
        ("base64 cut", good[:-1]),
        ("nothing", ""),
    ]
    return {"no_keys": [{"why": why, "vkey": vkey} for why, vkey in broken]}


def notes() -> dict[str, Any]:
    """Signed notes of any text, alone and among signatures of others."""
    note = sign_note(TEXT, ORIGIN, SIGNER)
    line = note[len(TEXT) + 1 :]
    theirs = sign_note(TEXT, "another.example", OTHER)[len(TEXT) + 1 :]
    same_name = sign_note(TEXT, ORIGIN, OTHER)[len(TEXT) + 1 :]
    good = [
        ("one signature", note),
        ("a signature of another before it", f"{TEXT}\n{theirs}{line}"),
        ("a signature of another behind it", f"{TEXT}\n{line}{theirs}"),
        ("another key of the same name", f"{TEXT}\n{same_name}{line}"),
        ("the same signature twice", f"{TEXT}\n{line}{line}"),
        ("sixteen signatures", f"{TEXT}\n{theirs * 15}{line}"),
    ]
    broken = [
        ("another text", note.replace("two", "six")),
        ("no empty line", note.replace("\n\n\u2014", "\n\u2014")),
        ("no signature", f"{TEXT}\n"),
        ("no last newline", note[:-1]),
        ("a line behind it that is no signature", f"{note}more\n"),
        ("a hyphen for the dash", note.replace("\u2014", "-")),
        ("two spaces", note.replace(f"{ORIGIN} ", f"{ORIGIN}  ")),
        ("a tab in the text", sign_note(TEXT, ORIGIN, SIGNER).replace("A note", "A\tnote")),
        ("base64 with bits behind its end", _loose(note)),
        ("the signature of another text", f"{TEXT}more\n\n{line}"),
        ("only a signature of another", f"{TEXT}\n{theirs}"),
        ("only another key of the same name", f"{TEXT}\n{same_name}"),
        ("a known signature that fails before one that holds", f"{TEXT}\n{_flipped(line)}{line}"),
    ]
    return {
        "notes": [{"what": what, "note": text} for what, text in good],
        "no_notes": [{"why": why, "note": text} for why, text in broken],
    }


def _loose(note: str) -> str:
    """Another text of the same bytes: the last letter carries bits that belong to none."""
    assert note.endswith("=\n")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(note.rstrip("=\n")) - 1
    return note[:at] + letters[letters.index(note[at]) ^ 1] + note[at + 1 :]


def _flipped(line: str) -> str:
    at = len(line) // 2 + 20
    return line[:at] + ("A" if line[at] != "A" else "B") + line[at + 1 :]


def cosigned(checkpoint: str) -> dict[str, Any]:
    """A checkpoint with the signature of a witness, and such as must be refused under the witness's key."""
    text = checkpoint.partition("\n\n")[0] + "\n"

    def line(text: str = text, at: int = MOMENT, signer: Ed25519PrivateKey = WITNESS) -> str:
        raw = cosign(text, COSIGNER.name, signer, at=at).raw
        return f"\u2014 {COSIGNER.name} {_b64(COSIGNER.key_id + raw)}\n"

    raw = cosign(text, COSIGNER.name, WITNESS, at=MOMENT).raw
    later = (MOMENT + 1).to_bytes(8, "big") + raw[8:]
    plain = sign_note(text, COSIGNER.name, WITNESS)[len(text) + 1 :]
    broken = [
        ("another time than was signed", _b64(COSIGNER.key_id + later)),
        ("a signature of another key", line(signer=OTHER).split(" ")[2][:-1]),
        ("the signature of a smaller tree", line(text.replace("\n260\n", "\n259\n")).split(" ")[2][:-1]),
        ("a time of the year 292 billion", _b64(COSIGNER.key_id + b"\xff" * 8 + raw[8:])),
        ("a signature without a time", _b64(COSIGNER.key_id + raw[8:])),
    ]
    return {
        "witness": {"seed": WITNESS_SEED.hex(), "name": COSIGNER.name, "vkey": COSIGNER.vkey()},
        "cosigned": {"note": checkpoint + line(), "at": MOMENT},
        "no_cosigned": [
            {"why": why, "note": f"{checkpoint}\u2014 {COSIGNER.name} {encoded}\n"} for why, encoded in broken
        ]
        + [{"why": "a plain signature of the witness's key", "note": checkpoint + plain}],
    }


def consistency(steps: dict[int, list[bytes]], roots: dict[int, bytes], size: int) -> dict[str, Any]:
    """Proofs that must not show that one tree grew from another."""
    path = [step.hex() for step in steps[3]]
    old, new = roots[3].hex(), roots[size].hex()
    broken: list[tuple[str, int, int, str, str, list[str]]] = [
        ("another old root", 3, size, roots[2].hex(), new, path),
        ("another new root", 3, size, old, roots[257].hex(), path),
        ("the roots exchanged", 3, size, new, old, path),
        ("another old size", 2, size, old, new, path),
        ("another new size", 3, 2 * size, old, new, path),
        ("the sizes exchanged", size, 3, new, old, path),
        ("a step left out", 3, size, old, new, path[1:]),
        ("a step twice", 3, size, old, new, [path[0], *path]),
        ("a step more", 3, size, old, new, [*path, new]),
        ("two steps exchanged", 3, size, old, new, [path[1], path[0], *path[2:]]),
        ("no steps", 3, size, old, new, []),
        ("from nothing", 0, size, roots[0].hex(), new, []),
        ("one size and two roots", size, size, old, new, []),
        ("one size and a step", size, size, new, new, [new]),
    ]
    names = ("why", "old", "new", "old_root", "new_root", "proof")
    return {"no_consistency": [dict(zip(names, one, strict=True)) for one in broken]}


def bundles(proof: str, of_event: tuple[str, bytes, bytes, bytes], act: bytes) -> dict[str, Any]:
    """Proofs in one file: of an act, and of an event (proof, entry, salt, row) with and without its row."""
    event_proof, entry, salt, row = of_event
    vkey = VERIFIER.vkey()
    plain = ProofBundle(proof=event_proof, entry=entry, vkey=vkey)
    full = ProofBundle(proof=event_proof, entry=entry, vkey=vkey, salt=salt, row=row)
    said = json.loads(full.encode())

    def changed(**more: Any) -> str:
        return json.dumps({name: value for name, value in {**said, **more}.items() if value is not None})

    broken = [
        ("another row", changed(row=(row + b"x").hex())),
        ("another salt", changed(salt=bytes(16).hex())),
        ("a salt of 15 bytes", changed(salt=salt[:15].hex(), row=(salt[15:] + row).hex())),
        ("a row without its salt", changed(salt=None)),
        ("a row beside an act", changed(proof=proof, entry=act.hex())),
        ("another entry", changed(entry=act.hex())),
        ("hex in capital letters", changed(entry=entry.hex().upper())),
        ("half a byte", changed(entry=entry.hex()[1:])),
        ("no entry", changed(entry=None)),
        ("no key", changed(vkey=None)),
        ("a newer format", changed(format="wardkeep-proof/2")),
        ("no object", "[]"),
    ]
    return {
        "bundles": [
            {"file": one.encode().decode()} for one in (ProofBundle(proof=proof, entry=act, vkey=vkey), plain, full)
        ],
        "no_bundles": [{"why": why, "file": file} for why, file in broken],
    }


def handed_over(checkpoint: str, path: list[bytes], entry: bytes) -> dict[str, Any]:
    """A proof in one file whose log changed its key twice, for who trusts the first key, and such as must be refused."""
    base, _, log = ORIGIN.rpartition("/")
    first, second = OTHER, WITNESS
    at = datetime(2026, 3, 1, tzinfo=UTC)
    one = HandOver.make(base, log="2025", index=40, old=first, new=second, at=at)
    two = HandOver.make(base, log=log, index=100, old=second, new=SIGNER, at=at)
    later = HandOver.make(base, log=log, index=260, old=second, new=SIGNER, at=at)
    elsewhere = HandOver.make("another.example", log=log, index=100, old=second, new=SIGNER, at=at)
    half = dataclasses.replace(two, signatures=two.signatures.splitlines(keepends=True)[1] * 2)
    moved = dataclasses.replace(two, index=101)
    proof = write_proof(0, path, checkpoint)

    def file(*handovers: HandOver) -> str:
        bodies = tuple(each.body() for each in handovers)
        return ProofBundle(proof=proof, entry=entry, vkey=VERIFIER.vkey(), handovers=bodies).encode().decode()

    broken = [
        ("none of the hand-overs", file()),
        ("the first hand-over alone", file(one)),
        ("the second hand-over alone", file(two)),
        ("the hand-overs exchanged", file(two, one)),
        ("a hand-over behind the checkpoint", file(one, later)),
        ("a hand-over of another ledger", file(one, elsewhere)),
        ("a hand-over that one key signed", file(one, half)),
        ("a hand-over at another place than was signed", file(one, moved)),
    ]
    return {
        "handed_over": {"vkey": Verifier.of(f"{base}/2024", first).vkey(), "file": file(one, two)},
        "no_handed_over": [{"why": why, "file": text} for why, text in broken],
    }


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
