# SPDX-License-Identifier: Apache-2.0
"""Why an access is explained, as one sentence: from the reason's code, the hospital's own row, and who opened the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Protocol

from django.utils import timezone
from django.utils.translation import gettext as _

from wardkeep.watch.cases.pages import ReasonShown
from wardkeep.web.say.codes import KINDS, REASONS, TABLES, name_of

Row = Mapping[str, Any]
#: Columns of the hospital's rows that hold a staff number, and those that hold a department.
STAFF_COLUMNS = ("ordered_by", "attending_id", "staff_id", "approved_by")
DEPARTMENT_COLUMNS = ("department", "performing_department", "from_department", "to_department", "recipient")


class Names(Protocol):
    """Who is who among the people and departments that a row mentions."""

    @property
    def by_staff(self) -> dict[str, str]: ...

    @property
    def departments(self) -> dict[str, str]: ...


def because(reason: ReasonShown, row: Row, who: str, names: Names) -> str:
    """`Dr Chen placed order 4711 (laboratory) on 2026-03-02 08:15.`

    row: as the hospital handed it over, empty where it is not there any more. who: the person or account that opened the
    record, as it is to be named. A row without what the sentence needs gets the plain sentence.
    """
    facts = _Facts(reason, row, who, names)
    sentence = SENTENCES.get(reason.reason)
    if sentence is None or (not row and reason.reason not in _WITHOUT_ROW):
        return plain(reason)
    return sentence(facts)


def plain(reason: ReasonShown) -> str:
    """The reason and where it is documented."""
    return _("%(reason)s, documented in %(table)s, row %(id)s.") % {
        "reason": name_of(REASONS, reason.reason).capitalize(),
        "table": name_of(TABLES, reason.source_table),
        "id": reason.source_id or "–",
    }


def support_of(reason: ReasonShown) -> dict[str, str]:
    """`patients:12 accounts:3` as a mapping; what has no name is under `text`."""
    found: dict[str, str] = {}
    for name, value in reason.support.items():
        if name != "text":
            found[name] = str(value)
            continue
        for word in str(value).split():
            key, colon, rest = word.partition(":")
            found[key if colon else "text"] = rest if colon else word
    return found


class _Facts(dict[str, str]):
    """What a sentence may use, each made readable when it is asked for."""

    def __init__(self, reason: ReasonShown, row: Row, who: str, names: Names) -> None:
        super().__init__(who=who, id=reason.source_id or "–")
        self.row, self.names, self.reason = row, names, reason
        self.support = support_of(reason)

    def __missing__(self, name: str) -> str:
        if name in self.support:
            return self.support[name]
        value = self.row.get(name)
        if name == "kind":
            return name_of(KINDS, value)
        if name in STAFF_COLUMNS:
            return self.names.by_staff.get(str(value), str(value)) if value else "–"
        if name in DEPARTMENT_COLUMNS:
            return self.names.departments.get(str(value), str(value)) if value else "–"
        return shown(value)


def shown(value: Any) -> str:
    """A cell of the hospital's row, as it is read: local time, plain date, dash for nothing."""
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or value == "":
        return "–"
    return str(value).strip(";").replace(";", ", ") if isinstance(value, str) else str(value)


def _until(f: _Facts) -> str:
    """`from … to …`, or `from … on` for what has not ended."""
    if f.row.get("end") is None:
        return _("from %(start)s on") % f
    return _("from %(start)s to %(end)s") % f


def _span(text: Callable[[], str]) -> Callable[[_Facts], str]:
    def say(f: _Facts) -> str:
        f["span"] = _until(f)
        return text() % f

    return say


def _encounter(f: _Facts) -> str:
    f["span"] = _until(f)
    if "encounter_id" in f.row:
        return _("The patient is in the care of %(department)s: encounter %(id)s (%(kind)s), %(span)s.") % f
    return plain(f.reason)


def _ward(f: _Facts) -> str:
    if "to_department" in f.row:
        return _("The patient lay on %(to_department)s since %(time)s.") % f
    return _encounter(f)


def _completion(f: _Facts) -> str:
    if "encounter_id" in f.row and f.row.get("end") is not None:
        return _("%(department)s completes the record of encounter %(id)s (%(kind)s), which ended on %(end)s.") % f
    return plain(f.reason)


def _desk(f: _Facts) -> str:
    if "appointment_id" in f.row:
        return _("Front desk: the patient had appointment %(id)s with %(department)s on %(time)s.") % f
    if "encounter_id" in f.row:
        return _("Front desk: the patient came for encounter %(id)s (%(kind)s) on %(start)s.") % f
    return plain(f.reason)


def _cover(f: _Facts) -> str:
    f["department"] = _department(f) or "–"
    f["table"] = name_of(TABLES, f.reason.source_table)
    return (
        _(
            "%(who)s was on shift for %(department)s, which had a reason of its own: %(table)s, row %(id)s. "
            "Shift: %(shifts)s."
        )
        % f
    )


def _department(f: _Facts) -> str:
    """The department that a row is about."""
    code = f.row.get("department") or f.row.get("performing_department") or f.row.get("to_department") or ""
    return f.names.departments.get(str(code), str(code))


def _charted(f: _Facts) -> str:
    f["written"] = shown(f.row["time"]) if f.row.get("time") else f["id"]
    return _("%(who)s wrote in this record on the same day (%(written)s), while the patient was under care.") % f


def _presence(f: _Facts) -> str:
    f["department"] = _department(f) or _("the department")
    f["table"] = name_of(TABLES, f.reason.source_table)
    if "workstation" in f.support:
        text = _(
            "%(who)s worked that day at %(workstation)s, a workstation of %(department)s (%(accounts)s of its accounts "
            "used it), which had a reason of its own: %(table)s, row %(id)s."
        )
    else:
        text = _(
            "%(who)s wrote that day in the records of %(entries)s patients of %(department)s, which had a reason of its "
            "own: %(table)s, row %(id)s."
        )
    return text % f


def _follow_up(f: _Facts) -> str:
    if "encounter_id" not in f.row:
        return plain(f.reason)
    f["span"] = _until(f)
    return _("A former patient of %(department)s: encounter %(id)s (%(kind)s), %(span)s.") % f


SENTENCES: dict[str, Callable[[_Facts], str]] = {
    "appointment": lambda f: _("The patient had appointment %(id)s with %(who)s on %(time)s.") % f,
    "attending": _span(lambda: _("%(who)s answers for encounter %(id)s (%(kind)s, %(department)s), %(span)s.")),
    "care_team": _span(lambda: _("%(who)s belongs to the patient's care team (%(role)s), %(span)s.")),
    "order_placed": lambda f: _("%(who)s placed order %(id)s (%(kind)s) on %(time)s.") % f,
    "result": lambda f: (
        _("%(who)s read the result of order %(id)s (%(kind)s), placed on %(time)s by %(ordered_by)s.") % f
    ),
    "work_item": _span(lambda: _("%(department)s has a work item on this record: %(kind)s, %(span)s.")),
    "encounter": _encounter,
    "ward": _ward,
    "transfer": lambda f: (
        _("The patient was moved from %(from_department)s to %(to_department)s on %(time)s.") % f
        if "to_department" in f.row
        else plain(f.reason)
    ),
    "clinic": lambda f: _("The patient had appointment %(id)s with %(department)s on %(time)s.") % f,
    "consult": lambda f: (
        _("%(ordered_by)s asked %(performing_department)s for a consult on %(time)s: order %(id)s.") % f
    ),
    "order_performed": lambda f: (
        _("%(performing_department)s performs order %(id)s (%(kind)s), placed on %(time)s by %(ordered_by)s.") % f
    ),
    "completion": _completion,
    "front_desk": _desk,
    "cover": _cover,
    "consent": _span(lambda: _("The patient agreed that %(recipient)s reads the record, %(span)s.")),
    "research": _span(
        lambda: _("Research under ticket %(id)s, approved by %(approved_by)s, %(span)s; the patient agreed to it.")
    ),
    "ticket": _span(lambda: _("Work under ticket %(id)s (%(kind)s), approved by %(approved_by)s, %(span)s.")),
    "service": lambda f: (
        _("The service account ran at its usual hour from its usual host, as on %(days)s other days.") % f
    ),
    "assigned_case": lambda f: _("%(who)s had case %(id)s in hand.") % f,
    "audit_mandate": lambda f: _("%(who)s held an audit mandate.") % f,
    "mistake": lambda f: (
        _("The wrong record, closed at once; the right one was opened right after it (event %(id)s).") % f
    ),
    "charted": _charted,
    "presence": _presence,
    "follow_up": _follow_up,
    "learned": lambda f: (
        _(
            "The departments often share the care of such patients: %(patients)s patients and %(accounts)s other "
            "accounts in the days before, %(lift)s times the usual share."
        )
        % f
    ),
}
_WITHOUT_ROW = frozenset({"service", "assigned_case", "audit_mandate", "mistake", "charted", "presence", "learned"})
