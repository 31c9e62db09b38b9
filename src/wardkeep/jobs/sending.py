# SPDX-License-Identifier: Apache-2.0
"""Sending what was made to tell: by each channel of the settings, to each recipient once, tried again where it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from django.utils import translation

from wardkeep.django import LANGUAGE_CODES
from wardkeep.govern.notices import actions
from wardkeep.govern.notices.channels import MailServer, NotSent, Refused, post_json, send_mail
from wardkeep.govern.notices.models import Sending, Told
from wardkeep.govern.notices.notice import Channel, Delivery, Kind, subject_of, text_of
from wardkeep.home import Home
from wardkeep.jobs import digests

#: Sent in one turn; the rest follows in the next.
AT_ONCE = 20


def channels(home: Home) -> list[Channel]:
    """Those that the settings name."""
    named = home.settings.notices
    asked = ((named.mail_server, Channel.MAIL), (named.webhook, Channel.WEBHOOK), (named.sms, Channel.SMS))
    return [channel for address, channel in asked if address]


def send_waiting(home: Home, *, at: datetime) -> int:
    """Try what waits and whose time has come."""
    waiting = Sending.objects.filter(state=Delivery.WAITING, next_at__lte=at).select_related("told")
    return sum(_try(home, sending, at) for sending in waiting.order_by("next_at")[:AT_ONCE])


def try_all(home: Home, told: Told, *, at: datetime) -> list[Sending]:
    """Try one notice by each of its channels whose time has come, and say what became of it."""
    sendings = list(told.sendings.select_related("told").order_by("channel"))
    for sending in sendings:
        if sending.state == Delivery.WAITING:
            _try(home, sending, at)
    return sendings


def _try(home: Home, sending: Sending, at: datetime) -> bool:
    channel = Channel(sending.channel)
    if not actions.claim(sending, at=at):
        return False
    try:
        if channel not in channels(home):
            raise NotSent("the channel is no longer set")
        _SEND[channel](home, sending, at)
    except NotSent as problem:
        actions.failed(sending, str(problem), at=at)
        return False
    actions.sent(sending, at=at)
    return True


def _mail(home: Home, sending: Sending, at: datetime) -> None:
    s = home.settings.notices
    recipients = _recipients(sending, s.mail_to)
    host, _, port = s.mail_server.rpartition(":")
    subject, text = _said(home, sending.told, at)
    left = [one for one in recipients if not actions.has(sending, one)]
    server = MailServer(
        host=host.strip("[]"),
        port=int(port),
        security=s.mail_security,
        sender=s.mail_from,
        recipients=left,
        user=s.mail_user,
        password=_secret(home, s.mail_password),
    )
    refused = send_mail(server, subject=subject, text=text, at=at, key=str(sending.told_id)) if left else {}
    if refused:
        for one in left:
            if one not in refused:
                actions.took(sending, one)
        answer = next(iter(refused.values()))
        raise Refused(f"{len(refused)} of {len(recipients)}: the mail server answers {answer}")


def _webhook(home: Home, sending: Sending, at: datetime) -> None:
    s, told = home.settings.notices, sending.told
    subject, text = _said(home, told, at)
    body = {
        "id": str(told.pk),
        "kind": told.kind,
        "count": told.count,
        "system": told.system,
        "at": at.isoformat(),
        "subject": subject,
        "text": text,
    }
    if told.kind == Kind.DIGEST:
        # The number of a small department stays here, as in the text.
        del body["count"]
        body |= {"system": "", "department": told.system, "to": digests.head_of(told).user.name}
    post_json(s.webhook, body, secret=_secret(home, s.webhook_secret).encode())


def _sms(home: Home, sending: Sending, at: datetime) -> None:
    """A number that has it is not sent it again, whatever the gateway says of the next."""
    s = home.settings.notices
    line, secret = _said(home, sending.told, at)[0], _secret(home, s.sms_secret).encode()
    numbers = _recipients(sending, s.sms_to)
    refused = []
    for number in numbers:
        if actions.has(sending, number):
            continue
        try:
            post_json(s.sms, {"to": number, "text": line}, secret=secret)
        except Refused as problem:
            refused.append(problem)
        else:
            actions.took(sending, number)
    if refused:
        raise Refused(f"{len(refused)} of {len(numbers)}: {refused[0]}" if len(numbers) > 1 else str(refused[0]))


_SEND: dict[Channel, Callable[[Home, Sending, datetime], None]] = {
    Channel.MAIL: _mail,
    Channel.WEBHOOK: _webhook,
    Channel.SMS: _sms,
}


def _recipients(sending: Sending, everyone: Sequence[str]) -> Sequence[str]:
    """Where it goes: a digest to its head alone, anything else to those whom the settings name. Raises NotSent."""
    if sending.told.kind != Kind.DIGEST:
        return everyone
    head = digests.head_of(sending.told)
    own = head.mail if sending.channel == Channel.MAIL else head.phone
    if not own:
        raise NotSent("the head of the department has no address for it any more")
    return [own]


def _said(home: Home, told: Told, at: datetime) -> tuple[str, str]:
    """Subject and text: a digest in its reader's language, anything else in the hospital's."""
    if told.kind == Kind.DIGEST:
        return digests.said(home, told, at=at)
    hospital = home.settings.hospital
    with translation.override(LANGUAGE_CODES[hospital.language]):
        address = home.settings.notices.address
        return subject_of(told.notice, hospital.name), text_of(told.notice, hospital.name, address)


def _secret(home: Home, name: str) -> str:
    """The first line of a file in the home folder. Raises NotSent where it cannot be read."""
    if not name:
        return ""
    try:
        return (home.path / Path(name)).read_text(encoding="utf-8").split("\n", 1)[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NotSent(f"the secret in {name} cannot be read: {type(error).__name__}") from None
