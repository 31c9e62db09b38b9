# SPDX-License-Identifier: Apache-2.0
"""A judgement of a simulated hospital: what it claims of each finding is true by the hospital's own rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import pytest

import simulate
from bench.explained import connect
from wardkeep.watch.judgement import Judgement, KnownCase, judge
from wardkeep.watch.thresholds import Thresholds

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def judged() -> tuple[Judgement, dict[str, Rows]]:
    con = connect(simulate.build(5, 80, 3000, 12, "C"), threads=1)
    names = [
        "encounters",
        "care_team",
        "orders",
        "appointments",
        "work_items",
        "staff",
        "staff_history",
        "accounts",
        "events",
    ]
    tables = {name: con.sql(f"SELECT * FROM {name}").to_arrow_table().to_pylist() for name in names}
    return judge(con, thresholds=Thresholds(), as_of_us=1 << 60), tables


def test_a_second_run_that_knows_the_cases_finds_the_same_ones() -> None:
    """Also those that the first run put together from several days, and those drawn by lot, of both kinds."""
    hospital = simulate.build(6, 80, 3000, 12, "C")
    few = Thresholds(cases_a_day=3, random_share=0.34)
    first = judge(connect(hospital, threads=1), thresholds=few, as_of_us=1 << 60, seed="a")
    history = [
        KnownCase(
            case_id=c.case_id, account=c.account, opened_on=c.opened_on, eids=c.eids, rank=c.rank, random=c.random
        )
        for c in first.cases
    ]
    again = judge(connect(hospital, threads=1), thresholds=few, as_of_us=1 << 60, seed="b", history=history)
    one, other = ({(c.case_id, c.opened_on, c.random, c.eids) for c in j.cases} for j in (first, again))
    assert one == other
    quiet = [c.detections == ("random",) for c in first.cases if c.random]
    assert any(quiet) and not all(quiet)


def test_the_budget_holds_and_ranks_are_places(judged: tuple[Judgement, dict[str, Rows]]) -> None:
    cases = judged[0].cases
    per_day: dict[date, list[int]] = defaultdict(list)
    for case in cases:
        per_day[case.opened_on].append(case.rank)
    assert per_day
    assert all(sorted(ranks) == list(range(1, len(ranks) + 1)) and len(ranks) <= 10 for ranks in per_day.values())


def test_each_event_of_a_case_is_the_accounts_own_and_unexplained_unless_drawn(
    judged: tuple[Judgement, dict[str, Rows]],
) -> None:
    judgement, tables = judged
    accounts = {e["eid"]: e["account"] for e in tables["events"]}
    for case in judgement.cases:
        assert case.eids
        assert {accounts[eid] for eid in case.eids} == {case.account}
        assert {eid for f in case.findings for eid in f.eids} == set(case.eids)


def test_finding_and_case_names_are_unique(judged: tuple[Judgement, dict[str, Rows]]) -> None:
    cases = judged[0].cases
    for names in ([c.case_id for c in cases], [f.finding_id for c in cases for f in c.findings]):
        assert [name for name, n in Counter(names).items() if n > 1] == []


def test_no_reason_that_is_said_not_to_be_found_stands_in_the_tables(judged: tuple[Judgement, dict[str, Rows]]) -> None:
    """Margins left out: what covers the very moment of an event is a reason beyond doubt."""
    judgement, tables = judged
    staff = {s["staff_id"]: s for s in tables["staff"]}
    person = {a["account"]: a["staff_id"] for a in tables["accounts"] if a["kind"] == "person"}
    moved = {h["staff_id"] for h in tables["staff_history"]}
    times = {e["eid"]: e for e in tables["events"]}
    by_patient: dict[str, dict[str, Rows]] = defaultdict(lambda: defaultdict(list))
    for name in ("encounters", "care_team", "orders", "appointments", "work_items"):
        for row in tables[name]:
            by_patient[row["patient_id"]][name].append(row)
    checked = 0
    for case in judgement.cases:
        me = person.get(case.account)
        for finding in case.findings:
            missing = {one.reason for one in finding.looked_for if one.state == "not_found"}
            if me is None or me in moved or not missing:
                continue
            home = staff[me]["department"]
            for eid in finding.eids:
                event = times[eid]
                rows = by_patient.get(event["patient_id"], {})
                checked += 1
                assert not [code for code in _covering(rows, me, home, event["time_us"]) if code in missing]
    assert checked > 50


def _covering(rows: dict[str, Rows], me: str, home: str, moment: int) -> list[str]:
    """Codes of reasons that cover the moment itself."""
    found = []
    for e in rows.get("encounters", ()):
        if e["start_us"] <= moment <= (e["end_us"] or 1 << 62):
            found += ["encounter"] * (e["department"] == home) + ["attending"] * (e["attending_id"] == me)
    for c in rows.get("care_team", ()):
        if c["staff_id"] == me and c["start_us"] <= moment <= (c["end_us"] or 1 << 62):
            found.append("care_team")
    for o in rows.get("orders", ()):
        if 0 <= moment - o["time_us"] <= 86_400_000_000:
            found += ["order_placed"] * (o["ordered_by"] == me)
            found += [("consult" if o["kind"] == "consult" else "order_performed")] * (
                o["performing_department"] == home
            )
    for a in rows.get("appointments", ()):
        if abs(moment - a["time_us"]) <= 3_600_000_000:
            found += ["appointment"] * (a["staff_id"] == me) + ["clinic"] * (a["department"] == home)
    for w in rows.get("work_items", ()):
        if w["start_us"] <= moment <= (w["end_us"] or 1 << 62) and me == w["staff_id"]:
            found.append("work_item")
    return found
