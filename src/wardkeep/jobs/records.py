# SPDX-License-Identifier: Apache-2.0
"""Record integrity of a home: versions of records into the store, and what is sealed held against what a source says now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.jobs.ingesting import PATIENCE
from wardkeep.watch.integrity import (
    Comparison,
    Difference,
    Problem,
    Stage,
    Version,
    admit,
    admit_told,
    compare,
    doubt_row,
    spans,
)

if TYPE_CHECKING:
    from wardkeep.home import Home
    from wardkeep.watch.integrity.dicom import Instance
    from wardkeep.watch.integrity.table import Columns

TABLE, DOUBTS = "record_versions", "record_doubts"
#: What stands for the source where files are held against what is sealed, and for what was noticed while sealing.
FILES, SEALING = "files", "sealing"


class UnreadableRecords(Exception):
    """A file holds no records that can be read."""

    exit_status = 2
    hint = "name FHIR resources, HL7 messages, DICOM files or folders, or a CSV file with --key, --content and --time"


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """The records of some files, and what in them could not be used, each as file and sentence."""

    versions: tuple[Version, ...]
    unusable: tuple[str, ...]
    #: Of them those that messages told, one by one; the others are what a source says now.
    told: frozenset[Version] = frozenset()
    #: Of them those that are studies of images.
    studies: frozenset[Version] = frozenset()
    #: What nobody has signed, or nobody has any more: it is held against what is sealed, and is no record by itself.
    drafts: tuple[Version, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedNow:
    """What came of sealing files."""

    new: int
    #: What contradicts what is sealed, and was not sealed.
    refused: tuple[Difference, ...]
    #: What was sealed, and should be looked at by a person all the same.
    doubtful: tuple[Difference, ...]


def read_records(
    paths: Sequence[Path], *, zone: str, system: str = "", kind: str = "record", columns: Columns | None = None
) -> Read:
    """The signed records in files; of a folder its DICOM files. Raises UnreadableRecords, NoDicomReader, OSError.

    system: whose they are, where a file does not say (empty: EMR, of DICOM PACS); columns: how a CSV file names them.
    """
    from wardkeep.watch.hl7.files import looks_like_messages  # noqa: PLC0415
    from wardkeep.watch.integrity.dicom import instance_of, looks_like_dicom, studies  # noqa: PLC0415

    found: list[Version] = []
    told: set[Version] = set()
    unusable: list[str] = []
    images: list[Instance] = []
    for path in _files(paths):
        data = path.read_bytes()
        if looks_like_dicom(data[:132]) or path not in paths:
            read = instance_of(data, zone=zone)
            if isinstance(read, str):
                unusable.append(f"{path.name}: {read}")
            elif read is not None:
                images.append(read)
            continue
        messages = looks_like_messages(data[:4096])
        of = (
            _of_messages(path, zone)
            if messages
            else _of(data, zone=zone, system=system or "EMR", kind=kind, columns=columns)
        )
        try:
            for one in of:
                if isinstance(one, Version):
                    found.append(one)
                    if messages:
                        told.add(one)
                else:
                    unusable.append(f"{path.name}: {one}")
        except ValueError as problem:
            raise UnreadableRecords(f"{path.name}: {problem}") from problem
    found += (of_images := list(studies(images, system=system or "PACS")))
    return Read(
        versions=tuple(v for v in found if v.stage is not Stage.UNSIGNED),
        unusable=tuple(unusable),
        told=frozenset(told),
        studies=frozenset(of_images),
        drafts=tuple(v for v in found if v.stage is Stage.UNSIGNED),
    )


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files themselves, and those below folders."""
    for path in paths:
        yield from sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else (path,)


def _of(data: bytes, *, zone: str, system: str, kind: str, columns: Columns | None) -> Iterator[Version | str]:
    from wardkeep.watch.integrity import fhir, table  # noqa: PLC0415

    if columns is not None:
        rows = table.rows_of(data.decode(), columns)
        yield from table.versions(rows, columns, system=system, kind=kind, zone=zone)
    else:
        yield from fhir.versions(data, system=system, drafts=True)


def _of_messages(path: Path, zone: str) -> Iterator[Version | str]:
    from wardkeep.jobs.messages import messages_of  # noqa: PLC0415
    from wardkeep.watch.hl7 import Clock, NotRead, parse  # noqa: PLC0415
    from wardkeep.watch.hospital.messages import head_of  # noqa: PLC0415
    from wardkeep.watch.hospital.messages.records import versions_of  # noqa: PLC0415

    clock = Clock(zone)
    for number, raw in enumerate(messages_of(path, format=None, mapped=False), 1):
        try:
            message = parse(raw)
            yield from versions_of(message, head_of(message, clock), clock)
        except NotRead as problem:
            yield f"message {number}: {problem}"


def seal_read(home: Home, read: Read, *, source: str, at: datetime, late: bool = False) -> SealedNow:
    """Seal what files say and what does not contradict what is sealed.

    late: a record with a time at which others of its kind were sealed already is one that comes late, and not back-dated.
    """
    from wardkeep.watch.hospital.messages.records import GRACE_US  # noqa: PLC0415

    rest = [v for v in (*read.versions, *read.drafts) if v not in read.told and v not in read.studies]
    sealed = sealed_versions(home) if read.versions or read.drafts else []
    sealing = None if late else spans(sealed)
    admitted = [
        admit_told(_only(sealed, read.told), read.told, sealing=sealing, grace_us=GRACE_US),
        # A study has no status that could say that it was amended: images come to it by and by.
        admit(_only(sealed, read.studies), read.studies, sealing=sealing, marked=False),
        admit(_only(sealed, rest), rest, sealing=sealing),
    ]
    doubtful = tuple(doubt for one in admitted for doubt in one.doubtful)
    versions = [version for one in admitted for version in one.versions]
    seal_records(home, versions, source=source, at=at, doubtful=doubtful)
    return SealedNow(
        new=len(versions), refused=tuple(d for one in admitted for d in one.differences), doubtful=doubtful
    )


def seal_records(
    home: Home, versions: Sequence[Version], *, source: str, at: datetime, doubtful: Sequence[Difference] = ()
) -> None:
    """Keep versions that the store does not have, and with them which of these to look at. Raises StoreError, LedgerError."""
    from wardkeep.watch.hospital.context import Context, schema  # noqa: PLC0415

    if not versions:
        return
    rows = {TABLE: [_row(version, source) for version in versions], DOUBTS: [doubt_row(d, source) for d in doubtful]}
    with home.connect_ledger() as ledger, home.store().intake(ledger, received_at=at, wait=PATIENCE) as intake:
        for name, of in rows.items():
            if of:
                table = pa.Table.from_pylist(of, schema(name))
                intake.context(Context(name=name, table=table, rejected=(), source=source, full=False, feed=True))
        ledger.publish()


def check_records(
    home: Home, found: Iterable[Version], *, whole: bool, sample: int | None, at: datetime, actor: Any = "cli"
) -> Comparison:
    """Hold what files say now against what is sealed, and keep what came of it, with its act. Django must be set up."""
    from wardkeep.govern.records.actions import keep  # noqa: PLC0415
    from wardkeep.govern.records.models import RecordCheck  # noqa: PLC0415
    from wardkeep.govern.records.standing import Outcome  # noqa: PLC0415

    keep_doubts(home, at=at, actor=actor)
    done = compare(sealed_versions(home), found, whole=whole, sample=sample, seed=fresh_seed(home))
    check = RecordCheck(
        source=FILES, at=at, outcome=Outcome.CHECKED, sealed=0, compared=done.compared, intact=done.intact
    )
    keep(check, done.differences, by=actor)
    return done


def keep_doubts(home: Home, *, at: datetime, actor: Any = "cli") -> list[Difference]:
    """Put what was noticed while records were sealed, by messages too, on the page with an act, where it is not there yet.
    What of it nobody has explained. Django must be set up.
    """
    from wardkeep.govern.records.actions import keep, of_standing, unknown  # noqa: PLC0415
    from wardkeep.govern.records.models import RecordCheck  # noqa: PLC0415
    from wardkeep.govern.records.standing import Outcome, Standing  # noqa: PLC0415

    found = [
        Difference(
            system=row["system"], record=row["record"], kind=row["kind"] or "record", patient=row["patient_id"],
            problem=Problem(row["problem"]), sealed_us=row["sealed_us"], found_us=row["found_us"], digest=row["digest"],
        )
        for row in home.store().known_table(DOUBTS).to_pylist()
    ]  # fmt: skip
    if new := unknown(found):
        keep(RecordCheck(source=SEALING, at=at, outcome=Outcome.CHECKED), new, by=actor)
    return of_standing(found, Standing.OPEN)


def fresh_seed(home: Home) -> str:
    """What nobody knew before: the root of the ledger."""
    reader = home.ledger_reader()
    return reader.checkpoint(reader.current).root.hex()


def _only(sealed: Iterable[Version], found: Iterable[Version]) -> list[Version]:
    """What is sealed of the records of `found`."""
    records = {(v.system, v.record) for v in found}
    return [v for v in sealed if (v.system, v.record) in records]


def sealed_versions(home: Home, *, source: str | None = None, records: Collection[str] | None = None) -> list[Version]:
    """The versions that the store has; of one source, of some records."""
    table = home.store().known_table(TABLE)
    if source is not None:
        table = table.filter(pc.equal(table["src"], source))
    if records is not None:
        table = table.filter(pc.is_in(table["record"], value_set=pa.array(sorted(records), pa.string())))
    return [
        Version(
            system=row["system"], record=row["record"], kind=row["kind"] or "record", patient=row["patient_id"],
            stage=Stage(row["stage"]), time_us=row["time_us"], by=row["by"], digest=row["digest"],
        )
        for row in table.to_pylist()
    ]  # fmt: skip


def _row(version: Version, source: str) -> dict[str, Any]:
    return {
        "system": version.system, "record": version.record, "digest": version.digest, "kind": version.kind,
        "patient_id": version.patient, "stage": str(version.stage), "time_us": version.time_us, "by": version.by,
        "src": source,
    }  # fmt: skip
