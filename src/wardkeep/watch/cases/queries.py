# SPDX-License-Identifier: Apache-2.0
"""What the console asks. Each function fills one page's value from rows, the last run and the sealed store.

No function here writes, and none asks for permission: a view does both around it (`permission(actor, act, case)`, and
`actions.touch(...)` for whatever shows patients or staff). Lists leave out what the actor may not see.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from wardkeep.govern.identity.models import User
from wardkeep.govern.identity.role import TABLE, Act, Role
from wardkeep.ledger import UnknownEntry
from wardkeep.seal.models import Placed
from wardkeep.watch.cases.accesses import EPOCH, Opened, opened
from wardkeep.watch.cases.case import State
from wardkeep.watch.cases.models import Case, CasePatient, Finding, History, Note, Outcome, Run
from wardkeep.watch.cases.pages import (
    AccessLine,
    AccessPage,
    AccountPage,
    CaseLine,
    CaseList,
    CasePage,
    FindingShown,
    LookedFor,
    PatientPage,
    Precision,
    RunLine,
    Said,
    SystemCover,
    Today,
)
from wardkeep.watch.cases.precision import precision_of
from wardkeep.watch.detect.finding import Detection

#: Accesses that one page shows; it says how many there are in all.
EVENTS_SHOWN = 500
#: Days that the patient and account pages show unless asked for others.
DAYS_SHOWN = 30
#: Hours without an event, measured at the newest event of all systems, from which on a system counts as silent.
SILENT_HOURS = 24
SHOWN_STATES = (State.OPEN, State.DECIDED, State.EXPLAINED)


class NotFound(Exception):
    """There is no such case, access, patient or account."""

    exit_status = 2


def today(actor: Any, *, now: datetime) -> Today:
    """The first page for `actor` at `now`."""
    run = _last_run()
    summary: dict[str, Any] = run.summary if run else {}
    newest = {name: EPOCH + timedelta(microseconds=us) for name, us in summary.get("last_event_us", {}).items()}
    latest = max(newest.values(), default=None)
    reference = min(now, latest) if latest else now
    day, accesses, explained = _newest_day(summary, reference)
    cases = visible_cases(actor)
    to_read = _in_reading_order(cases.filter(state=State.OPEN))[: settings.WARDKEEP_HOME.settings.judging.cases_a_day]
    return Today(
        systems=_cover(summary, newest, reference, day),
        day=day,
        accesses=accesses,
        explained=explained,
        explained_share=explained / accesses if accesses else None,
        cases=_lines(to_read),
        open_cases=cases.filter(state=State.OPEN).count(),
        waiting_cases=cases.filter(state=State.WAITING).count(),
        mine=cases.filter(state=State.OPEN, assigned_to=actor).count(),
        precision=precision(),
        run=_run_line(run) if run else None,
        newest_event_at=latest,
        unavailable={k: v for k, v in (run.available if run else {}).items() if v != "available"},
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
    lines = _lines(_in_reading_order(found)[(page - 1) * per : page * per])
    return CaseList(lines=lines, total=total, page=page, pages=pages)


def visible_cases(actor: Any) -> QuerySet[Case]:
    """The cases that `actor` may see in a list: what `permission` says of each, said to the database."""
    role = Role(actor.role)
    if role not in TABLE[Act.CASE_LIST]:
        return Case.objects.none()
    cases: QuerySet[Case] = Case.objects.all()
    if role == Role.DEPARTMENT_HEAD:
        cases = cases.filter(department=actor.department, random=False) if actor.department else cases.none()
    if actor.account:
        cases = cases.exclude(account=actor.account)
    if actor.staff_id:
        cases = cases.exclude(person=actor.staff_id)
    return cases


def find_case(key: str) -> Case:
    """The row, for `permission` and for actions. Raises NotFound."""
    case = Case.objects.select_related("assigned_to", "last_run").filter(key=key).first()
    if case is None or case.state == State.WAITING:
        raise NotFound(_("There is no case %(key)s.") % {"key": key})
    found: Case = case
    return found


def case_page(case: Case, actor: Any) -> CasePage:
    """A case whole."""
    zone = _zone()
    begins = datetime.combine(case.from_at.astimezone(zone).date(), datetime.min.time(), zone)
    ends = datetime.combine(case.to_at.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone)
    own = list(case.event_ids)
    with opened(from_at=begins, to_at=ends, accounts=[case.account]) as store:
        accesses = store.lines(
            "e.account = $account",
            {"account": case.account, "own": own},
            limit=EVENTS_SHOWN,
            order="list_contains($own, e.event_id) DESC, e.time_us",
        )
    return CasePage(
        line=_line(case),
        terms=sorted(case.terms, key=lambda t: -abs(t["value"] * t["weight"])),
        harm=case.harm,
        settles_at=case.settles_at,
        explained_by=case.explained_by,
        reasons_missing=case.reasons_missing,
        findings=[_finding(row, case) for row in case.findings.order_by("-stands", "from_at", "detection")],
        accesses=accesses,
        event_ids=frozenset(own),
        patients=case.patients,
        history=_history(case),
        run=_run_line(case.last_run),
        reviewers=_reviewers(case),
    )


def access_page(event_id: str, *, day: date | None = None) -> AccessPage:
    """One access and its reason. `day`, the local day where it is known, spares a search. Raises NotFound."""
    begins, ends = _day(day) if day else (None, None)
    with opened(from_at=begins, to_at=ends) as store:
        found = store.one(event_id)
        if found is None:
            raise NotFound(_("There is no access %(id)s.") % {"id": event_id})
        access, source, position, format_ = found
        reason = access.reason
        row = store.row(reason.source_table, reason.source_id or "") if reason and reason.source_table else {}
        run = store.run
    cases = list(_case_rows_of(access)) if reason is None else []
    return AccessPage(
        access=access,
        looked_for=_looked_for(access, cases, run),
        source_row=row,
        cases=_lines(cases),
        source=source,
        position=position,
        format=format_,
    )


def patient_page(
    patient_id: str, actor: Any, *, from_at: datetime | None = None, to_at: datetime | None = None
) -> PatientPage:
    """Who opened this record and why. Raises NotFound."""
    with opened(from_at=from_at, to_at=to_at, patients=[patient_id]) as store:
        where, values = "e.patient_id = $patient", {"patient": patient_id}
        total, explained, people = store.counts(where, values)
        known = store.value("SELECT 1 FROM patients WHERE patient_id = $patient", values)
        if not total and known is None:
            raise NotFound(_("There is no such patient, and no access to one."))
        accesses = store.lines(where, values, limit=EVENTS_SHOWN, order="r.eid IS NOT NULL, e.time_us DESC")
        care = store.care(patient_id)
    keys = CasePatient.objects.filter(patient_id=patient_id).values("case")
    return PatientPage(
        patient_id=patient_id,
        accesses=accesses,
        total=total,
        explained=explained,
        people=people,
        cases=_lines(_in_reading_order(visible_cases(actor).filter(pk__in=keys, state__in=SHOWN_STATES))),
        care=care,
    )


def account_page(
    account: str, actor: Any, *, from_at: datetime | None = None, to_at: datetime | None = None
) -> AccountPage:
    """What this account did, beside its peers. Raises NotFound."""
    if from_at is None:
        run = _last_run()
        last = max((run.summary.get("last_event_us", {}) if run else {}).values(), default=None)
        if last is not None:
            from_at = EPOCH + timedelta(microseconds=last) - timedelta(days=DAYS_SHOWN)
    with opened(from_at=from_at, to_at=to_at) as store:
        where, values = "e.account = $account", {"account": account}
        total, explained, _people = store.counts(where, values)
        who = store.value(
            "SELECT a.kind, s.staff_id, s.role, coalesce(s.department, a.department), s.name"
            " FROM accounts a LEFT JOIN staff s USING (staff_id) WHERE a.account = $account",
            values,
        )
        if not total and who is None:
            raise NotFound(_("There is no such account."))
        kind, person, role, department, name = who or (None, None, None, None, None)
        accesses = store.lines(where, values, limit=EVENTS_SHOWN, order="r.eid IS NOT NULL, e.time_us DESC")
        days, peers = store.beside_peers(account)
    return AccountPage(
        account=account,
        kind=kind,
        person=person,
        name=name,
        role=role,
        department=department,
        days=days,
        peers=peers,
        accesses=accesses,
        total=total,
        explained=explained,
        cases=_lines(_in_reading_order(visible_cases(actor).filter(account=account, state__in=SHOWN_STATES))),
    )


def patient_names(patient_ids: list[str]) -> dict[str, str]:
    """Names from the patient table, for patients whose reveal was just sealed."""
    with _tables() as store:
        sql = "SELECT patient_id, name FROM patients WHERE list_contains($ids, patient_id) AND name IS NOT NULL"
        return dict(store.con.execute(sql, {"ids": patient_ids}).fetchall())


def staff_name(account: str) -> str | None:
    """The name of the person behind an account, None where the account is nobody's alone."""
    with _tables() as store:
        row = store.value(
            "SELECT s.name FROM accounts a JOIN staff s USING (staff_id) WHERE a.account = $account",
            {"account": account},
        )
    return None if row is None else row[0]


def source_row(table: str, source_id: str) -> dict[str, Any]:
    """One row of the hospital's tables, as stored. Raises NotFound."""
    with _tables() as store:
        row = store.row(table, source_id)
    if not row:
        raise NotFound(_("The hospital's row %(id)s is no longer in %(table)s.") % {"id": source_id, "table": table})
    return row


def proof(entry: str) -> str:
    """The .tlog-proof text of an entry `2026:123`. Raises NotFound."""
    log, _colon, number = entry.partition(":")
    try:
        return str(settings.WARDKEEP_HOME.ledger_reader().proof(log, int(number)))
    except (ValueError, LookupError, UnknownEntry):
        raise NotFound(_("There is no entry %(entry)s.") % {"entry": entry}) from None


def precision() -> Precision:
    """Unbiased precision, from reviewed random cases alone."""
    return precision_of(Case.objects.filter(random=True, state=State.DECIDED).values_list("outcome", flat=True))


def search(text: str, actor: Any) -> list[tuple[str, str]]:
    """Where a search box leads: [(`case`|`account`|`patient`, key), ...]; exact keys and numbers only."""
    wanted = text.strip()
    if not wanted:
        return []
    found = [("case", key) for key in visible_cases(actor).filter(key=wanted).values_list("key", flat=True)]
    with _tables() as store:
        for kind, table, column in (("account", "accounts", "account"), ("patient", "patients", "patient_id")):
            sql = f"SELECT 1 FROM {table} WHERE {column} = $wanted LIMIT 1"  # noqa: S608 - our own names
            if store.value(sql, {"wanted": wanted}) is not None:
                found.append((kind, wanted))
    if ("account", wanted) not in found and Case.objects.filter(account=wanted).exists():
        found.append(("account", wanted))
    return found


def _tables() -> AbstractContextManager[Opened]:
    """The hospital's tables alone: an empty interval, so that no events are opened."""
    return opened(from_at=EPOCH, to_at=EPOCH)


def _last_run() -> Run | None:
    run: Run | None = Run.objects.order_by("-finished_at").first()
    return run


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.WARDKEEP_HOME.settings.hospital.timezone)


def _day(day: date) -> tuple[datetime, datetime]:
    begins = datetime.combine(day, datetime.min.time(), _zone())
    return begins, datetime.combine(day + timedelta(days=1), datetime.min.time(), _zone())


def _newest_day(summary: dict[str, Any], reference: datetime) -> tuple[date | None, int, int]:
    """The last whole local day that was judged, and its accesses and explained ones."""
    days: dict[str, list[int]] = summary.get("days", {})
    whole = [day for day in days if date.fromisoformat(day) < reference.astimezone(_zone()).date()]
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
    for name in sorted({*newest, *counts, *expected} - {"wardkeep"}):
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


def _in_reading_order(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases.select_related("assigned_to").order_by("-opened_on", "rank", "-score", "key")


def _lines(cases: Sequence[Case] | QuerySet[Case]) -> list[CaseLine]:
    return [_line(case) for case in cases]


def _line(case: Case) -> CaseLine:
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


def _shown_detections(case: Case, detections: Sequence[str]) -> list[str]:
    """Nobody shall know which cases were drawn by lot before they are decided; what such a case lacks is a reason."""
    if case.state == State.DECIDED:
        return list(detections)
    return list(dict.fromkeys(Detection.NO_REASON.value if d == Detection.RANDOM else d for d in detections))


def _finding(row: Finding, case: Case) -> FindingShown:
    return FindingShown(
        finding_id=row.finding_id,
        detection=_shown_detections(case, [row.detection])[0],
        patient_id=row.patient_id,
        from_at=row.from_at,
        to_at=row.to_at,
        event_ids=row.event_ids,
        observed=row.observed,
        threshold=row.threshold,
        looked_for=[_looked(item) for item in row.looked_for],
        stands=row.stands,
    )


def _looked(item: dict[str, Any]) -> LookedFor:
    return LookedFor(
        reason=item["reason"],
        state=item["state"],
        missing=item.get("missing", []),
        source_table=item.get("source_table"),
        source_id=item.get("source_id"),
    )


def _looked_for(access: AccessLine, cases: Sequence[Case], run: Run | None) -> list[LookedFor]:
    """What was looked for: as its finding says, else from what the run could look for at all."""
    if access.reason is not None:
        reason = access.reason
        return [
            LookedFor(
                reason=reason.reason,
                state="found",
                missing=(),
                source_table=reason.source_table,
                source_id=reason.source_id,
            )
        ]
    for finding in Finding.objects.filter(case__in=[case.pk for case in cases], stands=True):
        if access.event_id in finding.event_ids and finding.looked_for:
            return [_looked(item) for item in finding.looked_for]
    if run is None or not access.judged:
        return []
    return [
        LookedFor(
            reason=reason,
            state="not_found" if tables == "available" else "not_available",
            missing=() if tables == "available" else tables,
            source_table=None,
            source_id=None,
        )
        for reason, tables in run.available.items()
    ]


def _case_rows_of(access: AccessLine) -> list[Case]:
    near = Case.objects.filter(
        account=access.account, from_at__lte=access.time, to_at__gte=access.time, state__in=SHOWN_STATES
    )
    return [case for case in near.select_related("assigned_to") if access.event_id in case.event_ids]


def _history(case: Case) -> list[Said]:
    notes = {str(note.pk): note.text for note in Note.objects.filter(case=case)}
    decisions = {str(row.pk): row for row in Outcome.objects.filter(case=case)}
    said = []
    for row in History.objects.filter(case=case).select_related("by").order_by("at", "id"):
        decision = decisions.get(row.facts.get("outcome", ""))
        text = notes.get(row.facts.get("note", ""), "") or (decision.reason if decision else "")
        said.append(
            Said(
                happening=row.happening,
                at=row.at,
                by=str(row.by) if row.by else None,
                text=text,
                outcome=decision.code if decision else "",
                facts=row.facts,
            )
        )
    return said


def _reviewers(case: Case) -> list[tuple[str, str]]:
    """Who may decide the case, and has least in hand first."""
    roles = [role.value for role in TABLE[Act.CASE_DECIDE]]
    people = User.objects.filter(is_active=True, role__in=roles)
    people = people.annotate(open_cases=Count("cases", filter=Q(cases__state=State.OPEN))).order_by(
        "open_cases", "name"
    )
    about = [p for p in people if not (p.account and p.account == case.account)]
    return [(str(p.pk), str(p)) for p in about if not (p.staff_id and p.staff_id == case.person)]


def _run_line(run: Run) -> RunLine:
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
