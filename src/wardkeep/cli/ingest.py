# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ingest`: reads, seals and stores logs and tables."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.home import now
from wardkeep.watch.intake import FORMATS

if TYPE_CHECKING:
    from wardkeep.jobs.ingesting import Ingested, Step

#: Seconds between two lines of progress.
PAUSE = 2.0
#: The status of a command that a signal ended, as shells give it for Ctrl-C.
STOPPED = 130


@click.command("ingest")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option("--format", "format_", type=click.Choice(FORMATS), default=None, help="Default: found by looking.")
@click.option(
    "--mapping",
    default=None,
    help="Mapping of a delimited export: a file, or the name of a confirmed or a shipped one.",
)
@click.option("--strict", is_flag=True, help="End with status 1 when anything was set aside.")
@standard
def command(frame: Frame, paths: tuple[Path, ...], format_: str | None, mapping: str | None, strict: bool) -> None:
    """Store logs and tables, sealed. What is there already is counted and not stored again."""
    from wardkeep.jobs.ingesting import ingest_paths, mapping_named  # noqa: PLC0415

    with told_to_stop(frame) as stop:
        done = ingest_paths(
            frame.home,
            paths,
            at=now(),
            format=format_,
            mapping=mapping_named(mapping, frame.home),
            progress=progress(frame),
            stop=stop,
        )
    result = summary(done)
    frame.out(result, text(result))
    if done.doubts:
        frame.say(
            speak(
                "signed records to be looked at: %d. `wardkeep records doubts` names them, the page Signed records too"
            )
            % done.doubts
        )
    if done.stopped:
        frame.say(speak("stopped before the end; the same command again goes on"))
        click.get_current_context().exit(STOPPED)
    if strict and done.report.quarantined:
        click.get_current_context().exit(1)


def summary(done: Ingested) -> dict[str, Any]:
    """What an ingest prints."""
    report = done.report
    return {
        "read": report.read,
        "accepted": report.accepted,
        "duplicates": report.duplicates,
        "quarantined": report.quarantined,
        "sealed": report.sealed,
        "first_index": report.first_index,
        "last_index": report.last_index,
        "checkpoint": done.checkpoint,
        "conflicts": report.conflicts,
        "tables": dict(report.tables),
        "unresolved": done.unresolved,
        "stopped": done.stopped,
    }


def text(result: dict[str, Any]) -> str:
    """The same for people."""
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in result.items()}
    lines = [
        speak("%(read)s read: %(accepted)s accepted, %(duplicates)s known already, %(quarantined)s set aside") % shown
    ]
    if result["tables"]:
        rows = ", ".join(f"{name} {count:,}" for name, count in result["tables"].items())
        lines.append(speak("tables: %s") % rows)
    if result["first_index"] is not None:
        lines.append(speak("%(sealed)s sealed: entries %(first_index)s to %(last_index)s") % shown)
    lost = result["unresolved"]
    if lost["accounts"] or lost["patients"]:
        lines.append(
            speak(
                "in no table: %(accounts)d accounts (%(events_of_accounts)d events), "
                "%(patients)d patients (%(events_of_patients)d events)"
            )
            % lost
        )
    if result["quarantined"]:
        lines.append(speak("`wardkeep quarantine list` says what was set aside, and why"))
    return "\n".join([*lines, speak("checkpoint:"), result["checkpoint"].rstrip("\n")])


def progress(frame: Frame) -> Callable[[Step], None]:
    """Says now and then how far a pass is."""
    said = time.monotonic()

    def show(step: Step) -> None:
        nonlocal said
        if time.monotonic() - said >= PAUSE:
            said = time.monotonic()
            counted = {"source": step.source, "records": f"{step.records:,}", "rate": f"{step.rate:,.0f}"}
            words = speak("%(source)s: %(records)s records, %(rate)s a second") % counted
            frame.say(f"{100 * step.share:3.0f} %  {words}")

    return show


@contextmanager
def told_to_stop(frame: Frame) -> Iterator[Callable[[], bool]]:
    """Ctrl-C or SIGTERM ends the work after the batch at hand; a second one ends it at once."""
    told = False

    def tell(number: int, _: object) -> None:
        nonlocal told
        told = True
        put_back()
        frame.say(speak("stopping after what is at hand; once more stops at once"))

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: told
    finally:
        put_back()
