# SPDX-License-Identifier: Apache-2.0
"""`wardkeep records`: what signed records said, sealed; and whether they still say it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.home import now

if TYPE_CHECKING:
    from wardkeep.jobs.records import Read

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Command = TypeVar("Command", bound=Callable[..., Any])


@click.group("records")
def command() -> None:
    """Signed records: seal what they say, and find what was changed, removed or put in behind."""


def _source(function: Command) -> Command:
    """The options that say what a file holds."""
    for option in (
        click.option("--stage", default=None, metavar="COLUMN", help="CSV: signed, archived, changed or withdrawn."),
        click.option("--by", default=None, metavar="COLUMN", help="CSV: who signed."),
        click.option("--patient", default=None, metavar="COLUMN", help="CSV: the patient's number."),
        click.option("--time", default=None, metavar="COLUMN", help="CSV: when it was signed or changed."),
        click.option("--content", default=None, metavar="COLUMNS", help="CSV: what must not change, with commas."),
        click.option("--key", default=None, metavar="COLUMNS", help="CSV: the record's number, with commas."),
        click.option("--kind", default="record", show_default=True, help="CSV: what the records are."),
        click.option("--system", default="EMR", show_default=True, help="Whose records they are (HL7 says so itself)."),
        click.argument("paths", nargs=-1, required=True, metavar="FILE...",
                       type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    ):  # fmt: skip
        function = option(function)
    return function


@command.command("seal")
@_source
@standard
def seal(frame: Frame, paths: tuple[Path, ...], **options: Any) -> None:
    """Keep digests of the signed records in FILEs: FHIR documents and reports, HL7 messages, or a CSV export.

    Messages that are ingested or heard are sealed by themselves. No content is kept.
    """
    from wardkeep.jobs.records import seal_records  # noqa: PLC0415

    read = _read(frame, paths, **options)
    new = seal_records(frame.home, read.versions, source=paths[0].name, at=now())
    result = {"read": len(read.versions), "sealed": new, "unusable": len(read.unusable)}
    frame.out(result, speak("%(read)d signed records read, %(sealed)d new versions sealed") % result)


@command.command("check")
@click.option("--whole", is_flag=True, help="FILEs hold all records of their systems: what is absent is missing.")
@click.option(
    "--sample", type=click.IntRange(min=1), default=None, help="So many sealed records, drawn anew each time."
)
@_source
@standard
def check(frame: Frame, paths: tuple[Path, ...], whole: bool, sample: int | None, **options: Any) -> None:
    """Hold what FILEs say now against what is sealed. One line a difference; status 1 where there is one."""
    frame.django()
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.jobs.records import check_records  # noqa: PLC0415

    read = _read(frame, paths, **options)
    done = check_records(frame.home, read.versions, whole=whole, sample=sample, at=now())
    drain_here(frame.home, say=frame.say)
    zone = ZoneInfo(frame.home.settings.hospital.timezone)
    for one in done.differences:
        line = {
            "problem": str(one.problem), "system": one.system, "record": one.record, "kind": one.kind,
            "patient_id": one.patient, "sealed_at": _at(one.sealed_us, zone), "found_at": _at(one.found_us, zone),
        }  # fmt: skip
        times = f"{line['sealed_at'] or '-'}  {line['found_at'] or '-'}"
        frame.out(line, f"{_said(one.problem)}  {one.system} {one.record}  {times}")
    counts = {"compared": done.compared, "intact": done.intact, "new": done.new}
    frame.say(speak("%(compared)d records compared, %(intact)d as they were sealed, %(new)d not sealed yet") % counts)
    if done.differences:
        click.get_current_context().exit(1)


def _said(problem: str) -> str:
    words = {
        "changed": speak("changed"), "reverted": speak("set back"), "missing": speak("missing"),
        "back_dated": speak("back-dated"),
    }  # fmt: skip
    return words[problem]


def _at(us: int | None, zone: ZoneInfo) -> str | None:
    return None if us is None else (EPOCH + timedelta(microseconds=us)).astimezone(zone).isoformat()


def _read(
    frame: Frame, paths: tuple[Path, ...], *, system: str, kind: str, key: str | None, content: str | None,
    time: str | None, patient: str | None, by: str | None, stage: str | None,
) -> Read:  # fmt: skip
    from wardkeep.jobs.records import read_records  # noqa: PLC0415
    from wardkeep.watch.integrity.table import Columns  # noqa: PLC0415

    columns = None
    if key or content or time:
        if not (key and content and time):
            raise click.UsageError(speak("a CSV file needs --key, --content and --time"))
        columns = Columns(
            key=tuple(key.split(",")), content=tuple(content.split(",")), time=time, patient=patient, by=by, stage=stage
        )
    zone = frame.home.settings.hospital.timezone
    read = read_records(paths, zone=zone, system=system, kind=kind, columns=columns)
    for sentence in read.unusable:
        frame.say(sentence)
    return read
