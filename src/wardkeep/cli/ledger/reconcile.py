# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger reconcile`: what care wrote into a spool goes into the ledger; acts that the rows have not are listed."""

from __future__ import annotations

import dataclasses

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.cli.ledger.spools import carry_spools, said_of
from wardkeep.ledger import LedgerUnavailable

#: Acts that are listed for people.
SHOWN = 20


@click.command("reconcile")
@click.option("--restored", is_flag=True, help="The rows are an older copy, put back on purpose: go on with them.")
@standard
def command(frame: Frame, restored: bool) -> None:
    """Carry over what care wrote down while the ledger was away, then list the acts that the database does not know.

    There are such acts where an older copy of the rows was put back: exit status 1, as where a spool is damaged. With
    --restored the rows get a new incarnation, and an act says what they do not know; without it no new act of theirs
    can be sealed.
    """
    from wardkeep.home import now  # noqa: PLC0415

    spools = carry_spools(frame.home)
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
    damaged = any(spool["damage"] for spool in spools)
    lines = [*said_of(spools), *(f"{act.index}  {act.act}" for act in found.younger[:SHOWN])]
    if len(found.younger) > SHOWN:
        lines.append("…")
    lines.append(speak("%d acts of the ledger are younger than the rows") % len(found.younger))
    if begun:
        lines.append(speak("the rows go on as a new incarnation: %s") % incarnation())
    frame.out(
        {
            "ok": (begun or not found.younger) and not damaged,
            "incarnation": str(incarnation()),
            "younger": [dataclasses.asdict(act) for act in found.younger],
            "restored": begun,
            "spools": spools,
        },
        "\n".join(lines),
    )
    if found.younger and not begun:
        frame.say(speak("if an older copy was put back on purpose: `wardkeep ledger reconcile --restored`"))
    if damaged or (found.younger and not begun):
        click.get_current_context().exit(1)
