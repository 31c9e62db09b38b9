# SPDX-License-Identifier: Apache-2.0
"""What was set aside and needs no reading: closed by a person, with a reason, as an act; and opened again by another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from wardkeep.jobs.ingesting import PATIENCE

if TYPE_CHECKING:
    from wardkeep.home import Home
    from wardkeep.watch.store import Piece


class Why(StrEnum):
    """Why a piece needs no reading. A code: an act holds no free text."""

    MENDED = "mended"  # a mended export brought the same record
    NO_RECORD = "no_record"  # a heading, a total, a torn line
    NOT_OURS = "not_ours"  # of another hospital or system
    TEST_DATA = "test_data"


#: Pieces that one act names; more of them go into further acts.
TOGETHER = 400


def dismiss(home: Home, pieces: Sequence[Piece], *, why: Why, at: datetime, actor: Any = "cli") -> None:
    """Close `pieces` in the store and say so in an act. Django must be set up. Raises StoreError, LedgerError.

    actor: an account, or a word, as an act takes it.
    """
    from wardkeep.seal.act import action  # noqa: PLC0415

    with home.connect_ledger() as ledger, home.store().intake(ledger, received_at=at, wait=PATIENCE) as intake:
        for piece in pieces:
            intake.dismissed(piece.id)
    for names in _together(pieces):
        with action("intake:quarantine:dismissed", actor=actor, at=at) as act:
            act.fact("why", why.value)
            act.fact("pieces", names)


def reopen(home: Home, pieces: Sequence[Piece], *, at: datetime, actor: Any = "cli") -> None:
    """Let dismissed `pieces` wait again and say so in an act; that they were dismissed stays in its own. As `dismiss`."""
    from wardkeep.seal.act import action  # noqa: PLC0415

    with home.connect_ledger() as ledger, home.store().intake(ledger, received_at=at, wait=PATIENCE) as intake:
        for piece in pieces:
            intake.reopened(piece.id)
    for names in _together(pieces):
        with action("intake:quarantine:reopened", actor=actor, at=at) as act:
            act.fact("pieces", names)


def _together(pieces: Sequence[Piece]) -> Iterator[list[str]]:
    for begin in range(0, len(pieces), TOGETHER):
        yield [piece.id for piece in pieces[begin : begin + TOGETHER]]
