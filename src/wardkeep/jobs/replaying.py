# SPDX-License-Identifier: Apache-2.0
"""What was set aside, read once more: with a mended mapping, or as an amendment where it contradicts what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from wardkeep.jobs.ingesting import PATIENCE
from wardkeep.jobs.mappings import confirmed_mapping
from wardkeep.jobs.messages import load_messages
from wardkeep.watch.event import AccessEvent, Rejected

if TYPE_CHECKING:
    from wardkeep.home import Home
    from wardkeep.watch.intake import Mapping
    from wardkeep.watch.store import Intake, Piece, Report, Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """What became of the pieces that were tried."""

    tried: int
    read: int
    #: Reason, as far as its first colon -> pieces that still cannot be read.
    left: dict[str, int]
    report: Report
    checkpoint: str


def replay(home: Home, pieces: Sequence[Piece], *, mapping: Mapping | None, at: datetime) -> Replayed:
    """Read `pieces` again and store what can be read now; the rest stays where it is. Raises StoreError, LedgerError.

    Without a mapping, what needs one is read by the confirmed mapping that is for its file. Raises BadMapping.
    """
    store = home.store()
    with home.connect_ledger() as ledger, store.intake(ledger, received_at=at, wait=PATIENCE) as intake:
        work = _Work(intake, store, home, mapping)
        # File by file: identical records without a number are told apart by their place among those of their file.
        for name, group in groupby(pieces, key=lambda piece: piece.source):
            work.one_source(name, group)
        report = intake.report()
        ledger.publish()
    reader = home.ledger_reader()
    return Replayed(
        tried=len(pieces),
        read=len(pieces) - work.left.total(),
        left=dict(work.left),
        report=report,
        checkpoint=reader.note(reader.current),
    )


def replay_for(
    home: Home, pieces: Sequence[Piece], *, actor: Any, at: datetime, mapping: Mapping | None = None
) -> Replayed:
    """As `replay`, and an act names who asked: an account, or a word, as an act takes it. Django must be set up."""
    from wardkeep.seal.act import action  # noqa: PLC0415

    done = replay(home, pieces, mapping=mapping, at=at)
    with action("intake:quarantine:replayed", actor=actor, at=at) as act:
        act.fact("pieces", done.tried)
        act.fact("read", done.read)
    return done


class _Work:
    """One replay: each piece by its kind."""

    def __init__(self, intake: Intake, store: Store, home: Home, mapping: Mapping | None) -> None:
        self.intake, self.store, self.home, self.mapping = intake, store, home, mapping
        self.zone = home.settings.hospital.timezone
        self.left: Counter[str] = Counter()

    def one_source(self, name: str, pieces: Iterable[Piece]) -> None:
        from wardkeep.watch.intake import batches_of  # noqa: PLC0415

        events: list[AccessEvent | Rejected] = []
        good: list[str] = []
        messages: list[bytes] = []
        source = ""
        confirmed = confirmed_mapping(self.home, name) if self.mapping is None else None
        for piece in pieces:
            if is_of_a_table(piece):
                why = self.table(piece)
            elif piece.is_conflict:
                self.intake.amend(piece.id)
                continue
            else:
                by = self.mapping or (confirmed if needs_mapping(piece) else None)
                found, why = records_again(piece, zone=self.zone, mapping=by)
                events += found
                if any(isinstance(one, AccessEvent) and one.format == "hl7" for one in found[:1]):
                    messages.append(piece.raw)
                    source = piece.source
            if why:
                self.left[why] += 1
            else:
                good.append(piece.id)
        load_messages(self.intake, self.store, messages, zone=self.zone, source=source)
        self.intake.file(batches_of(events))
        for identity in good:
            self.intake.replayed(identity)

    def table(self, piece: Piece) -> str:
        """Load the rows of a piece of a table; why not, where that cannot be."""
        from wardkeep.watch.hospital import reread  # noqa: PLC0415

        found = list(reread(_rejected(piece), zone=self.zone))
        for table in found:
            if table.rejected:
                return _code(table.rejected[0].reason)
        for table in found:
            self.intake.context(table)
        return ""


def is_of_a_table(piece: Piece) -> bool:
    """Whether a piece is a row of the hospital's tables: `hospital:orders`, `omop:person`; an event's is `hospital`."""
    from wardkeep.watch.intake import FORMATS  # noqa: PLC0415

    kind, colon, _ = piece.format.partition(":")
    return bool(colon) and (kind not in FORMATS or kind == "hospital")


def needs_mapping(piece: Piece) -> bool:
    """Whether a piece is text of columns, a sheet's row, or of no known format: what a confirmed mapping may be meant for."""
    from wardkeep.watch.intake.forms import form_named  # noqa: PLC0415

    kind = piece.format.partition(":")[0]
    form = form_named(kind)
    return kind in ("unknown", "delimited") or (form is not None and form.mapped)


def records_again(piece: Piece, *, zone: str, mapping: Mapping | None) -> tuple[list[AccessEvent | Rejected], str]:
    """The records of a piece; or none, and why.

    A piece that is a whole file is read though some of its records cannot be: those become pieces of their own.
    """
    from wardkeep.watch.intake import reread  # noqa: PLC0415

    found = list(reread(_rejected(piece), zone=zone, mapping=mapping))
    if any(isinstance(one, AccessEvent) for one in found):
        return found, ""
    wrong = next((one for one in found if isinstance(one, Rejected)), None)
    return [], _code(wrong.reason) if wrong else "empty"


def _rejected(piece: Piece) -> Rejected:
    return Rejected(
        reason=piece.reason,
        format=piece.format,
        source=piece.source,
        position=piece.position,
        raw=piece.raw,
        head=piece.head,
        truncated=piece.truncated,
    )


def _code(reason: str) -> str:
    """The stable part of a reason."""
    return reason.partition(":")[0]
