# SPDX-License-Identifier: Apache-2.0
"""A judgement from events to ranked cases, on hospitals made by hand."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import Any

import pytest

from tests.unit.explain.world import DAY, HOUR, World, at
from wardkeep.watch.judgement import JudgedCase, Judgement, KnownCase, judge
from wardkeep.watch.rank.score import WEIGHTS
from wardkeep.watch.thresholds import Thresholds

FIRST = date(2026, 3, 2)


def run(w: World, **more: Any) -> Judgement:
    thresholds = more.pop("thresholds", w.thresholds)
    more.setdefault("as_of_us", max((e["time_us"] for e in w.events), default=at(0)) + 3 * DAY)
    return judge(w.engine().con, thresholds=thresholds, **more)


def known(judgement: Judgement) -> list[KnownCase]:
    return [
        KnownCase(
            case_id=c.case_id, account=c.account, opened_on=c.opened_on, eids=c.eids, rank=c.rank, random=c.random
        )
        for c in judgement.cases
    ]  # fmt: skip


def names(judgement: Judgement) -> set[tuple[str, str, date]]:
    return {(c.case_id, c.account, c.opened_on) for c in judgement.cases}


def hospital(**thresholds: Any) -> World:
    """Ten nurses with a patient each whom they may open; some of them open relatives and decoys."""
    w = World(Thresholds(**{"random_share": 0.0, **thresholds}))
    for n in range(10):
        w.person(f"n{n}", department=f"D{n}", address=f"Long Road {n}-1", name=f"Nurse Number{n}")
        w.patient(f"P{n}")
        w.add("encounters", encounter_id=f"E{n}", patient_id=f"P{n}", department=f"D{n}", start_us=at(-1))
        w.patient(f"R{n}", address=f"Long Road {n}-1", name=f"Some Relative{n}")
        for day in range(10):
            w.event(f"n{n}", f"P{n}", at(day, "10:00"))
    w.patient("H", honey=True)
    w.event("n1", "R1", at(2, "11:00"), name="relative")
    w.event("n1", "R1", at(5, "11:00"), name="relative again")
    w.event("n2", "H", at(3, "11:00"), name="decoy")
    w.event("n3", "R3", at(8, "11:00"), name="other relative")
    return w


def case_of(judgement: Judgement, account: str) -> JudgedCase:
    (case,) = [c for c in judgement.cases if c.account == account]
    return case


def test_a_case_says_who_what_when_and_which_reasons_were_missing() -> None:
    case = case_of(run(hospital()), "n1")
    assert case.event_ids == ("relative", "relative again")
    assert case.patients == ("R1",)
    assert {"no_reason", "household", "not_under_care"} == set(case.detections)
    assert (case.person, case.department) == ("N1", "D1")
    assert case.opened_on == FIRST + timedelta(days=2)
    assert (case.from_us, case.to_us) == (at(2, "11:00"), at(5, "11:00"))
    assert case.settles_at_us == at(5, "11:00") + 48 * HOUR
    assert {"encounter", "care_team", "attending"} <= set(case.reasons_missing)
    assert not case.random


def test_the_terms_of_a_case_make_its_probability_and_score() -> None:
    for case in run(hospital()).cases:
        logit = sum(t.value * t.weight for t in case.terms)
        assert case.probability == pytest.approx(1 / (1 + 2.718281828459045**-logit))
        assert case.score == pytest.approx(case.probability * case.harm)
        assert {t.name for t in case.terms} <= set(WEIGHTS)


def test_cases_of_a_day_are_ranked_by_score() -> None:
    w = hospital()
    w.event("n4", "R4", at(3, "12:00"))
    of_day = [c for c in run(w).cases if c.opened_on == FIRST + timedelta(days=3)]
    assert [(c.account, c.rank) for c in of_day] == [("n2", 1), ("n4", 2)]
    assert of_day[0].score > of_day[1].score


def test_the_same_input_gives_the_same_judgement() -> None:
    one, other = run(hospital(random_share=0.5), seed="s"), run(hospital(random_share=0.5), seed="s")
    assert dataclasses.asdict(one) == dataclasses.asdict(other)


def test_a_second_run_finds_every_case_again_and_opens_none() -> None:
    first = run(hospital(random_share=0.3), seed="first")
    again = run(hospital(random_share=0.3), seed="second", history=known(first))
    assert names(again) == names(first)
    assert {c.case_id: c.findings for c in again.cases} == {c.case_id: c.findings for c in first.cases}


@pytest.mark.parametrize("seed", [str(n) for n in range(8)])
def test_a_second_run_reads_the_days_in_the_same_order(seed: str) -> None:
    first = run(hospital(random_share=0.3), seed="first")
    again = run(hospital(random_share=0.3), seed=seed, history=known(first))
    assert [c.case_id for c in again.cases] == [c.case_id for c in first.cases]


def test_a_run_over_a_part_keeps_known_cases_and_their_days() -> None:
    first = run(hospital())
    part = run(hospital(), from_us=at(4, "00:00"), history=known(first))
    case = case_of(part, "n1")
    assert case.event_ids == ("relative again",)
    assert names(part) <= names(first)


def test_events_that_come_later_join_the_case_of_the_same_patient() -> None:
    first = run(hospital())
    w = hospital()
    w.event("n1", "R1", at(9, "11:00"), name="relative later")
    case = case_of(run(w, history=known(first)), "n1")
    assert case.case_id == case_of(first, "n1").case_id
    assert case.event_ids[-1] == "relative later"


def test_another_patient_after_a_case_has_settled_is_another_case() -> None:
    w = hospital()
    w.event("n1", "H", at(9, "11:00"))
    assert len([c for c in run(w).cases if c.account == "n1"]) == 2


def test_no_day_has_more_cases_than_the_budget() -> None:
    w = hospital(cases_a_day=2, random_share=0.5)
    for n in range(4, 10):
        w.event(f"n{n}", f"R{n}", at(3, "12:00"))
    judgement = run(w)
    per_day: dict[date, list[JudgedCase]] = {}
    for case in judgement.cases:
        per_day.setdefault(case.opened_on, []).append(case)
    assert max(map(len, per_day.values())) == 2
    assert all(sorted(c.rank for c in of) == list(range(1, len(of) + 1)) for of in per_day.values())
    assert all(sum(c.random for c in of) <= 1 for of in per_day.values())


def test_an_own_record_is_a_case_or_goes_to_the_weekly_list() -> None:
    def own(setting: str) -> World:
        w = hospital(self_access=setting)
        w.rows["staff"][7]["patient_id"] = "R7"
        w.event("n7", "R7", at(4))
        return w

    assert case_of(run(own("case")), "n7").detections == ("self_access",)
    w = own("weekly")
    engine = w.engine()
    judgement = judge(engine.con, thresholds=w.thresholds, as_of_us=at(20))
    assert "n7" not in {c.account for c in judgement.cases}
    assert engine.rows("SELECT count(*) FROM finding WHERE detection = 'self_access'") == [(1,)]


def test_a_drawn_case_shows_a_day_without_a_finding_in_the_form_of_every_other() -> None:
    judgement = run(hospital(cases_a_day=2, random_share=0.5))
    drawn = [c for c in judgement.cases if c.random]
    assert len(drawn) == 10  # one a day
    for case in drawn:
        assert case.detections == ("random",)
        assert case.patients == (f"P{case.account[1:]}",)
        assert len(case.event_ids) == 1
    found = {(c.account, c.opened_on) for c in judgement.cases if not c.random}
    assert not found & {(c.account, c.opened_on) for c in drawn}
    assert {len(c.case_id) for c in judgement.cases} == {20}


def test_no_lot_is_drawn_on_a_day_that_is_not_over() -> None:
    judgement = run(hospital(cases_a_day=2, random_share=0.5), as_of_us=at(9, "10:30"))
    assert max(c.opened_on for c in judgement.cases if c.random) == FIRST + timedelta(days=8)


def test_drawn_cases_stay_when_the_seed_changes() -> None:
    first = run(hospital(cases_a_day=2, random_share=0.5), seed="a")
    again = run(hospital(cases_a_day=2, random_share=0.5), seed="b", history=known(first))
    assert {c.case_id for c in again.cases if c.random} == {c.case_id for c in first.cases if c.random}


def test_a_repeat_offender_is_more_suspicious_and_one_cleared_before_less() -> None:
    scores = [case_of(run(hospital(), priors={"n1": prior}), "n1").probability for prior in ((0, 3), (0, 0), (2, 0))]
    assert scores == sorted(scores)
    assert len(set(scores)) == 3


def test_weights_are_fitted_from_enough_labels_and_the_run_says_so() -> None:
    stated = run(hospital())
    labels = [({"household": float(n % 2)}, n % 2 == 1) for n in range(60)]
    fitted = run(hospital(), labels=labels)
    assert (stated.labels, fitted.labels) == (0, 60)
    assert stated.weights == WEIGHTS != fitted.weights
    assert "weights" in stated.hashes and "weights_fitted" in fitted.hashes
    few = run(hospital(), labels=labels[:40])
    assert few.hashes == stated.hashes


def test_a_change_of_a_threshold_changes_the_hash_of_the_settings_alone() -> None:
    one, other = run(hospital()), run(hospital(cases_a_day=9))
    assert {name for name in one.hashes if one.hashes[name] != other.hashes[name]} == {"settings"}


def test_late_documentation_leaves_no_case() -> None:
    w = hospital()
    w.add("appointments", appointment_id="A1", patient_id="R1", department="D1", staff_id="N1", time_us=at(3))
    assert "n1" not in {c.account for c in run(w).cases}


def test_counts_are_of_events_that_touched_a_record() -> None:
    judgement = run(hospital())
    assert (judgement.events, judgement.explained) == (104, 100)
    assert sum(judgement.reasons.values()) == 100
    assert {day for day, _ in judgement.by_day} == set(range(20_514, 20_524))


def test_a_hospital_without_events_has_no_cases() -> None:
    w = World()
    w.person("ann")
    judgement = run(w)
    assert (judgement.cases, judgement.events) == ((), 0)
