# SPDX-License-Identifier: Apache-2.0
"""`wardkeep store`: keeping the event store in order."""

from __future__ import annotations

from dataclasses import asdict

import click

from wardkeep.cli.frame import Frame, speak, standard


@click.group("store")
def command() -> None:
    """Keep the event store in order."""


@command.command("compact")
@click.option("--all", "everything", is_flag=True, help="Also the few that are not worth it by themselves.")
@standard
def compact(frame: Frame, everything: bool) -> None:
    """Join the many small segments of a day, so that reading stays quick. What is sealed does not change."""
    from wardkeep.watch.store.compaction import compact as join  # noqa: PLC0415

    done = join(frame.home.store(), wait=30.0, everything=everything)
    text = speak(
        "%(days)d days: %(before)d segments became %(after)d, %(removed)d old files removed, %(waiting)d wait for readers"
    )
    frame.out(asdict(done), text % asdict(done) if any(asdict(done).values()) else speak("nothing to join"))
