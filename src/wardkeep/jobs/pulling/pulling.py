# SPDX-License-Identifier: Apache-2.0
"""One pull: pages of a view to events, gathered, sealed, and then the state that says so.

The state goes on only after the rows before it are sealed, and a pull begins before it by the overlap. So whatever ends a pull,
the next one reads again what may not be there, and the store knows what is.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from wardkeep.jobs.pulling.database import View
from wardkeep.jobs.pulling.lock import alone
from wardkeep.watch.intake import Mapping, load_mapping
from wardkeep.watch.intake.batch import Batch, columns_of
from wardkeep.watch.intake.mapping import SHIPPED, resolved
from wardkeep.watch.intake.row import Read
from wardkeep.watch.pull import (
    BadSource,
    Mark,
    PullError,
    PullSource,
    PullState,
    RowReader,
    SchemaChanged,
    TooManyAlike,
    before,
    begin_of,
    column_named,
    complete,
    kind_of,
    mark_of,
    parse_source,
    read_state,
    used_columns,
    write_state,
)
from wardkeep.watch.pull.watermark import from_text, kept_of, to_text

if TYPE_CHECKING:
    from wardkeep.home import Home

#: Rows that are sealed together, and seconds after which what there is is sealed.
GATHER, SECONDS = 50_000, 20.0
#: Rows of one watermark that are held at once.
ALIKE = 500_000
#: Seconds to wait for another command that stores.
PATIENCE = 30.0


@dataclass(kw_only=True, slots=True)
class Pulled:
    """What a pull did."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    sealed: int = 0
    first_index: str | None = None
    last_index: str | None = None
    #: Up to where rows are sealed; None where none ever were.
    watermark: str | None = None
    #: Rows that no pull reads, since their watermark is empty; None where that could not be counted.
    without_watermark: int | None = None
    columns_added: list[str] = field(default_factory=list)
    columns_gone: list[str] = field(default_factory=list)
    stopped: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A source file with what it names."""

    source: PullSource
    mapping: Mapping
    password: str | None


def source_named(path: Path) -> Source:
    """The source of a file, its mapping and its password. Raises BadSource, IntakeError."""
    try:
        source = parse_source(path.read_text("utf-8-sig"), path.name)
    except (OSError, UnicodeDecodeError) as exc:
        raise BadSource(f"{path} cannot be read: {type(exc).__name__}") from None
    named = source.mapping if source.mapping in SHIPPED else path.parent / source.mapping
    return Source(source=source, mapping=load_mapping(named), password=password_of(source, path.parent))


def password_of(source: PullSource, folder: Path) -> str | None:
    """The password that a source file in `folder` names. Raises BadSource."""
    return secret_in(source.password_file, source.password_credential, folder)


def secret_in(file: str | None, credential: str | None, folder: Path) -> str | None:
    """What a file beside a source file holds, or a credential of systemd. Raises BadSource."""
    if credential:
        given = os.environ.get("CREDENTIALS_DIRECTORY")
        if not given:
            raise BadSource(
                f"there are no credentials here, and {credential} is one",
                hint="run as a systemd unit with LoadCredential=, or name a file",
            )
        place = Path(given) / Path(credential).name
    elif file:
        place = folder / file
    else:
        return None
    try:
        if not credential and stat.S_IMODE(place.stat().st_mode) & 0o077:
            raise BadSource(f"{place} can be read by others", hint=f"chmod 600 {place}")
        return place.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise BadSource(f"{place} cannot be read: {type(exc).__name__}") from None


def pull_source(
    home: Home,
    given: Source,
    *,
    at: datetime,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[Pulled], None] | None = None,
    opened: Callable[[View], None] | None = None,
    wait: float = PATIENCE,
) -> Pulled:
    """Pull until the view has no more. Raises PullError, StoreError, LedgerError; what was sealed before stays so.

    opened: gets the view, which can be told from another thread to give up. wait: seconds for another pull of the source.
    """
    pull = _Pull(home, given, at=at, stop=stop, progress=progress)
    lock = state_file(home, given.source.name).with_suffix(".lock")
    with alone(lock, wait=wait), View(given.source, given.password) as view:
        if opened is not None:
            opened(view)
        return pull.run(view)


def state_file(home: Home, name: str) -> Path:
    """Where the state of a source is kept."""
    return home.data_folder / "pull" / f"{name}.json"


class _Pull:
    def __init__(
        self,
        home: Home,
        given: Source,
        *,
        at: datetime,
        stop: Callable[[], bool],
        progress: Callable[[Pulled], None] | None,
    ) -> None:
        self._home, self._given, self._at, self._stop, self._progress = home, given, at, stop, progress
        self._path = state_file(home, given.source.name)
        self._name = f"{given.source.name}.pull"
        zone = home.settings.hospital.timezone
        self._mapping = resolved(given.mapping, zone)
        self._zone = ZoneInfo(self._mapping.zone or zone)
        self.done = Pulled()

    def run(self, view: View) -> Pulled:
        source = self._given.source
        state = read_state(self._path)
        if state is not None:
            state = state.checked(source, self._path)
            self.done.watermark = state.last
        there = view.columns()
        if state is not None:
            self.done.columns_added = sorted(set(there) - set(state.columns))
            self.done.columns_gone = sorted(set(state.columns) - set(there))
        columns = used_columns(self._mapping, there, source.watermark)
        view.watermark = column_named(there, source.watermark)
        if state is not None:
            self._same_kind(view, state)
        reader = RowReader(self._mapping, columns, source=self._name)
        for reads, last in self._gathered(view, columns, reader, state):
            self._seal(reads)
            last_state = state or PullState(
                view=source.view, watermark=source.watermark, kind=kind_of(last), last=to_text(last), columns=there
            )
            state = last_state.gone(last=last, columns=there, rows=len(reads))
            write_state(self._path, state)
            self.done.watermark = state.last
            if self._progress is not None:
                self._progress(self.done)
        if not self.done.stopped:
            self.done.without_watermark = self._uncounted(view)
        return self.done

    def _gathered(
        self, view: View, columns: list[str], reader: RowReader, state: PullState | None
    ) -> Iterator[tuple[list[Read], Mark]]:
        """Rows enough to be sealed together, and the last watermark among them."""
        held: list[Read] = []
        last: Mark | None = None
        begun = time.monotonic()
        try:
            for rows, marks in self._pages(view, columns, state):
                held += [reader.read(row, mark) for row, mark in zip(rows, marks, strict=True)]
                last = kept_of(
                    marks, last or (state.mark if state else None), self._at, self._at.astimezone(self._zone)
                )
                if len(held) >= GATHER or time.monotonic() - begun >= SECONDS:
                    yield held, last
                    held, begun = [], time.monotonic()
        except PullError:
            if held and last is not None:
                yield held, last  # what came before the server was lost is good
            raise
        if held and last is not None:
            yield held, last

    def _pages(self, view: View, columns: list[str], state: PullState | None) -> Iterator[tuple[list[Any], list[Mark]]]:
        source = self._given.source
        at = columns.index(view.watermark)
        begin = self._begin(state)
        limit, ended = source.batch, False
        while not ended:
            if self._stop():
                self.done.stopped = True
                return
            asked = time.monotonic()
            rows = view.page(columns, begin, limit)
            marks = [mark_of(row[at], source.watermark) for row in rows]
            skipped = before(marks, begin)
            rows, marks = rows[skipped:], marks[skipped:]
            taken, ended = complete(marks, limit - skipped)
            if not taken and not ended:
                if limit >= ALIKE:
                    raise TooManyAlike(
                        f"more than {limit} rows of {source.view} have one {source.watermark}",
                        hint="name a watermark column that grows more finely",
                    )
                limit = min(limit * 4, ALIKE)
                continue
            if taken:
                yield rows[:taken], marks[:taken]
            if not ended:
                begin, limit = marks[-1], source.batch
                self._rest(taken, asked)

    def _same_kind(self, view: View, state: PullState) -> None:
        """Refuse a column of another kind than before: some databases compare them all the same, and find nothing."""
        column = self._given.source.watermark
        first = view.page([view.watermark], None, 1)
        if first and kind_of(mark_of(first[0][0], column)) is not state.kind:
            raise SchemaChanged(
                f"{column} is of another kind ({kind_of(mark_of(first[0][0], column))}) than at the last pull ({state.kind})",
                hint=f"give the source another name, or move {self._path} away to pull from the beginning",
            )

    def _begin(self, state: PullState | None) -> Mark | None:
        source = self._given.source
        if state is not None:
            return begin_of(state.mark, source.overlap)
        return None if source.start is None else from_text(source.start)

    def _rest(self, rows: int, since: float) -> None:
        """Wait as long as the rate asks for, or until told to stop."""
        if self._given.source.rate:
            until = since + rows / self._given.source.rate
            while (left := until - time.monotonic()) > 0 and not self._stop():
                time.sleep(min(left, 0.2))

    def _seal(self, reads: list[Read]) -> None:
        events, rejected, records = columns_of(reads, self._name)
        batch = Batch(
            events=events, rejected=tuple(rejected), records=records, source=self._name,
            done=records, size=records,
        )  # fmt: skip
        store = self._home.store()
        with (
            self._home.connect_ledger() as ledger,
            store.intake(ledger, received_at=self._at, wait=PATIENCE) as intake,
        ):
            intake.file([batch])
            report = intake.report()
            ledger.publish()
        for key in ("read", "accepted", "duplicates", "quarantined", "sealed"):
            setattr(self.done, key, getattr(self.done, key) + getattr(report, key))
        self.done.first_index = self.done.first_index or report.first_index
        self.done.last_index = report.last_index or self.done.last_index

    def _uncounted(self, view: View) -> int | None:
        """Rows without a watermark; a count that takes too long is left out."""
        try:
            return view.without_mark()
        except PullError:
            return None
