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
from wardkeep.cli.ingest import told_to_stop
from wardkeep.cli.package import command as package
from wardkeep.home import now

if TYPE_CHECKING:
    from wardkeep.jobs.records import Read
    from wardkeep.watch.integrity import Difference

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Command = TypeVar("Command", bound=Callable[..., Any])


@click.group("records")
def command() -> None:
    """Signed records: seal what they say, and find what was changed, removed or put in behind."""


command.add_command(package)


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
        click.option("--system", default="", help="Whose records they are (HL7 says so itself); default EMR, of DICOM PACS."),
        click.option("--from", "place", default=None, metavar="SOURCE.toml",
                     help="A view of a database, or an archive of images, instead of FILEs.",
                     type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        click.argument("paths", nargs=-1, metavar="[FILE...]",
                       type=click.Path(exists=True, path_type=Path)),
    ):  # fmt: skip
        function = option(function)
    return function


@command.command("seal")
@click.option("--late", is_flag=True, help="FILEs of a department or a time that come late: seal records though others of "
              "their kind were sealed for later times already.")  # fmt: skip
@_source
@standard
def seal(frame: Frame, paths: tuple[Path, ...], place: Path | None, late: bool, **options: Any) -> None:
    """Keep digests of the signed records in FILEs (FHIR, HL7 messages, DICOM studies, a CSV export), a database or an archive.

    Messages that are ingested or heard are sealed by themselves. No content is kept. A record that says something else under
    the time at which it was sealed, or comes with a time at which others of its kind were sealed without it, is named and not
    sealed. One that says something else with a later time, and has no status that says that it was amended, is sealed and
    named; so is one that was withdrawn. The status is 1 then.
    """
    _one_source(paths, place)
    if late and place is not None:
        raise click.UsageError(speak("--late is for FILEs: what a source brings late is named and looked at"))
    if place is not None:
        from wardkeep.jobs.record_sources import record_source_named, seal_from  # noqa: PLC0415

        given = record_source_named(place)
        with told_to_stop(frame) as stop:
            done = seal_from(frame.home, given, at=now(), stop=stop)
        counts = {"read": done.read, "sealed": done.sealed, "unusable": done.unusable, "watermark": done.watermark}
        differences, doubtful = done.differences, done.doubtful
        for sentence in done.troubles:
            frame.say(sentence)
    else:
        from wardkeep.jobs.records import seal_read  # noqa: PLC0415

        read = _read(frame, paths, **options)
        sealed = seal_read(frame.home, read, source=paths[0].name, at=now(), late=late)
        counts = {"read": len(read.versions), "sealed": sealed.new, "unusable": len(read.unusable)}
        differences, doubtful = list(sealed.refused), list(sealed.doubtful)
    result = {**counts, "different": len(differences) + len(doubtful)}
    frame.out(result, speak("%(read)d signed records read, %(sealed)d new versions sealed") % result)
    for one in differences:
        frame.say(speak("not sealed: %s") % _words(one, _zone(frame)))
    for one in doubtful:
        frame.say(speak("sealed, and to be looked at: %s") % _words(one, _zone(frame)))
    if doubtful:
        _show(frame)
    if differences or doubtful:
        click.get_current_context().exit(1)


@command.command("check")
@click.option("--whole", is_flag=True, help="FILEs hold all records of their systems: what is absent is missing. With "
              "--from: everything in the view is read.")  # fmt: skip
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=None,
    help="So many sealed records, drawn anew each time (with --from 200, unless --whole is given).",
)
@_source
@standard
def check(
    frame: Frame, paths: tuple[Path, ...], place: Path | None, whole: bool, sample: int | None, **options: Any
) -> None:
    """Hold what FILEs, a database or an archive say now against what is sealed. One line a difference; status 1 then.

    From a database or an archive only the drawn records are read, by their numbers; what is new there is sealed first.
    """
    _one_source(paths, place)
    if whole and sample and place is not None:
        raise click.UsageError(speak("with --from give --whole or --sample, not both"))
    frame.django()
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415

    if place is not None:
        from wardkeep.jobs.record_sources import SAMPLE, record_source_named  # noqa: PLC0415
        from wardkeep.jobs.records_nightly import check_source  # noqa: PLC0415

        given = record_source_named(place)
        count = None if whole else sample or given.sample(SAMPLE)
        _, done = check_source(frame.home, given, sample=count, at=now())
        counts = {"compared": done.compared, "intact": done.intact, "new": done.sealed}
        said = speak("%(compared)d records compared, %(intact)d as they were sealed, %(new)d sealed now") % counts
        differences = [*done.differences, *done.doubtful]
        for sentence in done.troubles:
            frame.say(sentence)
        if done.unaskable and not done.troubles:
            frame.say(speak("%d records could not be asked for: their number does not fit the key") % done.unaskable)
    else:
        from wardkeep.jobs.records import check_records  # noqa: PLC0415

        read = _read(frame, paths, **options)
        held = check_records(frame.home, (*read.versions, *read.drafts), whole=whole, sample=sample, at=now())
        counts = {"compared": held.compared, "intact": held.intact, "new": held.new}
        said = speak("%(compared)d records compared, %(intact)d as they were sealed, %(new)d not sealed yet") % counts
        differences = list(held.differences)
    drain_here(frame.home, say=frame.say)
    for one in differences:
        frame.out(_line(one, _zone(frame)), _words(one, _zone(frame)))
    frame.say(said)
    if differences:
        click.get_current_context().exit(1)


@command.command("doubts")
@standard
def doubts(frame: Frame) -> None:
    """Name records that were amended without saying so, withdrawn, or told by messages as drafts or under a sealed time.

    Of what was noticed while sealing, whoever sealed, what nobody has explained on the page yet. One line each; status 1 then.
    """
    found = _show(frame)
    for one in found:
        frame.out(_line(one, _zone(frame)), _words(one, _zone(frame)))
    if found:
        click.get_current_context().exit(1)
    frame.say(speak("no signed record waits to be looked at"))


@command.command("nightly")
@click.option("--only-due", is_flag=True, hidden=True)
@standard
def nightly(frame: Frame, only_due: bool) -> None:
    """Seal and check every source that the settings name under [records]. `wardkeep serve` does it by itself.

    One line a source; status 1 where a record differs, 3 where a source could not be read.
    """
    if not frame.home.settings.records.sources:
        frame.say(f"{speak('No source of signed records is named in the settings.')} [records] sources")
        return
    frame.django()
    from wardkeep.govern.records.standing import Outcome  # noqa: PLC0415
    from wardkeep.jobs import records_nightly  # noqa: PLC0415
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415

    checks = records_nightly.nightly(frame.home, at=now(), only_due=only_due)
    drain_here(frame.home, say=frame.say)
    for one in checks:
        line = {
            "source": one.source, "outcome": str(one.outcome), "reason": one.reason, "sealed": one.sealed,
            "compared": one.compared, "intact": one.intact, "different": one.different, "fresh": one.fresh,
        }  # fmt: skip
        counts = speak("%(compared)d compared, %(intact)d as they were sealed, %(different)d differ") % line
        frame.out(line, f"{one.source}  {speak('not evaluated: %s') % one.reason if one.reason else counts}")
    if any(one.outcome == Outcome.NOT_EVALUATED for one in checks):
        click.get_current_context().exit(3)
    if any(one.different for one in checks):
        click.get_current_context().exit(1)


def _show(frame: Frame) -> list[Difference]:
    """What was noticed while sealing is put on the page, with an act: no later check finds it again. What of it is open."""
    frame.django()
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.jobs.records import keep_doubts  # noqa: PLC0415

    found = keep_doubts(frame.home, at=now())
    drain_here(frame.home, say=frame.say)
    return found


def _one_source(paths: tuple[Path, ...], place: Path | None) -> None:
    if bool(paths) == (place is not None):
        raise click.UsageError(speak("name FILEs, or a source with --from"))


def _zone(frame: Frame) -> ZoneInfo:
    return ZoneInfo(frame.home.settings.hospital.timezone)


def _line(one: Difference, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "problem": str(one.problem), "system": one.system, "record": one.record, "kind": one.kind,
        "patient_id": one.patient, "sealed_at": _at(one.sealed_us, zone), "found_at": _at(one.found_us, zone),
    }  # fmt: skip


def _words(one: Difference, zone: ZoneInfo) -> str:
    times = f"{_at(one.sealed_us, zone) or '-'}  {_at(one.found_us, zone) or '-'}"
    return f"{_said(one.problem)}  {one.system} {one.record}  {times}"


def _said(problem: str) -> str:
    words = {
        "changed": speak("changed"), "reverted": speak("set back"), "missing": speak("missing"),
        "back_dated": speak("back-dated"), "unmarked": speak("amended without saying so"),
        "withdrawn": speak("withdrawn"), "unsigned": speak("not signed any more"),
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
