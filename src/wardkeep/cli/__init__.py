# SPDX-License-Identifier: Apache-2.0
"""The front door: one sub-command or group per domain, each imported only when it is called."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
from typing import NoReturn

import click

from wardkeep.cli.frame import Translated, leave, speak

#: name -> ("module:attribute", what it does in one line). The order is the order of `wardkeep --help`.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("wardkeep.cli.init:command", "Make a home: keys, ledger and database."),
    "user": ("wardkeep.cli.user:command", "Make accounts and one-use links."),
    "demo": ("wardkeep.cli.demo:command", "Run the whole main job on a simulated hospital."),
    "serve": ("wardkeep.cli.serve:command", "Run everything under one supervisor until stopped."),
    "intake": ("wardkeep.cli.intake:command", "Read logs and store nothing; say what is heard live."),
    "ingest": ("wardkeep.cli.ingest:command", "Read, seal and store logs and tables."),
    "pull": ("wardkeep.cli.pull:command", "Read a view of a database, and go on from there the next time."),
    "quarantine": ("wardkeep.cli.quarantine:command", "What was set aside, with reasons."),
    "records": ("wardkeep.cli.records:command", "Signed records: seal what they say, and find what was changed."),
    "store": ("wardkeep.cli.store:command", "Keep the event store in order."),
    "judge": ("wardkeep.cli.judge:command", "Explain, detect and rank everything ingested."),
    "alerts": ("wardkeep.cli.alerts:command", "What was seen while it happened, and what became of it."),
    "notices": ("wardkeep.cli.notices:command", "Who is told of what: try the channels, see what was sent."),
    "ledger": ("wardkeep.cli.ledger:command", "The tamper-evident record: its state, proofs, copies, keys."),
    "witness": ("wardkeep.cli.witness:command", "A witness for other people's logs; needs no home."),
    "keys": ("wardkeep.cli.keys:command", "Recovery shares: open lost keys again, or make a new set."),
    "evidence": ("wardkeep.cli.evidence:command", "Results of named queries, as bundles that anyone can verify."),
    "verify": ("wardkeep.cli.verify:command", "Check an evidence bundle offline."),
    "doctor": ("wardkeep.cli.doctor:command", "Check an installation."),
    "upgrade": ("wardkeep.cli.upgrade:command", "Back up, migrate, verify, check."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(speak("Commands")):
            formatter.write_dl([(name, speak(summary)) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wardkeep")
def group() -> None:
    """Wardkeep guards patient information: every access sealed, explained or flagged."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with 0 done, 1 no, 2 unusable call or input, 3 something needed is missing.

    With `arguments` it leaves by SystemExit, as a caller in the same process expects; without, the process ends.
    """
    try:
        with Translated():
            leave(lambda: group.main(arguments, prog_name="wardkeep", standalone_mode=False))
    except SystemExit as end:
        if arguments is not None:
            raise
        end_at_once(end.code if isinstance(end.code, int) else 0 if end.code is None else 3)


def end_at_once(status: int) -> NoReturn:
    """End without taking the interpreter apart: all is done, closed and said.

    Threads of the engines may still stand in foreign code then, and one that asks for the interpreter's lock too late
    aborts the process: an ingest that had ended well was seen to end with SIGABRT.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
