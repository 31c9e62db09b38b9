# SPDX-License-Identifier: Apache-2.0
"""`wardkeep intake status`: what is heard live."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.home import now

if TYPE_CHECKING:
    from wardkeep.jobs.listen.status import Heard


@click.command("status")
@standard
def command(frame: Frame) -> None:
    """What is heard live: of each listener its rate, last message, delay, losses, and what waits in its spool.

    Exit status 1 where a listener does not listen, or says that something is wrong.
    """
    from wardkeep.jobs.listen.status import live_status  # noqa: PLC0415

    found = live_status(frame.home, at=now())
    if not found.listeners:
        text = speak("no listener: name one in [intake.listeners] of config.toml")
    else:
        text = "\n".join([*(_line(frame, one) for one in found.listeners), *_wrong(found.storing, found.trouble)])
    frame.out(asdict(found), text)
    if found.listeners and (
        found.trouble or not found.storing or any(not one.address or one.trouble for one in found.listeners)
    ):
        click.get_current_context().exit(1)


def _line(frame: Frame, one: Heard) -> str:
    last = frame.clock(one.last_message) if one.last_message else "-"
    words = {
        "name": one.name,
        "protocol": one.protocol,
        "address": one.address or speak("does not listen"),
        "rate": f"{one.rate:g}",
        "last": last,
        "stored": f"{one.stored:,}",
        "quarantined": f"{one.quarantined:,}",
        "dropped": f"{one.dropped:,}",
        "refused": f"{one.refused:,}",
        "spool": f"{one.spool_bytes / 1e6:,.1f}",
    }
    line = speak(
        "%(name)s (%(protocol)s, %(address)s): %(rate)s messages a second, last %(last)s; %(stored)s stored, "
        "%(quarantined)s set aside, %(dropped)s lost, %(refused)s refused, %(spool)s MB wait"
    )
    return line % words + (f"\n  {one.trouble}" if one.trouble else "")


def _wrong(storing: bool, trouble: str) -> list[str]:
    if trouble:
        return [speak("storing fails: %s") % trouble]
    return [] if storing else [speak("nothing stores what was heard: start `wardkeep serve`")]
