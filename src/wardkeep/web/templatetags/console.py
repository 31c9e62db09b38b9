# SPDX-License-Identifier: Apache-2.0
"""Filters and tags of the console: times, numbers, names of codes, icons, and who may see which link."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from wardkeep.govern.alerts.models import STATE_NAMES as ALERT_STATES
from wardkeep.govern.alerts.models import LiveAlert
from wardkeep.govern.alerts.reading import any_alert
from wardkeep.govern.identity.permission import permission
from wardkeep.govern.identity.role import Act
from wardkeep.govern.records.reading import any_check
from wardkeep.watch.cases.models import OUTCOME_NAMES, STATE_NAMES
from wardkeep.watch.cases.pages import AccessLine, LookedFor
from wardkeep.web.accounts.read import People
from wardkeep.web.say import codes
from wardkeep.web.say.alert import seen
from wardkeep.web.say.icons import ICONS
from wardkeep.web.say.lasting import lasting

register = template.Library()


@register.filter
def moment(at: datetime | None) -> str:
    """`2026-03-02 08:15` in the hospital's zone."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else "–"


@register.filter
def second(at: datetime | None) -> str:
    """`2026-03-02 08:15:04` in the hospital's zone."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else "–"


@register.filter
def clock(at: datetime | None) -> str:
    """`08:15:04` in the hospital's zone."""
    return timezone.localtime(at).strftime("%H:%M:%S") if at else "–"


@register.filter
def iso(at: datetime | date | None) -> str:
    """For a `datetime` attribute."""
    if isinstance(at, datetime):
        return timezone.localtime(at).isoformat(timespec="seconds")
    return at.isoformat() if at else ""


@register.filter
def span(length: timedelta | None) -> str:
    """A length of time in its largest unit: `4 min`, `3 h`, `2 d`."""
    if length is None:
        return "–"
    return lasting(round(length.total_seconds()))


@register.filter
def whole_seconds(text: str | None) -> str:
    """A time that a database wrote, without the fractions of a second that say nothing: `2026-03-02 08:15:04.000000`."""
    return re.sub(r"(?<=:\d\d)\.0+(?!\d)", "", text or "")


@register.filter
def day(at: date | datetime | None) -> str:
    """`2026-03-02`; of a moment, its local day."""
    if isinstance(at, datetime):
        at = timezone.localtime(at).date()
    return at.isoformat() if at else "–"


@register.filter
def weekday(at: date) -> str:
    """The short name of a day of the week."""
    return str(codes.WEEKDAYS[at.weekday()])


@register.filter
def number(value: float | None) -> str:
    """Thousands apart; two decimals where there are any."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) or (value == int(value) and abs(value) > 1e6) else f"{value:,.2f}"


@register.filter
def distance(value: float) -> float:
    """How far it is from nothing, to either side: which side stands in words beside it."""
    return abs(value)


@register.filter
def score(value: float) -> str:
    """Two decimals; a small one with two digits that say something."""
    return f"{value:.2f}" if value >= 0.1 or value <= 0 else f"{value:.2g}" if value >= 0.0001 else "<0.0001"


@register.filter
def access_key(access: AccessLine) -> str:
    """How the address of an access names it: by its ledger entry; the local day spares the store a search."""
    return f"{timezone.localtime(access.time).date().isoformat()}|{access.entry}"


@register.filter
def row_key(looked: LookedFor) -> str:
    """How the address of one of the hospital's rows names it."""
    return f"{looked.source_table}|{looked.source_id}"


@register.filter
def log_of(entry: str) -> str:
    """`2026` of `2026:123`."""
    return entry.partition(":")[0]


@register.filter
def index_of(entry: str) -> int:
    """123 of `2026:123`."""
    return int(entry.partition(":")[2])


@register.filter
def person_of(account: str | None, people: People | None) -> str:
    """The name of the person behind an account; the account where it is nobody's alone."""
    return people.of(account) if people else account or "–"


@register.filter
def staff_of(staff_id: str | None, people: People | None) -> str:
    """The name of a member of staff; the number where the hospital handed over none."""
    return (people.by_staff.get(staff_id or "") if people else None) or staff_id or "–"


@register.filter
def department_of(code: str | None, people: People | None) -> str:
    """The name of a department; its code where the hospital handed over none."""
    return people.department(code) if people else code or "–"


@register.filter
def percent(share: float | None) -> str:
    """0.9412 as `94.1%`; never rounded up to all or down to none."""
    if share is None:
        return "–"
    if 0.999 < share < 1:
        return ">99.9%"
    if 0 < share < 0.001:
        return "<0.1%"
    return f"{share * 100:.1f}%".replace(".0%", "%")


@register.filter
def get(values: dict[str, Any], name: str) -> Any:
    """The value of a name, None where there is none."""
    return values.get(name)


@register.filter
def named(code: str | None, kind: str) -> str:
    """The name of a code: `line.state|named:"state"`."""
    return codes.name_of(_NAMES[kind], code)


@register.filter
def seen_live(alert: LiveAlert, people: People | None = None) -> str:
    """What a live alert saw, as a sentence."""
    return seen(alert, people.by_staff if people else {})


@register.filter
def table_names(tables: str) -> str:
    """The names of a table, or of alternatives separated by `|`."""
    return " / ".join(codes.name_of(codes.TABLES, name) for name in tables.split("|"))


@register.simple_tag
def icon(name: str) -> SafeString:
    """A drawing of ours, for the eye only: the words beside it say the same."""
    return format_html(
        '<svg class="icon icon-{}" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">{}'
        "</svg>",
        name,
        mark_safe(ICONS[name]),  # noqa: S308 - our own drawings
    )


@register.simple_tag(takes_context=True)
def may(context: template.Context, act: str, obj: Any = None) -> bool:
    """True where the reader may do `act`: what he may not do is not offered."""
    return permission(context["request"].user, act, obj)


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    url: str
    icon: str
    current: bool


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> list[NavItem]:
    """The sections that the reader may open."""
    request = context["request"]
    sections = (
        (_("Today"), "today", "today", Act.TODAY_READ, "/"),
        (_("Cases"), "cases", "case", Act.CASE_LIST, "/cases/", "/week/", "/shared-logins/", "/own-records/"),
        *(((_("Live alerts"), "alerts", "alert", Act.ALERT_READ, "/alerts/"),) if _is_live() else ()),
        *(((_("Signed records"), "records", "note", Act.RECORD_READ, "/records/"),) if _has_records() else ()),
        (_("Intake"), "intake", "intake", Act.INTAKE_READ, "/intake/"),
        (_("Coverage"), "coverage", "shield", Act.COVERAGE_READ, "/coverage/"),
        (_("Runs"), "runs", "run", Act.RUN_READ, "/runs/"),
        (_("Ledger"), "ledger", "ledger", Act.LEDGER_READ, "/ledger/", "/acts/", "/packages/"),
        (_("People"), "people", "person", Act.USER_LIST, "/people/"),
    )
    return [
        NavItem(
            label,
            reverse(name),
            drawing,
            any(request.path == one or (one != "/" and request.path.startswith(one)) for one in prefixes),
        )
        for label, name, drawing, act, *prefixes in sections
        if permission(request.user, act)
    ]


def _is_live() -> bool:
    """Whether anything is heard live, or was."""
    return bool(settings.WARDKEEP_HOME.settings.intake.listeners) or any_alert()


def _has_records() -> bool:
    """Whether signed records are checked, or were."""
    return bool(settings.WARDKEEP_HOME.settings.records.sources) or any_check()


@register.simple_tag
def hospital() -> str:
    """The hospital's name."""
    return str(settings.WARDKEEP_HOME.settings.hospital.name)


@register.simple_tag
def zone() -> str:
    """The zone in which every time on screen is written."""
    return str(settings.WARDKEEP_HOME.settings.hospital.timezone)


_NAMES: dict[str, codes.Names] = {
    "evidence": codes.EVIDENCE,
    "reason": codes.REASONS,
    "detection": codes.DETECTIONS,
    "live": codes.LIVE_DETECTIONS,
    "live_lack": codes.LIVE_LACKS,
    "live_events": codes.LIVE_EVENTS,
    "act": codes.ACTS,
    "action": codes.ACTIONS,
    "table": codes.TABLES,
    "role": codes.STAFF_ROLES,
    "account": codes.ACCOUNT_KINDS,
    "kind": codes.KINDS,
    "resource": codes.OWN_PAGES,
    "event_outcome": codes.EVENT_OUTCOMES,
    "happening": codes.HAPPENINGS,
    "cover": codes.COVERS,
    "trigger": codes.TRIGGERS,
    "set_aside": codes.SET_ASIDE,
    "closed": codes.CLOSED_WHY,
    "silence": codes.SILENCES,
    "scene": codes.SCENES,
    "scene_state": codes.SCENE_STATES,
    "threat": codes.THREATS,
    "problem": codes.PROBLEMS,
    "standing": codes.STANDINGS,
    "alert_state": {str(k): v for k, v in ALERT_STATES.items()},
    "state": {str(k): v for k, v in STATE_NAMES.items()},
    "outcome": {str(k): v for k, v in OUTCOME_NAMES.items()},
}
