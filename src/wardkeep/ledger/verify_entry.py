# SPDX-License-Identifier: Apache-2.0
"""Verification of one entry: its body against its leaf hash, that against the signed root."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from wardkeep.ledger.errors import LedgerDamaged, ProofRefused
from wardkeep.ledger.expunged import EXPUNGE, Expunged
from wardkeep.ledger.note import open_checkpoint
from wardkeep.ledger.proof import check_proof
from wardkeep.ledger.reader import LedgerReader
from wardkeep.ledger.tiles import unpack_bundle
from wardkeep.ledger.tree import TILE_WIDTH, leaf_hash
from wardkeep.ledger.verify import trusted_keys


class State(StrEnum):
    """What became of an entry."""

    INTACT = "intact"
    #: Its body is gone, and an act allows it.
    EXPUNGED = "expunged"
    #: Its body is gone, and no act allows it.
    MISSING = "missing"
    #: Its body is not what was sealed.
    CHANGED = "changed"
    #: Its leaf hash does not lead to the signed root.
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Found:
    """The state of an entry in the log of a signed size and root."""

    state: State
    size: int
    root: bytes

    @property
    def ok(self) -> bool:
        return self.state in (State.INTACT, State.EXPUNGED)


def verify_entry(folder: Path, log: str, n: int, *, vkey: str | None = None) -> Found:
    """Verify the entry at index `n`. Raises UnknownEntry, ProofRefused where the checkpoint does not hold."""
    reader = LedgerReader(folder)
    verifier = trusted_keys(reader, vkey).verifier(log)
    tree = open_checkpoint(reader.note(log), verifier)
    try:
        proof = reader.proof(log, n)
        (leaf,) = reader.leaf_hashes(log, n, n)
    except LedgerDamaged:
        return Found(State.UNPROVEN, tree.size, tree.root)
    try:
        body = reader.body(log, n)
    except LedgerDamaged:
        return Found(State.MISSING, tree.size, tree.root)
    if not body:
        state = State.EXPUNGED if _allowed(reader, log, n) else State.MISSING
        return Found(state, tree.size, tree.root)
    try:
        check_proof(proof, body, verifier.vkey())
    except ProofRefused:
        state = State.CHANGED if leaf_hash(body) != leaf else State.UNPROVEN
        return Found(state, tree.size, tree.root)
    return Found(State.INTACT, tree.size, tree.root)


def _allowed(reader: LedgerReader, log: str, n: int) -> bool:
    """Whether an act behind the entry says that its body may go. Reads all bundles behind it, the one slow thing here."""
    acts: list[bytes] = []
    for name in (name for name in reader.logs() if name >= log):
        first = n // TILE_WIDTH if name == log else 0
        size = reader.size(name)
        for number in range(first, -(-size // TILE_WIDTH)):
            raw = reader.tiles(name).packed(number, min(TILE_WIDTH, size - number * TILE_WIDTH))
            if EXPUNGE.encode() in raw:
                acts += [body for body in unpack_bundle(raw, name) if EXPUNGE.encode() in body]
    return Expunged(acts).allows(log, n)
