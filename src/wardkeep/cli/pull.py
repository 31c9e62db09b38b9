# SPDX-License-Identifier: Apache-2.0
"""`wardkeep pull`: reads a view of a database, seals its rows, and goes on from there the next time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.cli.ingest import PAUSE, STOPPED, told_to_stop
from wardkeep.home import now

if TYPE_CHECKING:
    from wardkeep.jobs.pulling import Pulled


@click.command("pull")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="SOURCE.toml")
@click.option("--strict", is_flag=True, help="End with status 1 when a row was set aside or has no watermark.")
@standard
def command(frame: Frame, source: Path, strict: bool) -> None:
    """Read a view of a database from where the last pull ended, and store its rows, sealed."""
    from wardkeep.jobs.pulling import pull_source, source_named  # noqa: PLC0415

    given = source_named(source)
    with told_to_stop(frame) as stop:
        done = pull_source(frame.home, given, at=now(), stop=stop, progress=_progress(frame))
    reader = frame.home.ledger_reader()
    result = {**asdict(done), "checkpoint": reader.note(reader.current)}
    frame.out(result, _text(result))
    if done.without_watermark:
        frame.say(speak("%d rows have no watermark and are never pulled") % done.without_watermark)
    for name in done.columns_gone:
        frame.say(speak("the view has lost its column %s") % name)
    if done.stopped:
        frame.say(speak("stopped before the end; the same command again goes on"))
        click.get_current_context().exit(STOPPED)
    if strict and (done.quarantined or done.without_watermark):
        click.get_current_context().exit(1)


def _text(result: dict[str, Any]) -> str:
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in result.items()}
    lines = [
        speak("%(read)s read: %(accepted)s accepted, %(duplicates)s known already, %(quarantined)s set aside") % shown
    ]
    if result["first_index"] is not None:
        lines.append(speak("%(sealed)s sealed: entries %(first_index)s to %(last_index)s") % shown)
    if result["watermark"] is not None:
        lines.append(speak("up to %(watermark)s") % shown)
    return "\n".join([*lines, speak("checkpoint:"), result["checkpoint"].rstrip("\n")])


def _progress(frame: Frame) -> Callable[[Pulled], None]:
    """Says now and then how far a pull is."""
    said = time.monotonic()

    def show(done: Pulled) -> None:
        nonlocal said
        if time.monotonic() - said >= PAUSE:
            said = time.monotonic()
            frame.say(
                speak("%(read)s rows read, up to %(watermark)s")
                % {"read": f"{done.read:,}", "watermark": done.watermark}
            )

    return show
