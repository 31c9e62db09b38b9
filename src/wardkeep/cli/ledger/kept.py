# SPDX-License-Identifier: Apache-2.0
"""The checkpoints that a verification is compared with: of the present, and one that was kept elsewhere."""

from __future__ import annotations

from pathlib import Path

from wardkeep.cli.frame import Frame, speak
from wardkeep.home import now
from wardkeep.jobs.verified import keep_verified, place
from wardkeep.ledger import LedgerReader
from wardkeep.ledger.errors import LedgerError, ProofRefused
from wardkeep.ledger.note import Checkpoint, open_checkpoint
from wardkeep.ledger.verify import trusted_keys

LARGEST_NOTE = 1 << 20


def keep(frame: Frame, checkpoints: dict[str, Checkpoint]) -> None:
    """Remember what was verified. A home that cannot be written is no reason to call a whole ledger broken."""
    try:
        keep_verified(frame.home, checkpoints, at=now())
    except OSError as error:
        said = {"path": place(frame.home), "why": error.strerror}
        frame.say(speak("what was verified cannot be remembered in %(path)s: %(why)s") % said)


def present(reader: LedgerReader) -> dict[str, Checkpoint]:
    """The newest checkpoint of every log that has one that can be read; whether it holds the verification says."""
    found: dict[str, Checkpoint] = {}
    for log in reader.logs():
        try:
            found[log] = Checkpoint.parse(reader.note(log).partition("\n\n")[0] + "\n")
        except LedgerError:
            continue
    return found


def read_named(reader: LedgerReader, path: Path, vkey: str | None) -> dict[str, Checkpoint]:
    """A checkpoint that was kept elsewhere, by its log. Raises ProofRefused where the ledger's key did not sign it."""
    with path.open("rb") as file:
        raw = file.read(LARGEST_NOTE)
    try:
        note = raw.decode()
    except UnicodeDecodeError:
        raise ProofRefused(speak("%s is no signed checkpoint") % path) from None
    origin = note.partition("\n")[0]
    log = origin.rpartition("/")[2]
    return {log: open_checkpoint(note, trusted_keys(reader, vkey).verifier(log))}
