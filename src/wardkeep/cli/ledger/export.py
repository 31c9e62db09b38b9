# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger export`: a copy of the public files, for a web server, an object store or another house."""

from __future__ import annotations

import time
from pathlib import Path

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.ledger.export import export_ledger

#: Seconds between two lines of progress.
PAUSE = 5.0


@click.command("export")
@click.argument("dest", type=click.Path(file_okay=False, path_type=Path))
@click.option("--recheck", is_flag=True, help="Compare every file of the copy, not only what is new.")
@standard
def command(frame: Frame, dest: Path, recheck: bool) -> None:
    """Copy the public files of every log to the folder DEST: tiles, entries, checkpoints (the kept days' too), public key.

    Writes only what is new, and each checkpoint last, so that it can be called again and again, and be cut off. Refuses a
    folder that holds another history than this ledger.
    """
    said = time.monotonic()

    def show(log: str, done: int, size: int) -> None:
        nonlocal said
        if time.monotonic() - said >= PAUSE:
            said = time.monotonic()
            counts = {"log": log, "done": f"{done:,}", "size": f"{size:,}"}
            frame.say(speak("log %(log)s: %(done)s of %(size)s entries") % counts)

    for one in export_ledger(frame.home.ledger_reader(), dest, recheck=recheck, progress=show):
        counts = {"log": one.log, "size": f"{one.size:,}", "new": f"{one.size - one.before:,}", "files": one.files}
        frame.out(
            {
                "log": one.log,
                "size": one.size,
                "before": one.before,
                "root": one.root.hex(),
                "files": one.files,
                "days": one.days,
                "folder": str(dest / one.log),
            },
            speak("log %(log)s: %(size)s entries, %(new)s of them new, %(files)d files written") % counts,
        )
