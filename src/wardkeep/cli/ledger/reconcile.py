# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger reconcile`: acts that the ledger has and the rows have not."""

from __future__ import annotations

import dataclasses

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.ledger import LedgerUnavailable

#: Acts that are listed for people.
SHOWN = 20


@click.command("reconcile")
@click.option("--restored", is_flag=True, help="The rows are an older copy, put back on purpose: go on with them.")
@standard
def command(frame: Frame, restored: bool) -> None:
    """List the acts that the ledger has of this database and the database has not.

    There are some where an older copy of the rows was put back: exit status 1. With --restored the rows get a new
    incarnation, and an act says what they do not know; without it no new act of theirs can be sealed.
    """
    from wardkeep.home import now  # noqa: PLC0415

    reader = frame.home.ledger_reader()
    frame.django()
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.jobs.upgrading import is_served  # noqa: PLC0415
    from wardkeep.seal.outbox import incarnation  # noqa: PLC0415
    from wardkeep.seal.restore import begin_again, compare  # noqa: PLC0415

    if restored and is_served(frame.home):
        raise LedgerUnavailable(
            speak("%s is being served") % frame.home.path, hint=speak("stop `wardkeep serve`, then call this again")
        )
    found = compare(reader)
    begun = restored and bool(found.younger)
    if begun:
        found = begin_again(reader, actor="cli", at=now())
        drain_here(frame.home, say=frame.say)
    lines = [f"{act.index}  {act.act}" for act in found.younger[:SHOWN]]
    if len(found.younger) > SHOWN:
        lines.append("…")
    lines.append(speak("%d acts of the ledger are younger than the rows") % len(found.younger))
    if begun:
        lines.append(speak("the rows go on as a new incarnation: %s") % incarnation())
    frame.out(
        {
            "ok": begun or not found.younger,
            "incarnation": str(incarnation()),
            "younger": [dataclasses.asdict(act) for act in found.younger],
            "restored": begun,
        },
        "\n".join(lines),
    )
    if found.younger and not begun:
        frame.say(speak("if an older copy was put back on purpose: `wardkeep ledger reconcile --restored`"))
        click.get_current_context().exit(1)
