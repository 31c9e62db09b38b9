# SPDX-License-Identifier: Apache-2.0
"""The SM2 signature of a checkpoint in a file of its own beside it: a signed note of the same text.

A sidecar and not one more line of the checkpoint: what C2SP readers, witnesses and proofs see stays as it is byte for byte, and
a day that was kept before can get one later. It holds its text, because it is replaced a moment after its checkpoint is: one
that a crash left behind is of an older checkpoint of the same log, and says as much as that one did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from wardkeep.ledger.errors import LedgerDamaged, LedgerError, LedgerUnavailable, ProofRefused
from wardkeep.ledger.note import Checkpoint, read_note
from wardkeep.ledger.sm2 import Sm2Verifier, read_pem

SIDECAR = "checkpoint.sm2"
#: The public key of a ledger beside its description.
FILE = "sm2.pem"
LARGEST = 1 << 16


class State(StrEnum):
    """What a sidecar is worth."""

    HOLDS = "holds"
    FAILS = "fails"
    #: The library that could tell is not installed.
    NOT_EVALUATED = "not_evaluated"
    #: There is none: it was never turned on, or is older than that.
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Sidecar:
    """One that was looked at."""

    state: State
    #: Entries of the checkpoint that it signs; None where that cannot be read.
    size: int | None = None
    why: str = ""


def judge_sidecar(folder: Path, key: Sm2Verifier | None, root_at: Callable[[int], bytes]) -> Sidecar:
    """The sidecar in `folder` under the ledger's SM2 key; `root_at` gives the root that the log had at a size.

    It need not be of the newest checkpoint, but of one of this log.
    """
    size = None
    try:
        with (folder / SIDECAR).open("rb") as file:
            note = file.read(LARGEST).decode()
        said = Checkpoint.parse(read_note(note)[0])
        size = said.size
        if key is None or said.origin != key.name:
            raise ProofRefused(f"it is of {said.origin}" if key else f"the ledger has no {FILE}")
        if size and root_at(size) != said.root:
            raise ProofRefused(f"the log had another root at size {size}")
        key.open(note)
    except FileNotFoundError:
        return Sidecar(State.MISSING)
    except LedgerUnavailable as error:
        return Sidecar(State.NOT_EVALUATED, size, str(error))
    except (LedgerError, OSError, UnicodeDecodeError) as error:
        return Sidecar(State.FAILS, size, str(error) if isinstance(error, LedgerError) else "it cannot be read")
    return Sidecar(State.HOLDS, size)


def read_sm2(folder: Path) -> bytes | None:
    """The public point that a ledger names, None where it has none. Raises LedgerDamaged."""
    try:
        return read_pem((folder / FILE).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (ProofRefused, UnicodeDecodeError):
        raise LedgerDamaged(f"{folder / FILE} is not readable") from None
