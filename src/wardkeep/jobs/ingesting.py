# SPDX-License-Identifier: Apache-2.0
"""From paths to sealed rows: which files are logs and which are tables, who reads them, and the one pass that stores all."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from wardkeep.jobs.mappings import confirmed_mapping, mapping_file
from wardkeep.jobs.messages import load_messages, messages_of
from wardkeep.jobs.unresolved import Named
from wardkeep.watch.event import AccessEvent, Rejected

if TYPE_CHECKING:
    from wardkeep.home import Home
    from wardkeep.watch.intake import Batch, Mapping
    from wardkeep.watch.store import Report

#: Seconds to wait for another command that stores.
PATIENCE = 30.0
#: A file larger than this is parsed in processes of its own.
WORTH_A_PROCESS = 16 * 1024 * 1024


class NothingToRead(Exception):
    """A folder holds neither a log nor a table."""

    exit_status = 2
    hint = "name the folder with the exports themselves, or single files"


@dataclass(frozen=True, kw_only=True, slots=True)
class Log:
    """One file of events and how it is to be read."""

    path: Path
    format: str | None = None
    mapping: Mapping | None = None

    def read(self, *, zone: str) -> Iterator[AccessEvent | Rejected]:
        """Row by row."""
        from wardkeep.watch.intake import read_events  # noqa: PLC0415

        return read_events(self.path, zone=zone, format=self.format, mapping=self.mapping)

    def batches(self, *, zone: str, workers: int) -> Iterator[Batch]:
        """In columns."""
        from wardkeep.watch.intake import read_batches  # noqa: PLC0415

        workers = workers if self.path.stat().st_size > WORTH_A_PROCESS else 0
        return read_batches(self.path, zone=zone, format=self.format, mapping=self.mapping, workers=workers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """How far a pass is."""

    source: str
    #: Bytes of all logs read so far, and in all.
    done: int
    size: int
    records: int
    seconds: float

    @property
    def share(self) -> float:
        return self.done / self.size if self.size else 1.0

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Ingested:
    """What one pass stored, and the checkpoint that covers it."""

    report: Report
    #: Accounts and patients that no table knows, and the events that name them.
    unresolved: dict[str, int]
    checkpoint: str
    #: True where it was told to stop before the end of the input.
    stopped: bool
    #: Signed records that messages told in a way that a person should look at.
    doubts: int = 0


@dataclass(kw_only=True)
class Pass:
    """One pass over all logs: how far it is, whom the events named, and whether it was told to stop."""

    size: int
    progress: Callable[[Step], None] | None
    stop: Callable[[], bool]
    began: float
    done: int = 0
    records: int = 0
    stopped: bool = False
    doubts: int = 0

    def __post_init__(self) -> None:
        self.named = Named()

    def ends(self) -> bool:
        """Whether to stop here."""
        self.stopped = self.stopped or self.stop()
        return self.stopped

    def through(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches of one file, counted; they end early where the pass was told to stop."""
        before, size = self.done, 0
        for batch in batches:
            if self.ends():
                return
            self.named.add(batch.events)
            yield batch
            self.records += batch.records
            self.done, size = before + batch.done, batch.size
            if self.progress is not None:
                seconds = time.monotonic() - self.began
                self.progress(
                    Step(source=batch.source, done=self.done, size=self.size, records=self.records, seconds=seconds)
                )
        self.done = before + size


def mapping_named(name: str | None, home: Home | None = None) -> Mapping | None:
    """The mapping of a file, of a name among the home's confirmed ones, or of a shipped name. Raises IntakeError."""
    if name is None:
        return None
    from wardkeep.watch.intake import load_mapping  # noqa: PLC0415

    confirmed = mapping_file(home, name) if home is not None and "/" not in name else None
    if not Path(name).exists() and confirmed is not None and confirmed.is_file():
        return load_mapping(confirmed)
    return load_mapping(Path(name) if Path(name).exists() else name)


def tables_of(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Folders that hold tables and single tables, and what of `paths` has to be looked at for logs."""
    from wardkeep.watch.hospital import context_files  # noqa: PLC0415
    from wardkeep.watch.intake import log_files  # noqa: PLC0415

    tables: list[Path] = []
    rest: list[Path] = []
    for path in paths:
        has_tables = path.is_dir() and bool(context_files(path))
        if has_tables or is_table(path):
            tables.append(path)
        # A folder of tables alone is no fault: what is known of the care of patients may come later than their logs.
        if not is_table(path) and not (has_tables and not log_files(path)):
            rest.append(path)
    return tables, rest


def is_table(path: Path) -> bool:
    """Whether a file is one of the hospital's tables, by its name; a mapping beside it says that it is a log."""
    from wardkeep.watch.hospital.tables import TABLES  # noqa: PLC0415
    from wardkeep.watch.intake import mapping_beside  # noqa: PLC0415

    return path.is_file() and path.suffix == ".csv" and path.stem in TABLES and mapping_beside(path) is None


def logs_of(
    paths: Sequence[Path], *, mapping: Mapping | None = None, format: str | None = None, home: Home | None = None
) -> Iterator[Log]:
    """Every log that `paths` name, each once. Raises NothingToRead where one names none, IntakeError.

    A mapping that lies beside a file goes before one that was named for its folder, and both before the confirmed ones of
    `home`.
    """
    from wardkeep.watch.intake import load_mapping, log_files, mapping_beside  # noqa: PLC0415

    seen: set[Path] = set()
    for path in paths:
        files = log_files(path)
        if not files:
            raise NothingToRead(f"there is no log in {path}")
        for file in files:
            if file.resolve() in seen:
                continue
            seen.add(file.resolve())
            its = mapping
            if (mapping is None or path.is_dir()) and (beside := mapping_beside(file)):
                its = load_mapping(beside)
            elif path.is_dir() and mapping is not None and understood(file):
                its = None
            elif mapping is None and format is None and home is not None:
                its = confirmed_mapping(home, file.name)
            yield Log(path=file, format=format, mapping=its)


def understood(path: Path) -> bool:
    """Whether a log needs no mapping: of a folder, a named mapping is meant for the other files."""
    from wardkeep.watch.intake.forms import form_of  # noqa: PLC0415
    from wardkeep.watch.intake.limits import LOOK  # noqa: PLC0415
    from wardkeep.watch.intake.opening import Source  # noqa: PLC0415
    from wardkeep.watch.intake.recognise import is_hospital, looks_like_json  # noqa: PLC0415

    with Source(path) as source:
        head = next(iter(source.chunks()), b"")[:LOOK]
    form = form_of(path.name, head, mapped=False)
    return looks_like_json(head) or is_hospital(path.name, head) or (form is not None and not form.mapped)


def ingest_paths(
    home: Home,
    paths: Sequence[Path],
    *,
    at: datetime,
    format: str | None = None,
    mapping: Mapping | None = None,
    progress: Callable[[Step], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Ingested:
    """Store the tables of folders, then every log: events never stand without the tables that came with them.

    stop: asked between batches; what was stored by then stays, and the same call again goes on.
    Raises FolderError, IntakeError, NothingToRead, StoreError, LedgerError.
    """
    from wardkeep.watch.hospital import read_context  # noqa: PLC0415

    zone = home.settings.hospital.timezone
    tables, rest = tables_of(paths)
    logs = list(logs_of(rest, mapping=mapping, format=format, home=home))
    size = sum(log.path.stat().st_size for log in logs)
    work = Pass(size=size, progress=progress, stop=stop, began=time.monotonic())
    store = home.store()
    with home.connect_ledger() as ledger, store.intake(ledger, received_at=at, wait=PATIENCE) as intake:
        for path in tables:
            for table in read_context(path, zone=zone):
                if not work.ends():
                    intake.context(table)
        for log in logs:
            if not work.ends():
                said = messages_of(log.path, format=log.format, mapped=log.mapping is not None)
                work.doubts += load_messages(intake, store, said, zone=zone, source=log.path.name)
                intake.file(work.through(log.batches(zone=zone, workers=_workers(home))))
        report = intake.report()
        ledger.publish()
    reader = home.ledger_reader()
    return Ingested(
        report=report,
        unresolved=work.named.unresolved(store),
        checkpoint=reader.note(reader.current),
        stopped=work.stopped,
        doubts=work.doubts,
    )


def _workers(home: Home) -> int:
    return min(os.cpu_count() or 1, home.settings.engine.threads)
