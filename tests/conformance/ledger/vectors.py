# SPDX-License-Identifier: Apache-2.0
"""Our own vectors, made anew: `python -m tests.conformance.ledger.vectors` writes docs/reference/ledger-vectors.json."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.conformance.ledger import day_vectors, note_vectors, other_vectors, spool_vectors
from tests.conformance.ledger.note_vectors import ORIGIN, SIGNER, VERIFIER
from wardkeep.ledger.entry import act_leaf, event_leaf
from wardkeep.ledger.journal import NO_RECORD, Record, encode
from wardkeep.ledger.log import Log
from wardkeep.ledger.note import Checkpoint, Verifier, sign_note
from wardkeep.ledger.proof import write_proof
from wardkeep.ledger.stage import Request, pack_batch
from wardkeep.ledger.tiles import TileFolder
from wardkeep.ledger.tree import Edge, consistency_proof, inclusion_proof, leaf_hash, leaf_hashes, range_root

FILE = Path(__file__).parents[3] / "docs" / "reference" / "ledger-vectors.json"
SEED = bytes(range(32))
SIZE = 260

ACTS: list[dict[str, Any]] = [
    {"act": "ledger:log:begun", "at": "2026-01-01T00:00:00+00:00", "log": "2026", "previous": None},
    {"z": 1, "a": [], "m": {"b": True, "a": None}, "A": False, "é": -9007199254740991, "医": 9007199254740991},
    {"text": 'quote " backslash \\ slash / tab \t newline \n null \u0000 delete \u007f line \u2028 医 \U0001f600'},
    {"": {"": [[], {}]}},
]
#: JSON texts that no act may be, with the reason.
NO_ACTS = [
    ('{"x":0.5}', "a fraction"),
    ('{"x":1.0}', "a float, though whole"),
    ('{"x":1e3}', "a float, though whole"),
    ('{"x":9007199254740992}', "beyond 2^53 - 1"),
    ('{"\U0001f600":1}', "a key beyond the Basic Multilingual Plane"),
    ('{"x":"\\ud800"}', "half a character"),
]


def entries() -> list[bytes]:
    """260 entries: a log's first act, then events with an act among every ten."""
    found = [act_leaf(ACTS[0])]
    for n in range(1, SIZE):
        if n % 10 == 0:
            found.append(act_leaf({"act": "case:outcome:set", "facts": {"n": n}}))
        else:
            found.append(event_leaf(n.to_bytes(16, "big"), b"row %d" % n))
    return found


def make() -> dict[str, Any]:
    """Everything in the file, as JSON would give it back."""
    bodies = entries()
    with TemporaryDirectory() as name:
        folder = Path(name)
        log = Log(folder / "log", folder / "journal", name="2026", origin=ORIGIN, signer=SIGNER)
        log.commit([Request("vectors", 1, bodies)])
        log.publish()
        log.close()
        files = {
            path.relative_to(folder / "log").as_posix(): path.read_bytes()
            for path in sorted((folder / "log").rglob("*"))
            if path.is_file()
        }
        node = TileFolder(folder / "log").node(SIZE)
        roots = {size: range_root(node, 0, size) for size in (0, 1, 2, 3, 255, 256, 257, SIZE)}
        paths = {index: inclusion_proof(node, index, SIZE) for index in (0, 1, 128, 255, 256, 259)}
        steps = {old: consistency_proof(node, old, SIZE) for old in (1, 2, 3, 255, 256, 257, SIZE)}
    note = files["checkpoint"].decode()
    proofs = {index: write_proof(index, path, note) for index, path in paths.items()}
    said = {
        "about": "Vectors of the Wardkeep ledger; docs/reference/ledger.md says how to run them.",
        "key": {"seed": SEED.hex(), "public": VERIFIER.public.hex(), "origin": ORIGIN, "vkey": VERIFIER.vkey()},
        "events": [event(n.to_bytes(16, "big"), row) for n, row in ((0, b""), (1, b"row 1"), (2**100, bytes(300)))],
        "acts": [
            {"act": act, "entry": (body := act_leaf(act)).hex(), "leaf_hash": leaf_hash(body).hex()} for act in ACTS
        ],
        "no_acts": [{"json": text, "why": why} for text, why in NO_ACTS],
        "log": {
            "entries": [body.hex() for body in bodies],
            "roots": [{"size": size, "root": root.hex()} for size, root in roots.items()],
            "checkpoint": note,
            "files": {path: raw.hex() for path, raw in files.items() if path != "checkpoint"},
            "proofs": [{"index": index, "proof": text} for index, text in proofs.items()],
            "consistency": [
                {"old": old, "new": SIZE, "proof": [step.hex() for step in path]} for old, path in steps.items()
            ],
        },
        "no_proofs": list(broken(bodies, proofs, note)),
        "journal": journal(),
        **note_vectors.keys(),
        **note_vectors.notes(),
        **note_vectors.cosigned(note),
        **note_vectors.consistency(steps, roots, SIZE),
        **note_vectors.bundles(proofs[0], (proofs[1], bodies[1], (1).to_bytes(16, "big"), b"row 1"), bodies[0]),
        **note_vectors.handed_over(note, paths[0], bodies[0]),
        **spool_vectors.spools(),
        **day_vectors.days(roots),
        **other_vectors.others(note),
    }
    plain: dict[str, Any] = json.loads(json.dumps(said))
    return plain


def event(salt: bytes, row: bytes) -> dict[str, str]:
    body = event_leaf(salt, row)
    return {"salt": salt.hex(), "row": row.hex(), "entry": body.hex(), "leaf_hash": leaf_hash(body).hex()}


def broken(bodies: list[bytes], proofs: dict[int, str], note: str) -> list[dict[str, str]]:
    """Proofs that must be refused."""
    good, vkey = proofs[128], VERIFIER.vkey()
    steps = good.split("\n")
    head, _, signatures = note.partition("\n\n")
    bigger = Checkpoint(ORIGIN, SIZE + 1, bytes(32))
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    found = [
        ("another entry", good, bodies[129], vkey),
        ("the entry with a byte more", good, bodies[128] + b"\0", vkey),
        ("an index of another entry", good.replace("index 128", "index 129"), bodies[128], vkey),
        ("an index beyond the log", good.replace("index 128", "index 260"), bodies[128], vkey),
        ("an index with a leading zero", good.replace("index 128", "index 0128"), bodies[128], vkey),
        ("a step left out", "\n".join(steps[:2] + steps[3:]), bodies[128], vkey),
        ("a step twice", "\n".join([*steps[:3], *steps[2:]]), bodies[128], vkey),
        ("two steps exchanged", "\n".join([*steps[:2], steps[3], steps[2], *steps[4:]]), bodies[128], vkey),
        ("base64 with bits behind its end", good.replace("=\n", "B\n", 1), bodies[128], vkey),
        ("carriage returns", good.replace("\n", "\r\n"), bodies[128], vkey),
        ("a size that was not signed", good.replace("\n260\n", "\n261\n"), bodies[128], vkey),
        ("a signature that is cut off", good.replace(note, head + "\n\n"), bodies[128], vkey),
        (
            "no signature of the key",
            good.replace(signatures, signatures.replace(ORIGIN, "x.example")),
            bodies[128],
            vkey,
        ),
        ("another key's signature", good.replace(note, sign_note(head + "\n", ORIGIN, other)), bodies[128], vkey),
        ("another tree, well signed", good.replace(note, bigger.sign(SIGNER)), bodies[128], vkey),
        ("another key", good, bodies[128], Verifier.of(ORIGIN, other).vkey()),
        ("the key under another name", good, bodies[128], Verifier.of("x.example/2026", SIGNER).vkey()),
        ("a key whose id is wrong", good, bodies[128], vkey.replace(vkey.split("+")[1], "00000000")),
    ]
    assert len({(text, entry, key) for _, text, entry, key in found} | {(good, bodies[128], vkey)}) == len(found) + 1
    return [{"why": why, "proof": text, "entry": entry.hex(), "vkey": key} for why, text, entry, key in found]


def journal() -> dict[str, Any]:
    """One record of two batches."""
    first, second = [event_leaf(bytes(16), b"a"), event_leaf(bytes(16), b"b")], [act_leaf({"act": "x:y"})]
    bodies = first + second
    edge = Edge()
    edge.extend(leaf_hashes(bodies))
    digests = [hashlib.sha256(pack_batch(part)).hexdigest() for part in (first, second)]
    record = Record(
        first=0,
        count=3,
        prev=NO_RECORD,
        batches=[("intake:x", 1, 0, 2, digests[0]), ("life", 7, 2, 1, digests[1])],
        producers={"intake:x": ("2026", 1, 0, 1, digests[0]), "life": ("2026", 7, 2, 2, digests[1])},
        checkpoint=Checkpoint(ORIGIN, 3, edge.root()).sign(SIGNER),
        bodies=pack_batch(bodies),
    )
    raw, digest = encode(record)
    return {"record": raw.hex(), "digest": digest.hex(), "entries": [body.hex() for body in bodies]}


if __name__ == "__main__":
    FILE.write_text(json.dumps(make(), ensure_ascii=True, indent=1) + "\n", encoding="ascii")
