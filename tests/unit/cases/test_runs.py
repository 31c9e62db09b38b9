# SPDX-License-Identifier: Apache-2.0
"""What a run does to cases: opens, settles, closes, reopens, and never touches what a person decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.fakes import FakeLedger
from tests.rows import a_user
from tests.unit.cases.judged import HOUR, NOON_US, case, found, happenings, judged, store

pytestmark = pytest.mark.usefixtures("both_rows")


def decided(key: str = "c1", outcome: str = "misuse") -> Any:
    from wardkeep.watch.cases.actions import decide

    decide(case(key), outcome=outcome, reason="asked the ward", by=a_user(), at=NOON)
    return case(key)


def standing(key: str = "c1") -> set[str]:
    return {f.finding_id for f in case(key).findings.all() if f.stands}


def test_a_found_case_is_open_once_its_settling_time_has_passed() -> None:
    run = store(judged("c1"), judged("c2", settled=False))
    assert [case("c1").state, case("c2").state] == ["open", "waiting"]
    assert run.cases_opened == 2
    assert happenings("c1") == ["settled"]
    assert happenings("c2") == []


def test_waiting_cases_open_by_the_clock_without_another_run() -> None:
    from wardkeep.watch.cases.run_actions import settle

    store(judged("c1", settled=False))
    assert settle(at=NOON + timedelta(hours=47)) == 0
    assert case().state == "waiting"
    assert settle(at=NOON + timedelta(hours=48)) == 1
    assert case().state == "open"
    assert happenings() == ["settled"]


def test_a_waiting_case_that_is_found_again_settles_with_the_run() -> None:
    store(judged("c1", settled=False))
    store(judged("c1", settled=False), at=NOON + timedelta(hours=49))
    assert case().state == "open"


def test_the_same_finding_again_changes_nothing(ledger: FakeLedger) -> None:
    store(judged())
    first = case()
    store(judged(), at=NOON + timedelta(days=1))
    assert case().last_run_id == first.last_run_id
    assert happenings() == ["settled"]
    assert case().findings.count() == 1


def test_an_open_case_with_no_finding_left_closes_itself_and_says_why() -> None:
    store(judged())
    run = store(at=NOON + timedelta(days=1))
    row = case()
    assert row.state == "explained"
    assert row.explained_by == {"why": "no_finding_left", "findings": ["c1-f1"], "run": str(run.pk)}
    assert run.cases_explained == 1
    assert standing() == set()
    assert happenings() == ["settled", "explained"]


def test_a_case_that_closes_itself_is_out_of_its_reviewers_hands() -> None:
    from wardkeep.watch.cases.actions import assign
    from wardkeep.watch.cases.models import Assignment

    store(judged())
    assign(case(), to=a_user(), by=a_user("zhao", "security_director"), at=NOON)
    store(at=NOON + timedelta(days=1))
    # An assignment explains its holder's own accesses: it must not outlive the case.
    assert Assignment.objects.get().ended_at == NOON + timedelta(days=1)


def test_a_run_over_other_days_says_nothing_about_a_case() -> None:
    store(judged())
    store(at=NOON + timedelta(days=1), from_us=NOON_US + HOUR, to_us=NOON_US + 9 * HOUR)
    assert case().state == "open"
    store(at=NOON + timedelta(days=1), to_us=NOON_US + HOUR // 2)
    assert case().state == "open"
    assert standing() == {"c1-f1"}


def test_a_run_that_saw_a_part_of_a_case_adds_and_takes_nothing_away() -> None:
    store(judged("c1", patients=("P-0001", "P-0002")))
    seen = judged(
        "c1", found("c1-f2", first_us=NOON_US + HOUR), eids=(2, 3), event_ids=("e2", "e3"), from_us=NOON_US + HOUR
    )
    store(seen, at=NOON + timedelta(days=1), from_us=NOON_US + HOUR // 2)
    row = case()
    assert row.event_ids == ["e1", "e2", "e3"]
    assert row.patients == ["P-0001", "P-0002"]
    assert row.from_at == NOON
    assert standing() == {"c1-f1", "c1-f2"}


def test_a_run_that_saw_all_of_a_case_replaces_what_was_said_of_it() -> None:
    store(judged("c1", score=0.9, rank=1))
    store(judged("c1", found("c1-f2"), score=0.4, rank=3, event_ids=("e2",), eids=(2,)), at=NOON + timedelta(days=1))
    row = case()
    assert (row.score, row.rank, row.event_ids) == (0.4, 3, ["e2"])
    assert standing() == {"c1-f2"}
    assert happenings() == ["settled", "changed"]


def test_a_retracted_reason_opens_an_explained_case_again() -> None:
    store(judged())
    store(at=NOON + timedelta(days=1))
    store(judged(), at=NOON + timedelta(days=2))
    row = case()
    assert row.state == "open"
    assert row.explained_by == {}
    assert standing() == {"c1-f1"}
    assert happenings() == ["settled", "explained", "unexplained"]


def test_a_case_that_a_person_decided_is_only_annotated() -> None:
    store(judged("c1", score=0.9))
    decided()
    store(at=NOON + timedelta(days=1))
    row = case()
    assert (row.state, row.outcome, row.explained_by) == ("decided", "misuse", {})
    store(judged("c1", found("c1-f2"), score=0.1), at=NOON + timedelta(days=2))
    row = case()
    assert (row.state, row.outcome, row.score) == ("decided", "misuse", 0.9)
    assert happenings() == ["settled", "decided", "explained", "unexplained"]
    store(judged("c1", found("c1-f2")), at=NOON + timedelta(days=3))
    assert happenings() == ["settled", "decided", "explained", "unexplained"]


def test_a_new_finding_about_a_decided_case_is_written_beside_the_decision() -> None:
    from wardkeep.watch.cases.models import History

    store(judged())
    decided()
    store(judged("c1", found("c1-f1"), found("c1-f2")), at=NOON + timedelta(days=1))
    assert case().state == "decided"
    last = History.objects.filter(case__key="c1").order_by("-at", "-id").first()
    assert last is not None
    assert (last.happening, last.facts) == ("changed", {"added": ["c1-f2"], "gone": []})


def test_a_decided_case_without_findings_is_annotated_once() -> None:
    store(judged())
    decided()
    for days in (1, 2, 3):
        store(at=NOON + timedelta(days=days))
    assert happenings().count("explained") == 1


def test_the_judgement_is_told_every_case_by_its_name() -> None:
    from wardkeep.watch.cases.run_actions import known_cases

    store(judged("c1"), judged("c2", account="wardclerk", eids=(7, 8)))
    assert {(k.case_id, k.account, k.eids) for k in known_cases()} == {
        ("c1", "nurse7", (1, 2)),
        ("c2", "wardclerk", (7, 8)),
    }


def test_everything_that_a_run_wrote_is_sealed_by_its_act(ledger: FakeLedger) -> None:
    import json

    from wardkeep.seal.outbox import drain
    from wardkeep.seal.verify import verify_rows

    store(judged("c1"), judged("c2", settled=False))
    store(judged("c2", found("c2-f9")), at=NOON + timedelta(days=1))
    drain(ledger)
    found_in = verify_rows(ledger)
    assert found_in.problems == ()
    acts = [json.loads(body) for body in ledger.bodies]
    runs = [act for act in acts if act["act"] == "judgement:run:stored"]
    assert [act["facts"]["events"] for act in runs] == [10, 10]
    assert [act["facts"]["cases_explained"] for act in runs] == [0, 1]
    assert all("P-0001" not in body.decode() and "nurse7" not in body.decode() for body in ledger.bodies)


def test_a_run_keeps_its_numbers_by_day_and_by_system() -> None:
    summary = store(judged()).summary
    assert summary["days"] == {"2026-03-02": [10, 8]}
    assert summary["systems"] == {"HIS": {"2026-03-02": 10}}
    assert summary["last_event_us"] == {"HIS": NOON_US + HOUR}
