# SPDX-License-Identifier: Apache-2.0
"""The checkpoints up to which this home's ledger was verified last: what `ledger verify --since last` goes on from.

The file is a convenience, not evidence: whoever can change the ledger can change it too. A checkpoint that is kept
elsewhere can be named in its place.
"""

from __future__ import annotations

import json
from pathlib import Path

from wardkeep.cli.frame import Frame, speak
from wardkeep.ledger import LedgerReader, LedgerUnavailable
from wardkeep.ledger.errors import LedgerError, ProofRefused
from wardkeep.ledger.note import Checkpoint, open_checkpoint
from wardkeep.ledger.tiles import write_durably
from wardkeep.ledger.verify import trusted_keys

NAME = "verified.json"
LARGEST_NOTE = 1 << 20


def read_kept(frame: Frame) -> dict[str, Checkpoint]:
    """By log; empty where nothing was verified yet. Raises LedgerUnavailable for a file that cannot be read."""
    path = frame.home.data_folder / NAME
    try:
        said = json.loads(path.read_bytes())
        return {str(log): Checkpoint.parse(str(text)) for log, text in said["checkpoints"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, ProofRefused):
        raise LedgerUnavailable(
            speak("%s is not readable") % path,
            hint=speak("remove it, and call `wardkeep ledger verify` without --since"),
        ) from None


def keep(frame: Frame, checkpoints: dict[str, Checkpoint]) -> None:
    """Remember what was verified. A home that cannot be written is no reason to call a whole ledger broken."""
    said = {"checkpoints": {log: checkpoint.text() for log, checkpoint in checkpoints.items()}}
    path = frame.home.data_folder / NAME
    try:
        write_durably(path, json.dumps(said, indent=1).encode() + b"\n")
    except OSError as error:
        frame.say(speak("what was verified cannot be remembered in %(path)s: %(why)s") % _of(path, error))


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


def _of(path: Path, error: OSError) -> dict[str, object]:
    return {"path": path, "why": error.strerror}
