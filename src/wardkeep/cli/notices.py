# SPDX-License-Identifier: Apache-2.0
"""`wardkeep notices`: try whether notices arrive, and see what was sent."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.home import now

#: Shown of what was told, newest first.
SHOWN = 50


@click.group("notices")
def command() -> None:
    """Who is told of what: try the channels, see what was sent."""


@command.command("test")
@standard
def test(frame: Frame) -> None:
    """Send one notice that says nothing by every channel of the settings, now. Exit status 1 where one did not take it."""
    frame.django()
    from wardkeep.govern.notices import actions  # noqa: PLC0415
    from wardkeep.govern.notices.notice import Delivery, Kind, Notice  # noqa: PLC0415
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.jobs.sending import channels, try_all  # noqa: PLC0415

    at = now()
    named = channels(frame.home)
    if not named:
        raise click.UsageError(
            speak("no channel is set: write [notices] in config.toml, as docs/how-to/be-told.md shows")
        )
    told = actions.announce(Notice(kind=Kind.TEST, about=at.isoformat()), channels=named, at=at, by="cli")
    sendings = try_all(frame.home, told, at=at) if told else []
    drain_here(frame.home, say=frame.say)
    good = True
    for sending in sendings:
        good = good and sending.state == Delivery.SENT
        frame.out(
            {"channel": sending.channel, "sent": sending.state == Delivery.SENT, "problem": sending.problem},
            f"{sending.channel}: {sending.problem or speak('sent')}",
        )
    if not good:
        click.get_current_context().exit(1)


@command.command("digest")
@standard
def digest(frame: Frame) -> None:
    """Tell each head of department now that the page of the last week is ready; nobody is told twice of one week.

    For those that schedule themselves: `wardkeep serve` does it by `notices.digest_on`. Exit status 1 where one is not told.
    """
    frame.django()
    from wardkeep.govern.notices.notice import Delivery  # noqa: PLC0415
    from wardkeep.jobs import digests  # noqa: PLC0415
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.jobs.sending import channels, try_all  # noqa: PLC0415

    at = now()
    named = channels(frame.home)
    if not named:
        raise click.UsageError(
            speak("no channel is set: write [notices] in config.toml, as docs/how-to/be-told.md shows")
        )
    states = {
        Delivery.SENT: speak("sent"),
        Delivery.WAITING: speak("is tried again"),
        Delivery.GIVEN_UP: speak("given up"),
    }
    good, heads = True, digests.heads()
    nowhere = digests.unknown_departments(heads)
    digests.announce(heads, frame.home, named=named, week=at, at=at, by="cli")
    for head, monday, told in digests.told_of(heads, frame.home, week=at):
        sendings = try_all(frame.home, told, at=at) if told else []
        reached, known = head.is_reached(named), head not in nowhere
        good = good and reached and known and all(one.state == Delivery.SENT for one in sendings)
        ways = [{"channel": one.channel, "state": one.state, "problem": one.problem} for one in sendings]
        said = ", ".join(f"{way['channel']} {way['problem'] or states[Delivery(way['state'])]}" for way in ways)
        if not reached:
            said = ", ".join(filter(None, (said, speak("no address"))))
        if not known:
            said = ", ".join(filter(None, (said, speak("no table of the hospital has this department"))))
        frame.out(
            {
                "name": head.user.name,
                "department": head.user.department,
                "week": monday,
                "reached": reached,
                "department_known": known,
                "channels": ways,
            },
            f"{monday}  {head.user.department:12} {head.user.name:20} {said or speak('nothing to read')}",
        )
    drain_here(frame.home, say=frame.say)
    if not heads:
        frame.say(speak("no account heads a department"))
    if not good:
        click.get_current_context().exit(1)


@command.command("list")
@standard
def list_(frame: Frame) -> None:
    """The last notices, newest first, each with what became of it by channel."""
    frame.django()
    from wardkeep.govern.notices.models import Told  # noqa: PLC0415

    zone = ZoneInfo(frame.home.settings.hospital.timezone)
    shown = list(Told.objects.order_by("-made_at").prefetch_related("sendings")[:SHOWN])
    for told in shown:
        sendings = [_sending(one, zone) for one in told.sendings.order_by("channel")]
        line = {
            "kind": told.kind,
            "count": told.count,
            "system": told.system,
            "made_at": told.made_at.astimezone(zone).isoformat(),
            "channels": sendings,
        }
        states = ", ".join(f"{one['channel']} {one['state']} {one['problem']}".strip() for one in sendings)
        frame.out(
            line, f"{told.made_at.astimezone(zone):%Y-%m-%d %H:%M}  {told.kind:8} {told.system or told.count}  {states}"
        )
    if not shown:
        frame.say(speak("nobody was told of anything yet"))


def _sending(one: Any, zone: ZoneInfo) -> dict[str, Any]:
    ended = one.ended_at.astimezone(zone).isoformat() if one.ended_at else None
    return {"channel": one.channel, "state": one.state, "ended_at": ended, "tries": one.tries, "problem": one.problem}
