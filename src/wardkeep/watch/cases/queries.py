# SPDX-License-Identifier: Apache-2.0
"""The console's pages that open the sealed store: a case, an access, a patient, an account, names, proofs, a search.

No function here writes, and none asks for permission: a view does both around it (`permission(actor, act, case)`, and
`actions.touch(...)` for whatever shows patients or staff).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from wardkeep.ledger import UnknownEntry
from wardkeep.watch.cases.accesses import ASKED, EPOCH, opened, tables
from wardkeep.watch.cases.casebook import (
    SHOWN_STATES,
    NotFound,
    finding_shown,
    history,
    in_reading_order,
    in_weight,
    last_run,
    line,
    lines,
    looked,
    reviewers,
    run_line,
    visible_cases,
    zone,
)
from wardkeep.watch.cases.models import Case, CasePatient, Finding, Run
from wardkeep.watch.cases.pages import AccessLine, AccessPage, AccountPage, CasePage, LookedFor, PatientPage
from wardkeep.watch.cases.who import who_of_access, who_of_case

#: Accesses that one page shows; it says how many there are in all.
EVENTS_SHOWN = 500
#: Days that the patient and account pages show unless asked for others.
DAYS_SHOWN = 30


def case_page(case: Case, actor: Any) -> CasePage:
    """A case whole."""
    local = zone()
    begins = datetime.combine(case.from_at.astimezone(local).date(), datetime.min.time(), local)
    ends = datetime.combine(case.to_at.astimezone(local).date() + timedelta(days=1), datetime.min.time(), local)
    own = list(case.eids)
    with opened(from_at=begins, to_at=ends, accounts=[case.account]) as store:
        accesses = store.lines(
            "e.account = $account",
            {"account": case.account, "own": own},
            limit=EVENTS_SHOWN,
            order="list_contains($own, e.eid) DESC, e.time_us",
        )
        shifts = store.shifts(case.account, from_at=case.from_at, to_at=case.to_at)
    return CasePage(
        line=line(case),
        terms=sorted(case.terms, key=lambda t: -abs(t["value"] * t["weight"])),
        harm=case.harm,
        settles_at=case.settles_at,
        explained_by=case.explained_by,
        reasons_missing=case.reasons_missing,
        findings=[finding_shown(row, case) for row in in_weight(case)],
        accesses=accesses,
        eids=frozenset(own),
        shifts=shifts,
        patients=case.patients,
        history=history(case),
        run=run_line(case.last_run),
        who=who_of_case(str(case.last_run_id), case.key),
        reviewers=reviewers(case),
    )


def access_page(entry: str, *, day: date | None = None) -> AccessPage:
    """The access at an entry `2026:123`, and its reason. `day`, its local day, spares a search. Raises NotFound."""
    begins, ends = _day(day) if day else (None, None)
    with opened(from_at=begins, to_at=ends) as store:
        log, _colon, number = entry.partition(":")
        found = store.one(log, int(number)) if number.isdecimal() else None
        if found is None:
            raise NotFound(_("There is no access %(id)s.") % {"id": entry})
        access, source, position, format_ = found
        reason = access.reason
        row = store.row(reason.source_table, reason.source_id or "") if reason and reason.source_table else {}
        run = store.run_of(access)
    cases = list(_case_rows_of(access)) if reason is None else []
    return AccessPage(
        access=access,
        who=who_of_access(str(run.id), access.eid) if run else None,
        looked_for=_looked_for(access, cases, run),
        source_row=row,
        cases=lines(cases),
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
        counts = store.counts(where, values)
        known = store.value("SELECT 1 FROM patients WHERE patient_id = $patient", values)
        if not counts.total and known is None:
            raise NotFound(_("There is no such patient, and no access to one."))
        accesses = store.lines(
            where, values, limit=EVENTS_SHOWN, order=f"r.eid IS NOT NULL OR NOT {ASKED}, e.time_us DESC"
        )
        care = store.care(patient_id)
    keys = CasePatient.objects.filter(patient_id=patient_id).values("case")
    return PatientPage(
        patient_id=patient_id,
        accesses=accesses,
        total=counts.total,
        asked=counts.asked,
        explained=counts.explained,
        people=counts.accounts,
        cases=lines(in_reading_order(visible_cases(actor).filter(pk__in=keys, state__in=SHOWN_STATES))),
        care=care,
    )


def account_page(
    account: str, actor: Any, *, from_at: datetime | None = None, to_at: datetime | None = None
) -> AccountPage:
    """What this account did, beside its peers. Raises NotFound."""
    if from_at is None:
        run = last_run()
        last = max((run.summary.get("last_event_us", {}) if run else {}).values(), default=None)
        if last is not None:
            from_at = EPOCH + timedelta(microseconds=last) - timedelta(days=DAYS_SHOWN)
    with opened(from_at=from_at, to_at=to_at) as store:
        account = store.account(account)
        where, values = "e.account = $account", {"account": account}
        counts = store.counts(where, values)
        who = store.value(
            "SELECT a.kind, s.staff_id, s.role, coalesce(s.department, a.department), s.name"
            " FROM accounts a LEFT JOIN staff s USING (staff_id) WHERE a.account = $account",
            values,
        )
        if not counts.total and who is None:
            raise NotFound(_("There is no such account."))
        kind, person, role, department, name = who or (None, None, None, None, None)
        accesses = store.lines(
            where, values, limit=EVENTS_SHOWN, order=f"r.eid IS NOT NULL OR NOT {ASKED}, e.time_us DESC"
        )
        days, peers = store.beside_peers(account)
        shifts = store.shifts(account, from_at=accesses[0].time, to_at=accesses[-1].time) if accesses else []
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
        shifts=shifts,
        total=counts.total,
        asked=counts.asked,
        explained=counts.explained,
        cases=lines(in_reading_order(visible_cases(actor).filter(account=account, state__in=SHOWN_STATES))),
    )


def patient_names(patient_ids: list[str]) -> dict[str, str]:
    """Names from the patient table, for patients whose reveal was just sealed."""
    with tables() as store:
        sql = "SELECT patient_id, name FROM patients WHERE list_contains($ids, patient_id) AND name IS NOT NULL"
        return dict(store.con.execute(sql, {"ids": patient_ids}).fetchall())


def source_row(table: str, source_id: str) -> dict[str, Any]:
    """One row of the hospital's tables, as stored. Raises NotFound."""
    with tables() as store:
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


def search(text: str, actor: Any) -> list[tuple[str, str]]:
    """Where a search box leads: [(`case`|`account`|`patient`, key), ...]; exact keys and numbers only."""
    wanted = text.strip()
    if not wanted:
        return []
    found = [("case", key) for key in visible_cases(actor).filter(key=wanted).values_list("key", flat=True)]
    with tables() as store:
        for kind, table, column in (("account", "accounts", "account"), ("patient", "patients", "patient_id")):
            sql = f"SELECT 1 FROM {table} WHERE {column} = $wanted LIMIT 1"  # noqa: S608 - our own names
            if store.value(sql, {"wanted": wanted}) is not None:
                found.append((kind, wanted))
        if (account := store.account(wanted)) != wanted:
            found.append(("account", account))
    if ("account", wanted) not in found and Case.objects.filter(account=wanted).exists():
        found.append(("account", wanted))
    return found


def _day(day: date) -> tuple[datetime, datetime]:
    begins = datetime.combine(day, datetime.min.time(), zone())
    return begins, datetime.combine(day + timedelta(days=1), datetime.min.time(), zone())


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
            return [looked(item) for item in finding.looked_for]
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
    return [case for case in near.select_related("assigned_to") if access.eid in case.eids]
