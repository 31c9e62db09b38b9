# SPDX-License-Identifier: Apache-2.0
"""What the console asks of the rows alone: the first page, lists of cases, a case's findings and history, precision.

No function here writes, and none asks for permission; lists leave out what the actor may not see.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from wardkeep.govern.identity.models import User
from wardkeep.govern.identity.permission import about, is_about
from wardkeep.govern.identity.role import TABLE, Act, Role
from wardkeep.seal.models import Placed
from wardkeep.watch.cases.accesses import EPOCH
from wardkeep.watch.cases.case import State
from wardkeep.watch.cases.models import Case, Finding, History, Note, Outcome, Run
from wardkeep.watch.cases.pages import (
    CaseLine,
    CaseList,
    FindingShown,
    LookedFor,
    Precision,
    RunLine,
    Said,
    SystemCover,
    Today,
)
from wardkeep.watch.cases.precision import precision_of
from wardkeep.watch.detect.finding import Detection
from wardkeep.watch.event import OWN_SYSTEM

#: Hours without an event, measured at the newest event of all systems, from which on a system counts as silent.
SILENT_HOURS = 24
#: Shown of a case that was drawn by lot, as long as it is not decided.
ACCOUNT_DAY = "account_day"
SHOWN_STATES = (State.OPEN, State.DECIDED, State.EXPLAINED)


class NotFound(Exception):
    """There is no such case, access, patient or account."""

    exit_status = 2


def today(actor: Any, *, now: datetime) -> Today:
    """The first page for `actor` at `now`."""
    run = last_run()
    summary: dict[str, Any] = run.summary if run else {}
    newest, latest, reference = _newest(summary, now)
    day, accesses, explained = _newest_day(summary, reference)
    cases = visible_cases(actor)
    to_read = in_reading_order(cases.filter(state=State.OPEN))[: settings.WARDKEEP_HOME.settings.judging.cases_a_day]
    return Today(
        systems=_cover(summary, newest, reference, day),
        day=day,
        accesses=accesses,
        explained=explained,
        explained_share=explained / accesses if accesses else None,
        cases=lines(to_read),
        open_cases=cases.filter(state=State.OPEN).count(),
        waiting_cases=cases.filter(state=State.WAITING).count(),
        mine=cases.filter(state=State.OPEN, assigned_to=actor).count(),
        precision=precision(),
        missed=precision(of="quiet"),
        listed=precision(of="chosen"),
        run=run_line(run) if run else None,
        newest_event_at=latest,
        unavailable={k: v for k, v in (run.available if run else {}).items() if v != "available"},
        unevaluated=run.unevaluated if run else {},
    )


def case_list(
    actor: Any, *, state: str = "open", mine: bool = False, detection: str = "", page: int = 1, per: int = 50
) -> CaseList:
    """Cases in reading order. state: `open`, `decided`, `explained` or `all`; never those that still wait."""
    states = SHOWN_STATES if state == "all" else [s for s in SHOWN_STATES if s == state]
    found = visible_cases(actor).filter(state__in=states)
    if mine:
        found = found.filter(assigned_to=actor)
    if detection:
        found = found.filter(pk__in=Finding.objects.filter(detection=detection, stands=True).values("case"))
    total = found.count()
    pages = max(1, -(-total // per))
    page = min(max(1, page), pages)
    shown = lines(in_reading_order(found)[(page - 1) * per : page * per])
    return CaseList(lines=shown, total=total, page=page, pages=pages)


def visible_cases(actor: Any) -> QuerySet[Case]:
    """The cases that `actor` may see in a list: what `permission` says of each, said to the database."""
    role = Role(actor.role)
    if role not in TABLE[Act.CASE_LIST]:
        return Case.objects.none()
    cases: QuerySet[Case] = Case.objects.all()
    if role == Role.DEPARTMENT_HEAD:
        cases = cases.filter(department=actor.department, random=False) if actor.department else cases.none()
    return cases.exclude(about(actor))


def find_case(key: str) -> Case:
    """The row, for `permission` and for actions. Raises NotFound."""
    case = Case.objects.select_related("assigned_to", "last_run").filter(key=key).first()
    if case is None or case.state == State.WAITING:
        raise NotFound(_("There is no case %(key)s.") % {"key": key})
    found: Case = case
    return found


def precision(*, of: str = "passed_over") -> Precision:
    """Share of hits among decided cases.

    of: `passed_over`, drawn by lot among what would open a case and found no place; `quiet`, drawn among days on which
    nothing was found: both without bias; or `chosen`, by the ranking.
    """
    decided = Case.objects.filter(state=State.DECIDED, random=of != "chosen").values_list("outcome", "detections")
    quiet = of == "quiet"
    return precision_of(o for o, found in decided if of == "chosen" or (Detection.RANDOM.value in found) == quiet)


def in_reading_order(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases.select_related("assigned_to").order_by("-opened_on", "rank", "-score", "key")


def lines(cases: Sequence[Case] | QuerySet[Case]) -> list[CaseLine]:
    return [line(case) for case in cases]


def line(case: Case) -> CaseLine:
    return CaseLine(
        key=case.key,
        account=case.account,
        person=case.person,
        department=case.department,
        opened_on=case.opened_on,
        rank=case.rank,
        score=case.score,
        state=case.state,
        detections=_shown_detections(case, case.detections),
        patient_count=len(case.patients),
        event_count=len(case.event_ids),
        from_at=case.from_at,
        to_at=case.to_at,
        assigned_to=str(case.assigned_to) if case.assigned_to else None,
        outcome=case.outcome,
        random=case.random if case.state == State.DECIDED else None,
    )


def strength(case: Case, detection: str) -> float:
    """How much a detection added to the score of a case."""
    return sum(float(t["value"]) * float(t["weight"]) for t in case.terms if t["name"] == detection)


def _shown_detections(case: Case, detections: Sequence[str]) -> list[str]:
    """Nobody is told which cases were drawn by lot before they are decided; nothing false is said of one either."""
    detections = sorted(detections, key=lambda name: -strength(case, name))
    if case.state == State.DECIDED:
        return detections
    instead = Detection.NO_REASON.value if case.reasons_missing else ACCOUNT_DAY
    return list(dict.fromkeys(instead if d == Detection.RANDOM else d for d in detections))


def in_weight(case: Case) -> list[Finding]:
    """A case's findings: those that stand first, of these the one that added most to the score."""
    rows = case.findings.order_by("from_at", "detection")
    return sorted(rows, key=lambda row: (not row.stands, -strength(case, row.detection)))


def finding_shown(row: Finding, case: Case) -> FindingShown:
    return FindingShown(
        finding_id=row.finding_id,
        detection=_shown_detections(case, [row.detection])[0],
        patient_id=row.patient_id,
        from_at=row.from_at,
        to_at=row.to_at,
        event_ids=row.event_ids,
        observed=row.observed,
        threshold=row.threshold,
        looked_for=[looked(item) for item in row.looked_for],
        stands=row.stands,
    )


def looked(item: dict[str, Any]) -> LookedFor:
    return LookedFor(
        reason=item["reason"],
        state=item["state"],
        missing=item.get("missing", []),
        source_table=item.get("source_table"),
        source_id=item.get("source_id"),
    )


def history(case: Case) -> list[Said]:
    notes = {str(note.pk): note.text for note in Note.objects.filter(case=case)}
    decisions = {str(row.pk): row for row in Outcome.objects.filter(case=case)}
    said = []
    for row in History.objects.filter(case=case).select_related("by").order_by("at", "id"):
        decision = decisions.get(row.facts.get("outcome", ""))
        text = notes.get(row.facts.get("note", ""), "") or (decision.reason if decision else "")
        said.append(
            Said(
                key=str(row.pk),
                happening=row.happening,
                at=row.at,
                by=str(row.by) if row.by else None,
                text=text,
                outcome=decision.code if decision else "",
                facts=row.facts,
            )
        )
    return said


def reviewers(case: Case) -> list[tuple[str, str]]:
    """Who may decide the case, and has least in hand first."""
    roles = [role.value for role in TABLE[Act.CASE_DECIDE]]
    people = User.objects.filter(is_active=True, role__in=roles)
    people = people.annotate(open_cases=Count("cases", filter=Q(cases__state=State.OPEN))).order_by(
        "open_cases", "name"
    )
    return [(str(p.pk), str(p)) for p in people if not is_about(p, case.account, case.person)]


def run_line(run: Run) -> RunLine:
    placed = Placed.objects.filter(act="judgement:run:stored", about=str(run.pk)).first()
    return RunLine(
        id=str(run.pk),
        finished_at=run.finished_at,
        from_at=run.from_at,
        to_at=run.to_at,
        events=run.events,
        explained=run.explained,
        ledger_log=run.ledger_log,
        ledger_size=run.ledger_size,
        ledger_root=run.ledger_root,
        hashes=run.hashes,
        entry=f"{placed.log}:{placed.index}" if placed else None,
    )


def last_run() -> Run | None:
    """The newest run that judged anything; one over days without events says nothing of the others."""
    runs = Run.objects.order_by("-finished_at")
    run: Run | None = runs.filter(events__gt=0).first() or runs.first()
    return run


def cover(*, now: datetime) -> list[SystemCover]:
    """The systems that should be seen, and whether they are."""
    run = last_run()
    summary: dict[str, Any] = run.summary if run else {}
    newest, _latest, reference = _newest(summary, now)
    return _cover(summary, newest, reference, _newest_day(summary, reference)[0])


def _newest(summary: dict[str, Any], now: datetime) -> tuple[dict[str, datetime], datetime | None, datetime]:
    """The newest event of each system, the newest of the hospital's, and the moment at which silence is measured."""
    newest = {name: EPOCH + timedelta(microseconds=us) for name, us in summary.get("last_event_us", {}).items()}
    # Our own accesses happen now, whatever the hospital's systems hand over.
    latest = max((at for name, at in newest.items() if name != OWN_SYSTEM), default=None)
    return newest, latest, min(now, latest) if latest else now


def _newest_day(summary: dict[str, Any], reference: datetime) -> tuple[date | None, int, int]:
    """The last whole local day that was judged, and its accesses and explained ones."""
    days: dict[str, list[int]] = summary.get("days", {})
    whole = [day for day in days if date.fromisoformat(day) < reference.astimezone(zone()).date()]
    if not (whole or days):
        return None, 0, 0
    name = max(whole or days)
    return date.fromisoformat(name), days[name][0], days[name][1]


def _cover(
    summary: dict[str, Any], newest: dict[str, datetime], reference: datetime, day: date | None
) -> list[SystemCover]:
    counts = summary.get("systems", {})
    expected = settings.WARDKEEP_HOME.settings.hospital.systems
    found = []
    for name in sorted({*newest, *counts, *expected} - {OWN_SYSTEM}):
        last = newest.get(name)
        silent = last is not None and reference - last > timedelta(hours=SILENT_HOURS)
        found.append(
            SystemCover(
                system=name,
                state="never" if last is None else "silent" if silent else "covered",
                last_event_at=last,
                events_yesterday=counts.get(name, {}).get(day.isoformat() if day else "", 0),
            )
        )
    return found


def zone() -> ZoneInfo:
    return ZoneInfo(settings.WARDKEEP_HOME.settings.hospital.timezone)
