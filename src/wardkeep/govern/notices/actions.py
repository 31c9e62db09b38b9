# SPDX-License-Identifier: Apache-2.0
"""Making notices and writing down what became of them: the only writers of these rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, models

from wardkeep.govern.notices.models import Sending, Told
from wardkeep.govern.notices.notice import AGAIN_AFTER, Channel, Delivery, Notice
from wardkeep.seal.act import action
from wardkeep.seal.digest import pseudonym

#: How long one process has a sending in hand: longer than any conversation with a server takes.
LEASE = timedelta(minutes=5)


def announce(notice: Notice, *, channels: Iterable[Channel], at: datetime, by: Any = "jobs") -> Told | None:
    """Make a notice for every channel; None where it was made before."""
    if Told.objects.filter(kind=notice.kind, about=notice.about).exists():
        return None
    told = Told(kind=notice.kind, about=notice.about, count=notice.count, system=notice.system, made_at=at)
    try:
        with action("notice:message:made", actor=by, at=at) as act:
            told.save()
            Sending.objects.bulk_create(Sending(told=told, channel=channel, next_at=at) for channel in channels)
            act.fact("kind", notice.kind.value)
    except IntegrityError:
        if Told.objects.filter(kind=notice.kind, about=notice.about).exists():
            return None  # another process made it in this moment
        raise
    return told


def claim(sending: Sending, *, at: datetime) -> bool:
    """Take a sending in hand; False where it is not due, or another process has it. A claim whose process died runs out."""
    if sending.next_at > at:
        return False
    until = at + LEASE
    # The plain queryset underneath: the column is none that is sealed, and the condition must be the database's.
    plain: models.QuerySet[Sending] = models.QuerySet(Sending)
    taken = plain.filter(pk=sending.pk, state=Delivery.WAITING, next_at=sending.next_at).update(next_at=until)
    sending.next_at = until
    return taken == 1


def took(sending: Sending, recipient: str) -> None:
    """One of several recipients has it: whatever becomes of the others, it is not sent there again."""
    sending.taken = [*sending.taken, pseudonym("recipient", recipient)]
    sending.save(update_fields=["taken"])


def has(sending: Sending, recipient: str) -> bool:
    """True where a recipient has it already."""
    return pseudonym("recipient", recipient) in sending.taken


def sent(sending: Sending, *, at: datetime) -> None:
    """A channel took it."""
    _end(sending, Delivery.SENT, at)


def failed(sending: Sending, problem: str, *, at: datetime) -> None:
    """A try failed: another comes later, or none any more."""
    sending.problem = problem[:200]
    if sending.tries >= len(AGAIN_AFTER):
        _end(sending, Delivery.GIVEN_UP, at)
        return
    sending.next_at = at + AGAIN_AFTER[sending.tries]
    sending.tries += 1
    sending.save(update_fields=["tries", "next_at", "problem"])


def _end(sending: Sending, state: Delivery, at: datetime) -> None:
    with action(
        "notice:message:sent" if state == Delivery.SENT else "notice:message:dropped", actor="jobs", at=at
    ) as act:
        sending.state, sending.ended_at = state, at
        sending.save()
        act.fact("channel", sending.channel)
        act.fact("kind", sending.told.kind)
