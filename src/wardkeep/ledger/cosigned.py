# SPDX-License-Identifier: Apache-2.0
"""The newest checkpoint of a log that witnesses cosigned, in the file `cosigned` beside the newest one.

The writer never waits for a witness: cosignatures come later, and by then the log has grown perhaps. So the file holds an
older checkpoint at times; where it is the newest, that one carries its cosignatures too. Proofs are given against it wherever
it reaches. What it holds is believed only under the log's own signature, and the cosignatures only under a policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wardkeep.ledger.cosignature import Cosignature
from wardkeep.ledger.errors import LedgerError, ProofRefused
from wardkeep.ledger.note import MOST_SIGNATURES, Checkpoint, Signature, Verifier, open_checkpoint, read_note
from wardkeep.ledger.policy import NONE, Policy
from wardkeep.ledger.tiles import write_durably

COSIGNED = "cosigned"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A cosigned checkpoint, as far as a policy knows who cosigned it."""

    note: str
    checkpoint: Checkpoint
    cosignatures: list[Cosignature]
    #: Whether these are enough for the policy.
    enough: bool

    def at(self, policy: Policy) -> int | None:
        """The second from which on enough witnesses had seen it; of fewer, the newest one. None without any."""
        by_time = sorted(self.cosignatures, key=lambda one: one.at)
        for count in range(1, len(by_time) + 1):
            if policy.quorum != NONE and policy.is_enough([one.cosigner for one in by_time[:count]]):
                return by_time[count - 1].at
        return by_time[-1].at if by_time else None


def read_cosigned(folder: Path, verifier: Verifier) -> tuple[str, Checkpoint] | None:
    """The note in a log's folder, None where there is none that the log signed."""
    try:
        note = (folder / COSIGNED).read_bytes().decode()
        return note, open_checkpoint(note, verifier)
    except (OSError, UnicodeDecodeError, LedgerError):
        return None  # fails open: without it a proof is given against the newest checkpoint


def judge(found: tuple[str, Checkpoint] | None, policy: Policy) -> Cosigned | None:
    """What a policy makes of a cosigned note; None where there is none, or a witness's signature on it fails."""
    if found is None:
        return None
    note, checkpoint = found
    try:
        known = policy.cosignatures(note)
    except ProofRefused:
        return None
    return Cosigned(note, checkpoint, known, bool(known) and policy.is_enough([one.cosigner for one in known]))


def gather(note: str, before: Cosigned | None, new: list[Cosignature], policy: Policy) -> str | None:
    """What `cosigned` should hold when the checkpoint `note` got new cosignatures; None where it should stay as it is.

    Cosignatures of one checkpoint come together, each witness with its newest. One that has enough is never replaced by one
    that has not.
    """
    text, signatures = read_note(note)
    by_witness = {one.cosigner: one for one in (before.cosignatures if before else []) if before and _is(before, text)}
    by_witness |= {one.cosigner: one for one in new}
    if not by_witness or (before is not None and before.enough and not policy.is_enough(by_witness)):
        return None
    witnesses = {one.cosigner.name for one in policy.witnesses}
    ours = [signature for signature in signatures if signature.name not in witnesses]
    return f"{text}\n{_lines([*ours, *(one.signature for one in by_witness.values())])}"


def keep(folder: Path, note: str) -> None:
    """Write a log's cosigned note. Raises OSError."""
    write_durably(folder / COSIGNED, note.encode())


def carry(folder: Path, note: str) -> str:
    """A log's newest checkpoint with the cosignatures that came for the very same one. Never raises, and never loses `note`."""
    try:
        text, signatures = read_note((folder / COSIGNED).read_bytes().decode())
        own_text, own = read_note(note)
    except (OSError, UnicodeDecodeError, ProofRefused):
        return note
    origin = text.partition("\n")[0]
    # A line under the log's own name could be a forged one, and that would make the whole note worthless.
    more = [one for one in signatures if one.name != origin and one not in own]
    return note + _lines(more[: MOST_SIGNATURES - len(own)]) if text == own_text else note


def _is(before: Cosigned, text: str) -> bool:
    return read_note(before.note)[0] == text


def _lines(signatures: list[Signature]) -> str:
    return "".join(one.line() for one in signatures)
