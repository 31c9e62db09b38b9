# SPDX-License-Identifier: Apache-2.0
"""The checkpoints of the days in a copy of the ledger: what convicts whoever rewrites it is of use where others have it.

A day's checkpoint never changes; a stamp may come later. So a copy that holds another checkpoint of the same day is of
another history, and is left as it is. Why a day has no stamp is nobody's business outside.
"""

from __future__ import annotations

from pathlib import Path

from wardkeep.ledger.daily import CHECKPOINT, DAILY, STAMP, Daily, check_daily, check_sidecar
from wardkeep.ledger.errors import LedgerDamaged, ProofRefused
from wardkeep.ledger.note import open_checkpoint
from wardkeep.ledger.reader import LedgerReader
from wardkeep.ledger.sidecar import SIDECAR, State
from wardkeep.ledger.tiles import make_folder, write_durably


def copy_day(one: Daily, reader: LedgerReader, to: Path) -> None:
    """Copy a day's checkpoint, its stamp and its signature with SM2, its own log being copied already.

    Raises ProofRefused where our key did not sign it or `to` holds another, LedgerDamaged where the log does not begin so.
    """
    note, folder = one.note, to / DAILY / one.day.isoformat()
    open_checkpoint(note, reader.description.verifier(one.checkpoint.origin.rpartition("/")[2]))
    if disagrees := check_daily(one, reader):
        raise LedgerDamaged(disagrees, hint="keep everything as it is, the copy too, and run `wardkeep ledger verify`")
    sidecar = read_if_there(one.folder / SIDECAR)
    if (signed := check_sidecar(one, reader)).state == State.FAILS:
        raise LedgerDamaged(f"the SM2 signature of {one.day} does not hold: {signed.why}")
    before = read_if_there(folder / CHECKPOINT)
    if before not in (None, note.encode()):
        raise ProofRefused(
            f"{folder / CHECKPOINT} is another checkpoint than the one that was kept for {one.day}",
            hint="export to another folder, and find out who wrote this one",
        )
    make_folder(folder)
    if before is None:
        write_durably(folder / CHECKPOINT, note.encode())
    for name, content in ((STAMP, one.stamp), (SIDECAR, sidecar)):
        if content is not None and read_if_there(folder / name) != content:
            write_durably(folder / name, content)


def read_if_there(path: Path) -> bytes | None:
    """The bytes of a file, None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
