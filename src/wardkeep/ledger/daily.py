# SPDX-License-Identifier: Apache-2.0
"""The checkpoint of each day, kept for good in a folder by its date, with the time stamp of an authority beside it.

daily/2026-11-26/checkpoint    the signed note that was newest when the day's was kept
daily/2026-11-26/stamp.tsr     the authority's answer over the SHA-256 of that file (RFC 3161)
daily/2026-11-26/checkpoint.sm2    a signature with SM2 over the same text
daily/2026-11-26/problem       why there is none, until there is
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from wardkeep.ledger.errors import LedgerError, UnknownEntry
from wardkeep.ledger.note import Checkpoint
from wardkeep.ledger.reader import LedgerReader
from wardkeep.ledger.sidecar import SIDECAR, Sidecar, State, judge_sidecar
from wardkeep.ledger.sm2 import Sm2Key
from wardkeep.ledger.tiles import make_folder, write_durably

DAILY = "daily"
CHECKPOINT, STAMP, PROBLEM = "checkpoint", "stamp.tsr", "problem"


@dataclass(frozen=True, slots=True)
class Daily:
    """The checkpoint of one day, as it lies in its folder."""

    day: date
    folder: Path

    @property
    def note(self) -> str:
        """Raises LedgerUnavailable's kin where it is not readable."""
        try:
            return (self.folder / CHECKPOINT).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise UnknownEntry(f"the checkpoint of {self.day} cannot be read: {error}") from None

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says, unverified. Raises ProofRefused."""
        return Checkpoint.parse(self.note.partition("\n\n")[0] + "\n")

    @property
    def stamp(self) -> bytes | None:
        try:
            return (self.folder / STAMP).read_bytes()
        except OSError:
            return None

    @property
    def problem(self) -> str:
        """Why there is no stamp, as it was said last."""
        try:
            return (self.folder / PROBLEM).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def put_stamp(self, stamp: bytes) -> None:
        write_durably(self.folder / STAMP, stamp)
        with contextlib.suppress(FileNotFoundError):
            (self.folder / PROBLEM).unlink()

    @property
    def has_sidecar(self) -> bool:
        return (self.folder / SIDECAR).exists()

    def put_sidecar(self, key: Sm2Key) -> None:
        """Sign what was kept with SM2. Raises ProofRefused for what is no checkpoint, OSError."""
        write_durably(self.folder / SIDECAR, key.sign(self.checkpoint.text()).encode())

    def put_problem(self, why: str) -> None:
        write_durably(self.folder / PROBLEM, why.encode() + b"\n")


def keep_daily(reader: LedgerReader, day: date) -> tuple[Daily, bool]:
    """Keep the newest checkpoint as that of `day`, unless there is one already; whether it was kept now.

    Raises ProofRefused where the ledger's key did not sign it.
    """
    one = Daily(day, reader.folder / DAILY / day.isoformat())
    if (one.folder / CHECKPOINT).exists():
        return one, False
    log = reader.current
    reader.checkpoint(log)
    make_folder(one.folder)
    write_durably(one.folder / CHECKPOINT, reader.note(log).encode())
    return one, True


def daily_of(folder: Path, day: date | None = None) -> Daily:
    """The checkpoint of a day, of the newest day without one. Raises UnknownEntry."""
    found = [one for one in dailies(folder) if day in (None, one.day)]
    if not found:
        which = "no day" if day is None else str(day)
        raise UnknownEntry(f"the checkpoint of {which} was kept", hint="keep today's: `wardkeep ledger daily`")
    return found[0]


def dailies(folder: Path) -> list[Daily]:
    """Every kept day of a ledger, the newest first."""
    found = []
    for path in (folder / DAILY).glob("*"):
        with contextlib.suppress(ValueError):
            if (path / CHECKPOINT).is_file() and path.name == date.fromisoformat(path.name).isoformat():
                found.append(Daily(date.fromisoformat(path.name), path))
    return sorted(found, key=lambda one: one.day, reverse=True)


def check_sidecar(one: Daily, reader: LedgerReader) -> Sidecar:
    """What the SM2 signature of a day is worth; it must be over that day's very checkpoint."""
    if not one.has_sidecar:
        return Sidecar(State.MISSING)
    try:
        kept = one.checkpoint
        log = kept.origin.rpartition("/")[2]
        found = judge_sidecar(one.folder, reader.sm2(log), lambda size: reader.root_at(log, size))
    except LedgerError as error:
        return Sidecar(State.FAILS, why=str(error))
    if found.state == State.HOLDS and found.size != kept.size:
        return Sidecar(State.FAILS, found.size, f"it is of {found.size} entries, the checkpoint of {kept.size}")
    return found


def check_daily(one: Daily, reader: LedgerReader) -> str:
    """Why the ledger of today does not agree with a day's checkpoint, empty where it does: set back, or rewritten."""
    try:
        kept = one.checkpoint
        log = kept.origin.rpartition("/")[2]
        if kept.size and reader.root_at(log, kept.size) != kept.root:
            return f"log {log} no longer begins as it did on {one.day}"
    except LedgerError as error:
        return str(error)
    return ""
