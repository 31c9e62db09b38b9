# SPDX-License-Identifier: Apache-2.0
"""`wardkeep alerts`: what was seen while it happened, and what a person did about it, as on the page of live alerts."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.home import now
from wardkeep.watch.live import LiveDetection

#: Shown where no other number is asked for, newest first.
SHOWN = 50
#: As the page names them; `all` is every one of them.
STATES = ("new", "seen", "dismissed", "all")

_by = click.option("--by", metavar="NAME", default=None, help="Your account of Wardkeep: what you do is yours.")


@click.group("alerts")
def command() -> None:
    """What was seen while it happened: list it, look into it, close it with a reason."""


@command.command("list")
@click.option("--state", type=click.Choice(STATES), default="new", show_default=True, help="In which state they are.")
@click.option("--detection", type=click.Choice([d.value for d in LiveDetection]), default=None, help="Only this one.")
@click.option("--most", type=click.IntRange(1, 10_000), default=SHOWN, show_default=True, help="How many at most.")
@standard
def list_(frame: Frame, state: str, detection: str | None, most: int) -> None:
    """One line an alert, newest first. No patient is named."""
    frame.django()
    from wardkeep.govern.alerts import reading  # noqa: PLC0415

    found = reading.listed(None, state="" if state == "all" else state, detection=detection or "", size=most)
    for alert in found.lines:
        frame.out(_line(frame, alert), _short(frame, alert))
    if not found.total:
        frame.say(speak("no alert"))
    elif found.total > len(found.lines):
        frame.say(speak("%(shown)d of %(total)d alerts") % {"shown": len(found.lines), "total": found.total})


@command.command("show")
@click.argument("id_", metavar="ID", type=click.UUID)
@click.option("--patient", is_flag=True, help="Name the patient too: needs --by, and is recorded.")
@_by
@standard
def show(frame: Frame, id_: Any, patient: bool, by: str | None) -> None:
    """One alert with what was seen, the limits that it was held against, and what became of it."""
    frame.django()
    from wardkeep.govern.identity.role import Act  # noqa: PLC0415
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.watch.cases.actions import touch  # noqa: PLC0415
    from wardkeep.watch.cases.case import TouchKind  # noqa: PLC0415

    alert = _alert(id_)
    line = _line(frame, alert)
    if patient:
        who = _person(by, Act.PATIENT_READ, alert)
        if alert.patient_id:
            touch(TouchKind.PATIENT, user=who, at=now(), patient_id=alert.patient_id)
            drain_here(frame.home, say=frame.say)
        line["patient_id"] = alert.patient_id or None
    frame.out(line)


@command.command("see")
@click.argument("id_", metavar="ID", type=click.UUID)
@click.option("--again", is_flag=True, help="It was dismissed, and the reason does not hold.")
@_by
@standard
def see(frame: Frame, id_: Any, again: bool, by: str | None) -> None:
    """Say that you look into it."""
    frame.django()
    from wardkeep.govern.alerts import actions  # noqa: PLC0415

    _done(frame, [id_], by, lambda alert, who: actions.see(alert, by=who, at=now(), again=again, via="cli"))


@command.command("close")
@click.argument("ids", nargs=-1, required=True, metavar="ID...", type=click.UUID)
@click.option("--why", required=True, help="Why nothing is to be done; kept with the alert.")
@_by
@standard
def close(frame: Frame, ids: tuple[Any, ...], why: str, by: str | None) -> None:
    """Dismiss alerts, all of them or none, with the reason for which nothing is to be done."""
    frame.django()
    from wardkeep.govern.alerts import actions  # noqa: PLC0415

    _done(frame, ids, by, lambda alert, who: actions.dismiss(alert, reason=why, by=who, at=now(), via="cli"))


def _done(frame: Frame, ids: Any, by: str | None, act: Any) -> None:
    """Do something to alerts in a person's name, and carry what was done into the ledger."""
    from django.db import transaction  # noqa: PLC0415

    from wardkeep.govern.identity.role import Act  # noqa: PLC0415
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415

    alerts = [_alert(one) for one in dict.fromkeys(ids)]
    with transaction.atomic():
        for alert in alerts:
            act(alert, _person(by, Act.ALERT_DECIDE, alert))
    drain_here(frame.home, say=frame.say)
    for alert in alerts:
        frame.out(_line(frame, alert), _short(frame, alert))


def _alert(key: Any) -> Any:
    from wardkeep.govern.alerts import reading  # noqa: PLC0415

    try:
        return reading.one(None, key)
    except reading.NoSuchAlert as exc:
        raise click.UsageError(speak("there is no alert %s") % key) from exc


def _person(name: str | None, act: Any, alert: Any) -> Any:
    """The account in whose name something is done: one that may do it in the console too."""
    from wardkeep.govern.identity.models import User  # noqa: PLC0415
    from wardkeep.govern.identity.permission import permission  # noqa: PLC0415

    if name is None:
        raise click.UsageError(speak("write --by NAME, an account of Wardkeep"))
    user = User.objects.filter(name=name).first()
    if user is None:
        raise click.UsageError(speak("there is no account %(name)s") % {"name": name})
    if not permission(user, act, alert):
        raise click.UsageError(
            speak("%(name)s may not do this: it needs the role of a reviewer, and nobody handles what is about himself")
            % {"name": name}
        )
    return user


def _line(frame: Frame, alert: Any) -> dict[str, Any]:
    """Everything of an alert but its patient."""
    from wardkeep.web.say.alert import seen  # noqa: PLC0415

    zone = ZoneInfo(frame.home.settings.hospital.timezone)

    def at(moment: Any) -> str | None:
        return moment.astimezone(zone).isoformat() if moment else None

    return {
        "id": str(alert.pk), "detection": alert.detection, "seen": seen(alert), "state": alert.state,
        "happened_at": at(alert.happened_at), "heard_at": at(alert.heard_at),
        "account": alert.account or None, "person": alert.person or None, "about_a_patient": bool(alert.patient_id),
        "system": alert.system, "workstation": alert.workstation or None, "ip": alert.ip or None,
        "event_id": alert.event_id or None, "raw_sha256": alert.raw_sha256 or None,
        "observed": alert.observed, "limits": alert.limits,
        "seen_by": alert.seen_by.name if alert.seen_by else None, "seen_at": at(alert.seen_at),
        "closed_by": alert.dismissed_by.name if alert.dismissed_by else None, "closed_at": at(alert.dismissed_at),
        "reason": alert.reason or None,
    }  # fmt: skip


def _short(frame: Frame, alert: Any) -> str:
    from wardkeep.govern.alerts.models import STATE_NAMES  # noqa: PLC0415
    from wardkeep.web.say.alert import seen  # noqa: PLC0415
    from wardkeep.web.say.codes import LIVE_DETECTIONS  # noqa: PLC0415

    zone = ZoneInfo(frame.home.settings.hospital.timezone)
    when = f"{alert.happened_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    what = LIVE_DETECTIONS.get(alert.detection, alert.detection)
    place = " ".join(filter(None, (alert.system, alert.workstation, alert.ip)))
    whom = alert.account or speak("several accounts")
    return f"{alert.pk}  {when}  {STATE_NAMES[alert.state]}  {what}  {whom}  {place}\n  {seen(alert)}"
