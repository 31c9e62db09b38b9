# SPDX-License-Identifier: Apache-2.0
"""When this home's ledger was verified last, and up to where: what `ledger verify --since last` goes on from.

The file is a convenience, not evidence: whoever can change the ledger can change it too. A checkpoint that is kept
elsewhere can be named in its place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from wardkeep.home import Home
from wardkeep.ledger import LedgerUnavailable
from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.note import Checkpoint
from wardkeep.ledger.tiles import write_durably

NAME = "verified.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """The last verification that found nothing."""

    #: None where nothing was verified yet.
    at: datetime | None = None
    #: By log.
    checkpoints: Mapping[str, Checkpoint] = field(default_factory=dict)

    @property
    def entries(self) -> int:
        return sum(checkpoint.size for checkpoint in self.checkpoints.values())


def place(home: Home) -> Path:
    return home.data_folder / NAME


def read_verified(home: Home) -> Verified:
    """Empty where nothing was verified yet. Raises LedgerUnavailable for a file that cannot be read."""
    path = place(home)
    try:
        said = json.loads(path.read_bytes())
        return Verified(
            at=datetime.fromisoformat(said["at"]),
            checkpoints={str(log): Checkpoint.parse(str(text)) for log, text in said["checkpoints"].items()},
        )
    except FileNotFoundError:
        return Verified()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ProofRefused):
        raise LedgerUnavailable(
            f"{path} is not readable", hint="remove it, and call `wardkeep ledger verify` without --since"
        ) from None


def keep_verified(home: Home, checkpoints: Mapping[str, Checkpoint], *, at: datetime) -> None:
    """Remember what was verified. Raises OSError."""
    said = {"at": at.isoformat(), "checkpoints": {log: one.text() for log, one in checkpoints.items()}}
    write_durably(place(home), json.dumps(said, indent=1).encode() + b"\n")
