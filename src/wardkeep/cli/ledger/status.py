# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger status`: the newest log, its size, root and signed checkpoint."""

from __future__ import annotations

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.ledger.note import open_checkpoint


@click.command("status")
@standard
def command(frame: Frame) -> None:
    """The newest log: its origin, size, root and signed checkpoint."""
    reader = frame.home.ledger_reader()
    # Each note is read once: the ledger may grow meanwhile, and size, root and note must be of one tree.
    notes = {log: reader.note(log) for log in reader.logs()}
    trees = {log: open_checkpoint(note, reader.description.verifier(log)) for log, note in notes.items()}
    logs = [{"log": log, "size": tree.size, "root": tree.root.hex()} for log, tree in trees.items()]
    log = reader.current
    note, newest, vkey = notes[log], trees[log], reader.vkey(log)
    frame.out(
        {
            "origin": newest.origin,
            "size": newest.size,
            "root": newest.root.hex(),
            "checkpoint": note,
            "cosignatures": _cosignatures(note, newest.origin),
            "vkey": vkey,
            "logs": logs,
        },
        "\n".join(
            [
                *(
                    speak("log %(log)s: %(size)s entries, root %(root)s") % {**one, "size": f"{one['size']:,}"}
                    for one in logs
                ),
                speak("public key: %s") % vkey,
                speak("newest checkpoint (keep a copy elsewhere):"),
                "",
                note.rstrip("\n"),
            ]
        ),
    )


def _cosignatures(note: str, origin: str) -> list[str]:
    """Who else signed a checkpoint, by name, unverified."""
    names = [line.removeprefix("\u2014 ").partition(" ")[0] for line in note.rpartition("\n\n")[2].splitlines()]
    return [name for name in names if name != origin]
