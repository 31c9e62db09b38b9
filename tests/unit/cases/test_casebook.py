# SPDX-License-Identifier: Apache-2.0
"""Lists of cases leave out what the reader may not see, and never tell which case was drawn by lot."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.rows import a_case, a_run, a_user
from wardkeep.govern.identity.permission import permission
from wardkeep.govern.identity.role import Act

pytestmark = pytest.mark.usefixtures("both_rows")


def keys(actor: Any, **how: Any) -> list[str]:
    from wardkeep.watch.cases.casebook import case_list

    return [line.key for line in case_list(actor, **{"state": "all", **how}).lines]


def test_nobody_is_shown_a_case_about_himself() -> None:
    run = a_run()
    a_case(run, "own-account", account="li7")
    a_case(run, "own-person", account="shared", person="S1")
    a_case(run, "other", account="other", person=None)
    assert keys(a_user("li", account="li7", staff_id="S1")) == ["other"]
    assert sorted(keys(a_user("wu"))) == ["other", "own-account", "own-person"]


@pytest.mark.parametrize("written", ["LI7", "li7@hospital.cn", "HOSP\\Li7"])
def test_nobody_is_shown_a_case_about_himself_however_an_account_is_written(written: str) -> None:
    from wardkeep.watch.cases.casebook import find_case

    run, someone = a_run(), a_user("li", account=written)
    for name, account in (("a", "li7"), ("b", "HOSP\\li7"), ("c", "Li7@hospital"), ("d", "xli7"), ("e", "li70")):
        a_case(run, name, account=account, person=None)
    assert sorted(keys(someone)) == ["d", "e"]
    assert [name for name in "abcde" if permission(someone, Act.CASE_READ, find_case(name))] == ["d", "e"]


def test_nobody_is_offered_a_case_about_himself() -> None:
    from wardkeep.watch.cases.casebook import reviewers

    case = a_case(a_run(), account="li7", person="S2")
    a_user("li", account="li7")
    a_user("wu", staff_id="S2")
    free = a_user("zhou")
    a_user("head", "department_head", department="icu")
    assert reviewers(case) == [(str(free.pk), "zhou")]


def test_who_has_least_in_hand_is_offered_first() -> None:
    from wardkeep.watch.cases.actions import assign
    from wardkeep.watch.cases.casebook import reviewers

    run, busy, free = a_run(), a_user("a-busy"), a_user("b-free")
    case = a_case(run, "c1")
    assign(a_case(run, "c2"), to=busy, by=free, at=NOON)
    assert [name for _, name in reviewers(case)] == ["b-free", "a-busy"]


def test_a_department_head_is_shown_the_own_department_and_no_random_case() -> None:
    run = a_run()
    a_case(run, "own", department="icu")
    a_case(run, "drawn", department="icu", random=True)
    a_case(run, "other", department="er")
    assert keys(a_user("head", "department_head", department="icu")) == ["own"]
    assert keys(a_user("nowhere", "department_head")) == []
    assert keys(a_user("admin", "system_administrator")) == []


def test_a_random_case_is_told_from_no_other_until_it_is_decided() -> None:
    from wardkeep.watch.cases.actions import decide
    from wardkeep.watch.cases.casebook import case_list, find_case, finding_shown

    run, li = a_run(), a_user()
    case = a_case(run, "c1", random=True, detections=["random"])
    (line,) = case_list(li).lines
    assert (line.random, list(line.detections)) == (None, ["account_day"])
    row = find_case("c1").findings.get()
    row.detection = "random"
    assert finding_shown(row, case).detection == "account_day"
    case.reasons_missing = ["appointment"]
    assert finding_shown(row, case).detection == "no_reason"
    decide(case, outcome="not_misuse", reason="her own ward", by=li, at=NOON)
    (line,) = case_list(li, state="decided").lines
    assert (line.random, list(line.detections)) == (True, ["random"])


def test_cases_are_read_by_day_newest_first_and_by_rank() -> None:
    run = a_run()
    day = NOON.date()
    for key, back, rank in (("b", 0, 2), ("old", 1, 1), ("a", 0, 1)):
        a_case(run, key, opened_on=day - timedelta(days=back), rank=rank)
    assert keys(a_user(), state="open") == ["a", "b", "old"]


def test_a_waiting_case_is_shown_to_nobody() -> None:
    from wardkeep.watch.cases.casebook import NotFound, find_case, today

    a_case(a_run(), "early", state="waiting")
    li = a_user()
    assert keys(li) == []
    assert (today(li, now=NOON).open_cases, today(li, now=NOON).waiting_cases) == (0, 1)
    with pytest.raises(NotFound):
        find_case("early")


def test_a_page_of_the_list_is_within_the_list() -> None:
    from wardkeep.watch.cases.casebook import case_list

    run, li = a_run(), a_user()
    for number in range(7):
        a_case(run, f"c{number}", rank=number + 1)
    pages = [[line.key for line in case_list(li, page=n, per=3).lines] for n in (1, 2, 3)]
    assert pages == [["c0", "c1", "c2"], ["c3", "c4", "c5"], ["c6"]]
    assert case_list(li, page=99, per=3).page == 3
    assert case_list(li, page=-1, per=3).page == 1


def test_a_list_is_narrowed_to_what_still_stands() -> None:
    run, li = a_run(), a_user()
    a_case(run, "c1")
    assert keys(li, detection="no_relationship") == ["c1"]
    assert keys(li, detection="household") == []


def test_the_first_page_says_which_system_is_silent_and_which_never_spoke(monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.seal.act import action
    from wardkeep.watch.cases import casebook
    from wardkeep.watch.cases.models import Run

    def us(hours: float) -> int:
        return (NOON - timedelta(hours=hours) - casebook.EPOCH) // timedelta(microseconds=1)

    with action("judgement:run:stored", actor="cli", at=NOON):
        summary = {
            "days": {"2026-03-01": [10, 9], "2026-03-02": [4, 2]},
            "systems": {"HIS": {"2026-03-01": 8}, "PACS": {"2026-02-20": 2}},
            "last_event_us": {"HIS": us(1), "PACS": us(30), "wardkeep": us(0.5)},
        }
        Run(started_at=NOON, finished_at=NOON, trigger="command", as_of=NOON, summary=summary).save()
    shown = casebook.today(a_user(), now=NOON)
    assert [(s.system, s.state, s.events_yesterday) for s in shown.systems] == [
        ("HIS", "covered", 8),
        ("PACS", "silent", 0),
    ]
    # Today is not over: the last whole day is shown.
    assert (str(shown.day), shown.accesses, shown.explained) == ("2026-03-01", 10, 9)


def test_a_run_over_days_without_events_does_not_empty_the_first_page() -> None:
    from wardkeep.watch.cases.casebook import last_run

    assert last_run() is None
    empty = a_run(finished_at=NOON)
    assert last_run() == empty
    full = a_run(finished_at=NOON + timedelta(hours=1), events=10)
    a_run(finished_at=NOON + timedelta(hours=2))
    assert last_run() == full


def test_what_added_most_to_the_score_is_named_first() -> None:
    from wardkeep.watch.cases.casebook import case_list, in_weight

    terms = [{"name": "base", "value": 1, "weight": -6}, {"name": "household", "value": 1, "weight": 3.4}]
    terms += [{"name": "no_relationship", "value": 1, "weight": 0.5}]
    case = a_case(a_run(), "c1", detections=["overlap", "no_relationship", "household"], terms=terms)
    (line,) = case_list(a_user()).lines
    assert list(line.detections) == ["household", "no_relationship", "overlap"]
    assert [row.detection for row in in_weight(case)] == ["no_relationship"]
