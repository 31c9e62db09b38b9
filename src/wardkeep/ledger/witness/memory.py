# SPDX-License-Identifier: Apache-2.0
"""What each witness said of our logs, in `witnesses.json` beside them: for those who look, not for those who verify.

A conflict stays until the witness cosigns again: a witness that is merely silent afterwards takes nothing back.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from wardkeep.ledger.tiles import write_durably
from wardkeep.ledger.witness.asking import Outcome, Told

FILE = "witnesses.json"
#: A rollback is told when it was seen twice: after a loss of power the files of a moment ago may come back a moment late.
SURE_AFTER = 2


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A witness whose history of a log is not ours."""

    kind: Outcome
    first_seen: datetime
    #: The size that the witness saw, and ours then.
    witness_size: int
    our_size: int
    times: int = 1
    #: The witness's note, signed by our key, where it showed one that contradicts our tree.
    evidence: str = ""

    @property
    def sure(self) -> bool:
        return self.kind == Outcome.FORK or self.times >= SURE_AFTER


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What one witness said of one log."""

    outcome: Outcome
    asked_at: datetime
    #: The size of the last checkpoint that it cosigned for us, and its time.
    cosigned_size: int = 0
    cosigned_at: int = 0
    detail: str = ""
    conflict: Conflict | None = None

    def next(self, told: Told, *, our_size: int, at: datetime) -> Seen:
        """What is known after another answer."""
        conflict = self.conflict
        if told.outcome == Outcome.COSIGNED:
            conflict = None
        elif told.outcome.is_conflict:
            first = conflict.first_seen if conflict else at
            conflict = Conflict(
                kind=told.outcome,
                first_seen=first,
                witness_size=told.size or 0,
                our_size=our_size,
                times=conflict.times + 1 if conflict else 1,
                evidence=told.evidence or (conflict.evidence if conflict else ""),
            )
        return Seen(
            outcome=told.outcome,
            asked_at=at,
            cosigned_size=our_size if told.cosignature else self.cosigned_size,
            cosigned_at=told.cosignature.at if told.cosignature else self.cosigned_at,
            detail=told.detail,
            conflict=conflict,
        )


class _File(msgspec.Struct):
    version: int
    #: By the witness's public key and the log's name.
    witnesses: dict[str, dict[str, Seen]]


class Memory:
    """All of it. One process writes it; a file that cannot be read is an empty one, and the next answers fill it again."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        try:
            self._seen = msgspec.json.decode(self._path.read_bytes(), type=_File).witnesses
        except (OSError, msgspec.DecodeError):
            self._seen = {}

    def of(self, vkey: str, log: str) -> Seen | None:
        return self._seen.get(vkey, {}).get(log)

    def all_of(self, vkey: str) -> dict[str, Seen]:
        """By log, the newest first."""
        return dict(sorted(self._seen.get(vkey, {}).items(), reverse=True))

    def take(self, vkey: str, log: str, told: Told, *, our_size: int, at: datetime) -> Seen:
        """Note an answer."""
        before = self.of(vkey, log) or Seen(outcome=told.outcome, asked_at=at)
        seen = before.next(told, our_size=our_size, at=at)
        self._seen.setdefault(vkey, {})[log] = seen
        return seen

    def write(self) -> None:
        """Raises OSError."""
        content = msgspec.json.format(msgspec.json.encode(_File(1, self._seen)), indent=1)
        write_durably(self._path, content + b"\n")
