# SPDX-License-Identifier: Apache-2.0
"""Vectors of evidence, made anew: `python -m tests.conformance.ledger.evidence_vectors` writes evidence-vectors.json.

Bundles over acts and over events of one small ledger, and bundles that must be refused. The page that a bundle carries for
people is left out: nothing rests on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.conformance.ledger.note_vectors import OTHER, SIGNER
from wardkeep.evidence import ask, load, parts, range_of
from wardkeep.ledger import Ledger, LedgerReader, act_leaf, event_leaf
from wardkeep.ledger.note import Checkpoint
from wardkeep.ledger.page import NAME as PAGE
from wardkeep.watch.store.canonical import FIELDS, render

FILE = Path(__file__).parents[3] / "docs" / "reference" / "evidence-vectors.json"
ORIGIN = "vectors.example/evidence"
AT = datetime(2026, 3, 1, tzinfo=UTC)
DOCTOR, NURSE = "user:0192-doctor", "user:0192-nurse"
#: Entries after the log's first: of three, one is an act.
COUNT = 45
FIRST, LAST = 4, 41

Files = dict[str, bytes]


def row(n: int) -> dict[str, Any]:
    """The sealed row of the event at index `n`."""
    return {
        **{"event_id": f"E{n}", "part": 0, "time_us": 1_772_330_645_000_000 + n, "time_quality": "exact"},
        **{"account": "lina", "patient_id": f"P{n % 4}", "action": "read", "resource": "门诊病历", "count": 1},
        **{"purpose": None, "breakglass": n % 7 == 0, "outcome": "success", "system": "HIS", "workstation": "WS-0421"},
        **{"ip": "10.20.30.40", "site": None, "session_id": None, "query": None, "duration_ms": n if n % 2 else None},
        **{
            "kind": "access",
            "format": "delimited:his",
            "source": "his.txt",
            "position": str(n),
            "raw_sha256": bytes(32),
        },
        **{"extra": None, "occurrence": None, "received_us": 1_772_334_245_000_000, "amends": None},
        "salt": n.to_bytes(16, "big"),
    }


def entry(n: int) -> bytes:
    if n % 3:
        return event_leaf(row(n)["salt"], render({field.name: row(n)[field.name] for field in FIELDS[1]}))
    actor = (DOCTOR, NURSE, "cli")[n // 3 % 3]
    return act_leaf({"act": "case:outcome:set", "at": n, "actor": actor, "facts": {"outcome": "已核实"}, "v": 1})


def rows(log: str, first: int, last: int, patients: Sequence[str] | None) -> Iterator[tuple[int, dict[str, Any]]]:
    return ((n, row(n)) for n in range(max(first, 1), last + 1) if n % 3 and row(n)["patient_id"] in (patients or ()))


def bundle(reader: LedgerReader, name: str, first: int, last: int, **values: str) -> Files:
    """The files of a bundle, but for the page."""
    query, where = load(name), range_of(reader, str(first), str(last))
    found = ask(query, values, where, reader=reader, rows=rows)
    made = dict(parts(reader, query, values, where, found, note=reader.note("2026")))
    return {file: content for file, content in made.items() if file != PAGE}


def make() -> dict[str, Any]:
    """Everything in the file."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "ledger"
        Ledger.create(folder, origin=ORIGIN, signer=SIGNER, at=AT)
        with Ledger.connect(folder, signer=SIGNER, clock=lambda: AT) as ledger:
            ledger.append("vectors", 1, [entry(n) for n in range(1, COUNT + 1)])
        reader = LedgerReader(folder)
        acts = bundle(reader, "acts-of-account", FIRST, LAST, account=DOCTOR)
        events = bundle(reader, "accesses-of-patient", FIRST, LAST, patient="P1")
        good = [
            ("acts of one account", acts),
            (
                "acts of an account that did nothing",
                bundle(reader, "acts-of-account", FIRST, LAST, account="user:nobody"),
            ),
            ("accesses to one patient's records", events),
            ("one entry", bundle(reader, "acts-of-account", 9, 9, account=DOCTOR)),
        ]
        vkey, tree = reader.vkey("2026"), reader.checkpoint("2026")
    said = {
        "about": "Bundles of evidence; docs/reference/evidence.md says how to run them. Bytes are in hex.",
        "vkey": vkey,
        "queries": {name: load(name).text.hex() for name in ("acts-of-account", "accesses-of-patient")},
        "bundles": [{"what": what, "files": hexed(files)} for what, files in good],
        "no_bundles": [{"why": why, **differing(files, acts, events)} for why, files in broken(acts, events, tree)],
    }
    plain: dict[str, Any] = json.loads(json.dumps(said))
    return plain


def hexed(files: Files) -> dict[str, str]:
    return {name: content.hex() for name, content in files.items()}


def differing(files: Files, acts: Files, events: Files) -> dict[str, Any]:
    """Which of the good bundles it is, and where it differs: files that are others or more, and those that are not there."""
    of, good = (0, acts) if len(set(files) & set(acts)) > len(set(files) & set(events)) else (2, events)
    other = {name: content for name, content in files.items() if good.get(name) != content}
    return {"of": of, "files": hexed(other), "without": sorted(set(good) - set(files))}


def broken(acts: Files, events: Files, tree: Checkpoint) -> Iterator[tuple[str, Files]]:
    """Bundles that must be refused. Where the result is a lie, the manifest tells the same one."""

    def changed(files: Files, name: str, change: Callable[[bytes], bytes]) -> Files:
        assert change(files[name]) != files[name], name
        return files | {name: change(files[name])}

    def without(files: Files, *names: str) -> Files:
        return {name: content for name, content in files.items() if name not in names}

    proofs = [name for name in acts if name.endswith(".tlog-proof")]
    entries = [name.replace(".tlog-proof", ".entry") for name in proofs]
    (tile,) = (name for name in acts if name.startswith("tile/entries/"))
    (hashes,) = (name for name in acts if name.startswith("tile/0/"))
    lines = acts["result.jsonl"].splitlines(keepends=True)
    yield "a record left out", agreeing(without(acts, proofs[1], entries[1]), b"".join(lines[:1] + lines[2:]))
    yield "two records exchanged", agreeing(acts, b"".join([lines[1], lines[0], *lines[2:]]))
    yield "a record twice", agreeing(acts, lines[0] + b"".join(lines))
    edited = b"".join(lines).replace("已核实".encode(), "无问题".encode(), 1)
    yield "a record that says another thing than was sealed", agreeing(acts, edited)
    yield "a record with white space", agreeing(acts, b"".join(lines).replace(b'"index":', b'"index": ', 1))
    yield "the last line not ended", agreeing(acts, b"".join(lines)[:-1])
    yield (
        "another number of rows in the manifest",
        changed(
            acts, "manifest.json", lambda raw: raw.replace(b'"rows":%d' % len(lines), b'"rows":%d' % (len(lines) + 1))
        ),
    )
    yield (
        "another range in the manifest",
        changed(acts, "manifest.json", lambda raw: raw.replace(b'"to":%d' % LAST, b'"to":%d' % (LAST + 4))),
    )
    yield (
        "another account in the manifest",
        changed(acts, "manifest.json", lambda raw: raw.replace(DOCTOR.encode(), NURSE.encode())),
    )
    yield (
        "said to be incomplete",
        changed(acts, "manifest.json", lambda raw: raw.replace(b'"complete":true', b'"complete":false')),
    )
    yield "another text of the query", changed(acts, "query.toml", lambda raw: raw + b"\n")
    yield "a sealed entry that was changed", changed(acts, entries[0], lambda raw: raw[:-1] + b"?")
    yield "an entry of the range that was changed", changed(acts, tile, lambda raw: raw.replace(b"cli", b"clj", 1))
    yield "an entry of the range without its body", changed(acts, tile, emptied)
    yield "a hash of the tile changed", changed(acts, hashes, lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]))
    yield "proofs of two records exchanged", acts | {proofs[0]: acts[proofs[1]], proofs[1]: acts[proofs[0]]}
    yield "signed by another key", acts | {"checkpoint": tree.sign(OTHER).encode()}
    yield (
        "another tree, well signed",
        acts | {"checkpoint": Checkpoint(tree.origin, tree.size, bytes(32)).sign(SIGNER).encode()},
    )
    yield "a file that does not belong", acts | {"notes.txt": b"x"}
    for name in ("query.toml", "checkpoint", proofs[0], entries[0], tile, hashes):
        yield f"without {name}", without(acts, name)
    shown = events["result.jsonl"].splitlines(keepends=True)
    yield "an access that names another patient", agreeing(events, b"".join(shown).replace(b'"P1"', b'"P2"', 1))
    yield "an access with another salt", agreeing(events, b"".join(shown).replace(b'"salt":"00', b'"salt":"01', 1))
    yield "an access with another time", agreeing(events, b"".join(shown).replace(b'"time_us":1', b'"time_us":2', 1))


def emptied(raw: bytes) -> bytes:
    """A bundle of entries whose act of the doctor at 18 has no body, as if it had been expunged."""
    found, at = [], 0
    while at < len(raw):
        end = at + 2 + int.from_bytes(raw[at : at + 2], "big")
        found.append(raw[at:end])
        at = end
    found[18] = bytes(2)
    return b"".join(found)


def agreeing(files: Files, result: bytes) -> Files:
    """The same with another result, about which the manifest says what is true."""
    said = json.loads(files["manifest.json"])
    said["result"] = {"rows": result.count(b"\n"), "sha256": hashlib.sha256(result).hexdigest()}
    manifest = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return files | {"manifest.json": manifest, "result.jsonl": result}


if __name__ == "__main__":
    FILE.write_text(json.dumps(make(), ensure_ascii=True, indent=1) + "\n", encoding="ascii")
