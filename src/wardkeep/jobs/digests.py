# SPDX-License-Identifier: Apache-2.0
"""The week of a department, told to its head: once a week and head, late rather than never, and never twice."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation

from wardkeep.django import LANGUAGE_CODES
from wardkeep.govern.identity.models import User
from wardkeep.govern.identity.role import Role
from wardkeep.govern.notices import actions
from wardkeep.govern.notices.channels import NotSent
from wardkeep.govern.notices.digest import (
    FEW,
    Digest,
    about,
    last_due,
    last_week,
    subject_of,
    text_of,
    week_and_head,
)
from wardkeep.govern.notices.models import Told
from wardkeep.govern.notices.notice import Channel, Kind, Notice
from wardkeep.home import Home
from wardkeep.watch.cases.directory import directory
from wardkeep.watch.cases.week import may_still_grow, week_of

LOG = logging.getLogger("wardkeep.jobs")


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """Who is told of a department's week, and where."""

    user: Any
    mail: str
    phone: str

    def reached_by(self, named: Iterable[Channel]) -> list[Channel]:
        """The channels of the settings that come to this person. A hook is told for whom it is, and takes it further."""
        own = {Channel.MAIL: bool(self.mail), Channel.SMS: bool(self.phone), Channel.WEBHOOK: True}
        return [channel for channel in named if own[channel]]

    def is_reached(self, named: Iterable[Channel]) -> bool:
        """False where the settings have mail or text messages, and none of them comes to this person."""
        theirs = {channel for channel in named if channel != Channel.WEBHOOK}
        return not theirs or any(channel in theirs for channel in self.reached_by(named))


def heads() -> list[Head]:
    """Everyone who has a page of a week to read as the head of a department."""
    users = User.objects.filter(is_active=True, role=Role.DEPARTMENT_HEAD).exclude(department="")
    return [_head(user) for user in users.select_related("contact").order_by("department", "name")]


def unknown_departments(told_to: Iterable[Head]) -> list[Head]:
    """Those whose department no table of the hospital has: their page stays empty for ever. Tables that cannot be read name
    nobody here; the letter itself waits for them."""
    try:
        known = directory()
    except Exception:  # fails open: `said` fails closed
        return []
    return [head for head in told_to if known.lacks(head.user.department)]


def announce_due(home: Home, *, named: list[Channel], at: datetime) -> None:
    """Make the digests whose time has come and of which there is none yet. After an outage the newest week alone is made."""
    s = home.settings.notices
    if s.digest_on == "never" or not s.tells(Kind.DIGEST):
        return
    due = last_due(at, day=s.digest_on, clock=s.digest_at, zone=_zone(home))
    # An account that was made since has its first page with the next week.
    announce([head for head in heads() if head.user.created_at <= due], home, named=named, week=due, at=at)


def announce(
    told_to: list[Head], home: Home, *, named: list[Channel], week: datetime, at: datetime, by: str = "jobs"
) -> list[Told]:
    """Make the digests of the last week that was over at `week`, each once; returns those that are new."""
    monday = last_week(week, _zone(home))
    # A clock that was set back must not bring an older week after a newer one.
    before = Told.objects.filter(kind=Kind.DIGEST, about__gte=monday.isoformat()).values_list("about", flat=True)
    nowhere = unknown_departments(told_to)
    done = {week_and_head(one)[1] for one in before} | {str(head.user.pk) for head in nowhere}
    made = [
        told
        for head in told_to
        if str(head.user.pk) not in done and (notice := _notice(home, head, monday)) is not None
        if (by_channels := head.reached_by(named))
        if (told := actions.announce(notice, channels=by_channels, at=at, by=by)) is not None
    ]
    lost = [head for head in told_to if head in nowhere or not head.is_reached(named)]
    _say_unreached(lost, named=named, at=at, by=by)
    return made


def said(home: Home, told: Told, *, at: datetime) -> tuple[str, str]:
    """Subject and text in the head's language, as the page stands now. Raises NotSent."""
    head = head_of(told)
    monday, _user = week_and_head(told.about)
    week = week_of(head.user, day=monday)
    try:
        known = directory()
    except Exception as error:  # fails closed: how large a department is must be known, and other notices go on
        raise NotSent(f"the hospital's tables cannot be read: {type(error).__name__}") from None
    if known.lacks(week.department):
        raise NotSent("no table of the hospital has the department of the account")
    digest = Digest(
        monday=monday,
        department=known.departments.get(week.department, week.department),
        opened=week.opened,
        open_cases=week.open_cases,
        small=known.people.get(week.department, 0) < FEW,
        grows=may_still_grow(monday, at=at),
    )
    hospital = home.settings.hospital.name
    with translation.override(LANGUAGE_CODES[head.user.language]):
        return subject_of(digest, hospital), text_of(digest, hospital, home.settings.notices.address)


def head_of(told: Told) -> Head:
    """Whom a digest is for, as long as there is somebody to read that page. Raises NotSent."""
    user = User.objects.select_related("contact").filter(pk=week_and_head(told.about)[1]).first()
    if user is None or not user.is_active or user.role != Role.DEPARTMENT_HEAD or user.department != told.system:
        raise NotSent("the account no longer heads this department")
    return _head(user)


def told_of(told_to: Iterable[Head], home: Home, *, week: datetime) -> Iterator[tuple[Head, date, Told | None]]:
    """Each head with the Monday of the last week that was over at `week`, and what was made to tell of it."""
    monday = last_week(week, _zone(home))
    for head in told_to:
        yield head, monday, Told.objects.filter(kind=Kind.DIGEST, about=about(monday, head.user.pk)).first()


def _notice(home: Home, head: Head, monday: date) -> Notice | None:
    week = week_of(head.user, day=monday)
    if week.is_empty and not home.settings.notices.digest_empty:
        return None
    return Notice(
        kind=Kind.DIGEST, about=about(monday, head.user.pk), count=week.open_cases, system=head.user.department
    )


def _say_unreached(lost: list[Head], *, named: list[Channel], at: datetime, by: str) -> None:
    """Tell those who get the other notices, once for the same people."""
    if not lost:
        return
    keys = ",".join(sorted(str(head.user.pk) for head in lost))
    notice = Notice(kind=Kind.UNREACHED, about=hashlib.sha256(keys.encode()).hexdigest()[:32], count=len(lost))
    if actions.announce(notice, channels=named, at=at, by=by) is not None:
        LOG.warning(
            "%d heads of department cannot be told of their week: no address, or an unknown department", len(lost)
        )


def _head(user: Any) -> Head:
    contact = getattr(user, "contact", None)
    return Head(user=user, mail=contact.mail if contact else "", phone=contact.phone if contact else "")


def _zone(home: Home) -> ZoneInfo:
    return ZoneInfo(home.settings.hospital.timezone)
