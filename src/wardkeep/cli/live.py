# SPDX-License-Identifier: Apache-2.0
"""`wardkeep intake status`: what is heard live, and what is pulled."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.home import now

if TYPE_CHECKING:
    from wardkeep.jobs.listen.status import Heard
    from wardkeep.jobs.pulling.status import PulledSource


@click.command("status")
@standard
def command(frame: Frame) -> None:
    """What is heard live: of each listener its rate, last message, delay, losses, and what waits in its spool.

    And of each pulled source how far it is, and what went wrong. Exit status 1 where a listener does not listen, a source is
    silent, or one of them says that something is wrong.
    """
    from wardkeep.jobs.listen.status import live_status  # noqa: PLC0415
    from wardkeep.jobs.pulling.status import pulls_of  # noqa: PLC0415

    found, pulls = live_status(frame.home, at=now()), pulls_of(frame.home, at=now())
    lines = [*(_line(frame, one) for one in found.listeners), *(_pulled(frame, one) for one in pulls.sources)]
    if found.listeners:
        lines += _wrong(found.storing, found.trouble)
    elif not pulls.sources:
        lines = [speak("no listener: name one in [intake.listeners] of config.toml")]
    if pulls.sources and not pulls.running:
        lines.append(speak("nothing pulls just now: start `wardkeep serve`"))
    frame.out({**asdict(found), "pulls": asdict(pulls)}, "\n".join(lines))
    heard_wrong = found.listeners and (
        found.trouble or not found.storing or any(not one.address or one.trouble for one in found.listeners)
    )
    pulled_wrong = pulls.sources and (not pulls.running or any(one.trouble or one.silence for one in pulls.sources))
    if heard_wrong or pulled_wrong:
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


def _pulled(frame: Frame, one: PulledSource) -> str:
    words = {
        "name": one.name,
        "view": one.view or "-",
        "every": f"{one.every:,}",
        "rows": f"{one.rows:,}",
        "last": frame.clock(one.last_success) if one.last_success else "-",
        "watermark": one.watermark or "-",
        "quarantined": f"{one.quarantined:,}",
    }
    line = speak(
        "%(name)s (pulled from %(view)s every %(every)s s): %(rows)s rows stored, %(quarantined)s set aside, up to "
        "%(watermark)s, last well at %(last)s"
    )
    return line % words + (f"\n  {one.trouble}" if one.trouble else "")


def _wrong(storing: bool, trouble: str) -> list[str]:
    if trouble:
        return [speak("storing fails: %s") % trouble]
    return [] if storing else [speak("nothing stores what was heard: start `wardkeep serve`")]
