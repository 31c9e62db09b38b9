# SPDX-License-Identifier: Apache-2.0
"""`Digest`: the few words that tell the head of a department that the page of a week is ready. Pure but for the language.

It holds figures of the department and the address of the page, and for a small department not even those: a figure
could point to a person there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

#: Where the page of a week is; `web` routes it.
WEEK_PATH = "/week/{monday}/"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: Departments of fewer people get no figures.
FEW = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """What is told of one week of one department."""

    monday: date
    #: Its name, or its code where it has none.
    department: str
    #: Cases of the week, and those that are open of it and of earlier weeks.
    opened: int
    open_cases: int
    #: Fewer people than `FEW`: no figure is told.
    small: bool = False
    #: Cases of its last days may still come.
    grows: bool = False


def last_due(at: datetime, *, day: str, clock: str, zone: ZoneInfo) -> datetime:
    """The newest moment at which digests were due: the weekday and time of the settings, in the hospital's zone."""
    hour, minute = map(int, clock.split(":"))
    local = at.astimezone(zone)
    back = (local.weekday() - DAYS.index(day)) % 7
    due = datetime.combine(local.date() - timedelta(days=back), time(hour, minute), zone)
    return due if due <= local else datetime.combine(due.date() - timedelta(days=7), time(hour, minute), zone)


def last_week(at: datetime, zone: ZoneInfo) -> date:
    """The Monday of the last week that is over."""
    today = at.astimezone(zone).date()
    return today - timedelta(days=today.weekday() + 7)


def about(monday: date, user: object) -> str:
    """What tells one head's week from others."""
    return f"{monday.isoformat()}|{user}"


def week_and_head(told: str) -> tuple[date, str]:
    """The Monday, and the key of the head's account."""
    monday, _bar, user = told.partition("|")
    return date.fromisoformat(monday), user


def subject_of(digest: Digest, hospital: str) -> str:
    """One line, in the language in force."""
    if digest.small:
        said = _("the page is ready")
    elif digest.open_cases:
        said = ngettext("%(n)d case open", "%(n)d cases open", digest.open_cases) % {"n": digest.open_cases}
    else:
        said = _("nothing to do")
    week = _("%(department)s, week of %(monday)s") % {
        "department": digest.department,
        "monday": digest.monday.isoformat(),
    }
    return f"Wardkeep · {hospital}: {week}: {said}"


def text_of(digest: Digest, hospital: str, address: str) -> str:
    """The whole message, in the language in force. `address` of the console, empty where none is set."""
    lines = [subject_of(digest, hospital), ""]
    if digest.small:
        lines.append(_("The department is small: figures stand on the page alone, where they point to nobody else."))
    else:
        lines.append(_("Cases of this week: %(n)d") % {"n": digest.opened})
        lines.append(_("Open, of this week and earlier ones: %(n)d") % {"n": digest.open_cases})
    if digest.grows:
        lines.append(_("Cases of the last days of the week may still come: they wait for late documentation first."))
    lines.append(_("All of it is to be verified until a person has decided. The page prints on one sheet."))
    if address:
        lines += ["", address.rstrip("/") + WEEK_PATH.format(monday=digest.monday.isoformat())]
    return "\n".join(lines) + "\n"
