# SPDX-License-Identifier: Apache-2.0
"""What there is to tell, and sending it: once by each channel of the settings, tried again where it fails."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.utils import translation

from wardkeep.django import LANGUAGE_CODES
from wardkeep.govern.alerts.models import LiveAlert
from wardkeep.govern.notices import actions
from wardkeep.govern.notices.channels import MailServer, NotSent, post_json, send_mail
from wardkeep.govern.notices.models import Sending, Told
from wardkeep.govern.notices.notice import Channel, Delivery, Kind, Notice, subject_of, text_of
from wardkeep.govern.records.reading import checks_since
from wardkeep.govern.records.standing import Outcome
from wardkeep.home import Home
from wardkeep.jobs.silent import all_silences
from wardkeep.jobs.witnessed import standing
from wardkeep.ledger import LedgerError
from wardkeep.watch.cases import casebook
from wardkeep.watch.cases.case import Happening, State
from wardkeep.watch.cases.models import History

#: Sent in one turn; the rest follows in the next.
AT_ONCE = 20
#: Live alerts are told by the process that makes them; those that it left untold for so long are told here.
LEFT = timedelta(minutes=1)
#: What makes a case one to read.
_OPENS = (Happening.SETTLED, Happening.UNEXPLAINED)


def channels(home: Home) -> list[Channel]:
    """Those that the settings name."""
    named = home.settings.notices
    asked = ((named.mail_server, Channel.MAIL), (named.webhook, Channel.WEBHOOK), (named.sms, Channel.SMS))
    return [channel for address, channel in asked if address]


def tell(home: Home, *, at: datetime) -> int:
    """Make the notices that are due and send what waits; how many were sent. Does nothing where no channel is named."""
    named = channels(home)
    if not named:
        return 0
    for notice in due(home, at=at):
        if home.settings.notices.tells(notice.kind):
            actions.announce(notice, channels=named, at=at)
    return send_waiting(home, at=at)


def due(home: Home, *, at: datetime) -> Iterator[Notice]:
    """What there is to tell now; what was told before among it."""
    zone = ZoneInfo(home.settings.hospital.timezone)
    today = datetime.combine(at.astimezone(zone).date(), time(), zone)
    if count := _opened_since(today):
        yield Notice(kind=Kind.CASES, about=today.date().isoformat(), count=count)
    if (alerts := _untold(until=at - LEFT)) is not None:
        yield alerts
    for system in casebook.cover(now=at):
        if system.state == "silent" and system.last_event_at is not None:
            about = f"{system.system}|{system.last_event_at.date().isoformat()}"
            yield Notice(kind=Kind.SILENT, about=about, system=system.system)
    for silence in all_silences(home, casebook.last_run(), at=at):
        about = f"{silence.system}|{silence.kind}|{silence.from_us}"
        yield Notice(kind=Kind.SILENT, about=about, system=silence.system)
    yield from _records(today)
    for conflict in _conflicts(home):
        yield Notice(kind=Kind.LEDGER, about=hashlib.sha256(conflict.encode()).hexdigest()[:32])


def _records(today: datetime) -> Iterator[Notice]:
    """What checks of signed records came to today: records not known to differ before, and sources that could not be read."""
    for check in checks_since(today):
        if check.outcome == Outcome.NOT_EVALUATED:
            yield Notice(kind=Kind.SILENT, about=f"records|{check.source}|{today.date()}", system=check.source)
        elif check.fresh:
            yield Notice(kind=Kind.RECORDS, about=str(check.pk), count=check.fresh, system=check.system)


def announce_alerts(home: Home, *, at: datetime) -> None:
    """Make a notice of the live alerts of which there is none yet; it is sent in the next turn."""
    named = channels(home)
    if named and home.settings.notices.tells(Kind.ALERT) and (notice := _untold(until=at)) is not None:
        actions.announce(notice, channels=named, at=at)


def send_waiting(home: Home, *, at: datetime) -> int:
    """Try what waits and whose time has come."""
    waiting = Sending.objects.filter(state=Delivery.WAITING, next_at__lte=at).select_related("told")
    return sum(_try(home, sending, at) for sending in waiting.order_by("next_at")[:AT_ONCE])


def try_all(home: Home, told: Told, *, at: datetime) -> list[Sending]:
    """Try one notice by each of its channels, and say what became of it."""
    sendings = list(told.sendings.select_related("told").order_by("channel"))
    for sending in sendings:
        _try(home, sending, at)
    return sendings


def _try(home: Home, sending: Sending, at: datetime) -> bool:
    channel = Channel(sending.channel)
    try:
        if channel not in channels(home):
            raise NotSent("the channel is no longer set")
        _SEND[channel](home, sending.told.notice, at)
    except NotSent as problem:
        actions.failed(sending, str(problem), at=at)
        return False
    actions.sent(sending, at=at)
    return True


def _opened_since(moment: datetime) -> int:
    """Cases that came to be read since, whatever day they are about: a hospital may hand over months late. One that was drawn
    by lot is a case like the others."""
    came = History.objects.filter(happening__in=_OPENS, at__gte=moment, case__state=State.OPEN)
    return came.values("case").distinct().count()


def _untold(*, until: datetime) -> Notice | None:
    """The live alerts since those that were last told, as one notice, named by the moment of the newest."""
    last = Told.objects.filter(kind=Kind.ALERT).order_by("-about").first()
    made = LiveAlert.objects.filter(made_at__lte=until)
    if last is not None:
        made = made.filter(made_at__gt=datetime.fromisoformat(last.about))
    newest = made.order_by("-made_at").first()
    if newest is None:
        return None
    return Notice(
        kind=Kind.ALERT, about=newest.made_at.astimezone(UTC).isoformat(timespec="microseconds"), count=made.count()
    )


def _conflicts(home: Home) -> list[str]:
    try:
        return standing(home, home.ledger_reader()).conflicts
    except (LedgerError, OSError):
        return []  # a ledger that cannot be read is what `doctor` and the console say


def _mail(home: Home, notice: Notice, at: datetime) -> None:
    s = home.settings.notices
    host, _, port = s.mail_server.rpartition(":")
    server = MailServer(
        host=host.strip("[]"),
        port=int(port),
        security=s.mail_security,
        sender=s.mail_from,
        recipients=s.mail_to,
        user=s.mail_user,
        password=_secret(home, s.mail_password),
    )
    send_mail(server, subject=_said(home, notice)[0], text=_said(home, notice)[1], at=at)


def _webhook(home: Home, notice: Notice, at: datetime) -> None:
    s = home.settings.notices
    subject, text = _said(home, notice)
    body = {
        "kind": notice.kind.value,
        "count": notice.count,
        "system": notice.system,
        "at": at.isoformat(),
        "subject": subject,
        "text": text,
    }
    post_json(s.webhook, body, secret=_secret(home, s.webhook_secret).encode())


def _sms(home: Home, notice: Notice, at: datetime) -> None:
    s = home.settings.notices
    for number in s.sms_to:
        body = {"to": number, "text": _said(home, notice)[0]}
        post_json(s.sms, body, secret=_secret(home, s.sms_secret).encode())


_SEND: dict[Channel, Callable[[Home, Notice, datetime], None]] = {
    Channel.MAIL: _mail,
    Channel.WEBHOOK: _webhook,
    Channel.SMS: _sms,
}


def _said(home: Home, notice: Notice) -> tuple[str, str]:
    """Subject and text in the hospital's language."""
    hospital = home.settings.hospital
    with translation.override(LANGUAGE_CODES[hospital.language]):
        return subject_of(notice, hospital.name), text_of(notice, hospital.name, home.settings.notices.address)


def _secret(home: Home, name: str) -> str:
    """The first line of a file in the home folder. Raises NotSent where it cannot be read."""
    if not name:
        return ""
    try:
        return (home.path / Path(name)).read_text(encoding="utf-8").split("\n", 1)[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NotSent(f"the secret in {name} cannot be read: {type(error).__name__}") from None
