# SPDX-License-Identifier: Apache-2.0
"""Our ledger beside a checkpoint that somebody else kept: the same, grown, set back, or another history."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.note import Checkpoint, Verifier, read_note, signed_by
from wardkeep.ledger.reader import LedgerReader
from wardkeep.ledger.tree import EMPTY_ROOT
from wardkeep.ledger.verify import trusted_keys


class Verdict(StrEnum):
    """How the ledger stands to an older sight of it."""

    SAME = "same"
    #: It only grew since.
    GROWN = "grown"
    #: It has fewer entries than were seen.
    ROLLBACK = "rollback"
    #: It has as many or more, and the first ones are others.
    FORK = "fork"
    #: What was shown is not signed by the trusted key: nothing follows from it.
    OTHER_KEY = "other_key"
    #: What was shown is of no log of this ledger.
    OTHER_LOG = "other_log"


@dataclass(frozen=True, slots=True)
class Compared:
    """The outcome for one checkpoint."""

    #: Where it comes from.
    name: str
    #: The log's name, or the origin where it is no log of ours.
    log: str
    verdict: Verdict
    #: The size that was seen, and ours now.
    size: int | None = None
    our_size: int | None = None
    root: str = ""
    our_root: str = ""


def compare(reader: LedgerReader, name: str, note: str, *, vkey: str | None = None) -> Compared:
    """Compare a signed note with the ledger as it is published. Raises ProofRefused where it cannot be read.

    `vkey` is the key to trust, of any year; without it those that the ledger names. It may be one that this ledger does not
    name: then the ledger was replaced as a whole, key and all. The root of the seen size is computed from our own tiles.
    """
    text, signatures = read_note(note)
    seen = Checkpoint.parse(text)
    base, _, log = seen.origin.rpartition("/")
    if base != reader.description.origin or log not in reader.logs():
        return Compared(name, seen.origin, Verdict.OTHER_LOG, seen.size)
    try:
        keys = [trusted_keys(reader, vkey).verifier(log).at(seen.size)]
    except ProofRefused:
        keys = [Verifier(seen.origin, Verifier.parse(vkey).public)] if vkey else []
    try:
        signed = signed_by(text, signatures, keys)
    except ProofRefused:
        signed = []
    ours = reader.checkpoint(log)
    ends = (seen.size, ours.size, seen.root.hex(), ours.root.hex())
    if not signed:
        return Compared(name, log, Verdict.OTHER_KEY, *ends)
    if seen.size > ours.size:
        return Compared(name, log, Verdict.ROLLBACK, *ends)
    root = reader.root_at(log, seen.size) if seen.size else EMPTY_ROOT
    if root != seen.root:
        return Compared(name, log, Verdict.FORK, *ends)
    return Compared(name, log, Verdict.SAME if seen.size == ours.size else Verdict.GROWN, *ends)
