# SPDX-License-Identifier: Apache-2.0
"""The ledger's side of `add-checkpoint`: offer a checkpoint to one witness, catch up where it lags, know a conflict.

A witness that saw more than we have says that the ledger was rolled back; one that refuses a proof which holds for our own
tree saw another tree. Both are conflicts: somebody's history is not the one that was shown before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from wardkeep.ledger.cosignature import AnyCosigner, Cosignature, cosignatures
from wardkeep.ledger.errors import LedgerUnavailable, ProofRefused
from wardkeep.ledger.note import Checkpoint, Signature, Verifier, open_checkpoint, read_note
from wardkeep.ledger.reader import LedgerReader
from wardkeep.ledger.tree import EMPTY_ROOT, verify_consistency
from wardkeep.ledger.witness.client import Reply
from wardkeep.ledger.witness.request import read_size, write_request

#: Requests of one round to one witness: one that lags answers the first with its size.
TRIES = 3


class Outcome(StrEnum):
    """What came of offering a checkpoint."""

    COSIGNED = "cosigned"
    #: Nobody answers, or something that is no witness does.
    UNREACHABLE = "unreachable"
    #: The witness does not know the log: its operator has to add it.
    UNKNOWN_LOG = "unknown_log"
    #: The witness knows the log under another key.
    OTHER_KEY = "other_key"
    #: Our own files do not prove what was to be sent; `wardkeep ledger verify` says where.
    UNPROVEN = "unproven"
    #: The witness saw more entries than the ledger has.
    ROLLBACK = "rollback"
    #: The witness saw another tree.
    FORK = "fork"

    @property
    def is_conflict(self) -> bool:
        return self in (Outcome.ROLLBACK, Outcome.FORK)


@dataclass(frozen=True, slots=True)
class Told:
    """What one witness said about one log."""

    outcome: Outcome
    #: What it saw before, where it said so.
    size: int | None = None
    cosignature: Cosignature | None = None
    #: For the operator; names no person.
    detail: str = ""
    #: The witness's own note that contradicts ours, signed by our key.
    evidence: str = ""


class Asked(Protocol):
    """A witness that can be asked."""

    def add_checkpoint(self, body: bytes) -> Reply: ...
    def checkpoint(self, origin: str) -> Reply: ...


def offer(reader: LedgerReader, log: str, note: str, *, cosigner: AnyCosigner, witness: Asked, known: int = 0) -> Told:
    """Offer the signed checkpoint `note` of a log. `known` is the size that the witness saw last, as far as we know.

    Raises LedgerDamaged, ProofRefused where our own tree does not hold: then nobody is asked to vouch for it.
    """
    checkpoint = open_checkpoint(note, reader.description.verifier(log))
    old = known if known <= checkpoint.size else 0
    for _ in range(TRIES):
        proof = _proof(reader, log, old, checkpoint)
        try:
            reply = witness.add_checkpoint(write_request(old, proof, note))
        except LedgerUnavailable as error:
            return Told(Outcome.UNREACHABLE, detail=str(error))
        if reply.status == 409:
            size = read_size(reply.body.removesuffix("\n"))
            if size is None or size == old:
                return Told(Outcome.UNREACHABLE, detail="it answers 409 with no size that could help")
            if size > checkpoint.size:
                return Told(Outcome.ROLLBACK, size, detail=f"it saw {size} entries, the ledger has {checkpoint.size}")
            old = size
            continue
        told = _told(reader, log, note, old, reply, cosigner, witness)
        if told.outcome == Outcome.COSIGNED and old < known <= checkpoint.size:
            return replace(told, detail=f"it had cosigned {known} entries and remembered {old}: it was set back itself")
        return told
    return Told(Outcome.UNREACHABLE, old, detail="its size changes with every question")


def _proof(reader: LedgerReader, log: str, old: int, checkpoint: Checkpoint) -> list[bytes]:
    """The consistency proof, which holds in our own tree. Raises LedgerDamaged, ProofRefused."""
    if old in (0, checkpoint.size):
        return []
    proof = reader.consistency(log, old, checkpoint.size)
    verify_consistency(
        old=old,
        new=checkpoint.size,
        proof=proof,
        old_root=reader.root_at(log, old),
        new_root=checkpoint.root,
    )
    return proof


def _told(
    reader: LedgerReader, log: str, note: str, old: int, reply: Reply, cosigner: AnyCosigner, witness: Asked
) -> Told:
    if reply.status == 200:
        try:
            lines = "".join(Signature.parse(line).line() for line in reply.body.splitlines())
            (found,) = cosignatures(read_note(note)[0] + "\n" + lines, [cosigner])
        except (ProofRefused, ValueError):
            return Told(Outcome.UNREACHABLE, old, detail="its answer is no cosignature of its key")
        return Told(Outcome.COSIGNED, old, cosignature=found)
    if reply.status == 404:
        return Told(Outcome.UNKNOWN_LOG, detail=_words(reply))
    if reply.status == 403:
        return Told(Outcome.OTHER_KEY, detail=_words(reply))
    if reply.status == 422:
        return Told(
            Outcome.FORK,
            old,
            detail=f"its tree of {old} entries is another than ours",
            evidence=_evidence(reader, log, old, cosigner, witness),
        )
    return Told(Outcome.UNREACHABLE, old, detail=f"it answers with status {reply.status}")


def _evidence(reader: LedgerReader, log: str, size: int, cosigner: AnyCosigner, witness: Asked) -> str:
    """The witness's checkpoint of that size, where it shows it, we signed it, and its root is not ours; else nothing."""
    verifier = reader.description.verifier(log)
    try:
        note = witness.checkpoint(verifier.name).body
        theirs = open_checkpoint(note, verifier)
        cosignatures(note, [cosigner])
    except (LedgerUnavailable, ProofRefused):
        return ""
    return note if contradicts(reader, log, theirs) else ""


def contradicts(reader: LedgerReader, log: str, theirs: Checkpoint) -> bool:
    """Whether a checkpoint of a size that the ledger has reached has another root than our tree had then."""
    if theirs.size > reader.size(log):
        return False
    ours = EMPTY_ROOT if theirs.size == 0 else reader.root_at(log, theirs.size)
    return ours != theirs.root


def signed_by_us(note: str, verifier: Verifier) -> Checkpoint | None:
    """The checkpoint in a note under our key, None where another key or nobody signed it."""
    try:
        return open_checkpoint(note, verifier)
    except ProofRefused:
        return None


def _words(reply: Reply) -> str:
    """The first words of an answer, printable."""
    return "".join(c for c in reply.body[:200].split("\n")[0] if c.isprintable())
