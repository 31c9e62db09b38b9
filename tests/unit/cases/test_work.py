# SPDX-License-Identifier: Apache-2.0
"""What people do with cases: each is an action, and only what the state table allows."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.fakes import FakeLedger
from tests.rows import a_case, a_run, a_user, populate
from wardkeep.watch.cases.case import HITS, MISSES, TRANSITIONS, Happening, OutcomeCode, State

pytestmark = pytest.mark.usefixtures("both_rows")


@pytest.fixture
def li() -> Any:
    return a_user("li")


@pytest.fixture
def zhao() -> Any:
    return a_user("zhao", "security_director")


def happenings(case: Any) -> list[str]:
    from wardkeep.watch.cases.models import History

    return list(History.objects.filter(case=case).order_by("at", "id").values_list("happening", flat=True))


def test_a_decision_is_kept_with_its_reason_its_person_and_the_run_it_rested_on(li: Any) -> None:
    from wardkeep.watch.cases.actions import decide

    run = a_run()
    case = a_case(run)
    decision = decide(case, outcome="rule_broken", reason="  left the screen open \n", by=li, at=NOON)
    assert (decision.code, decision.reason, decision.by, decision.run) == (
        "rule_broken",
        "left the screen open",
        li,
        run,
    )
    assert (case.state, case.outcome, case.decided_at) == ("decided", "rule_broken", NOON)
    assert happenings(case) == ["decided"]


@pytest.mark.parametrize(("outcome", "reason"), [("misuse", " \n"), ("guilty", "because"), ("", "because")])
def test_a_decision_without_outcome_or_reason_is_refused(outcome: str, reason: str, li: Any) -> None:
    from wardkeep.watch.cases.actions import Refused, decide

    case = a_case(a_run())
    with pytest.raises(Refused):
        decide(case, outcome=outcome, reason=reason, by=li, at=NOON)
    case.refresh_from_db()
    assert case.state == "open"
    assert happenings(case) == []


def test_a_decision_is_never_changed_and_a_later_one_stands_beside_it(li: Any, zhao: Any) -> None:
    from wardkeep.watch.cases.actions import Refused, decide, reopen

    case = a_case(a_run())
    decide(case, outcome="misuse", reason="first", by=li, at=NOON)
    with pytest.raises(Refused):
        decide(case, outcome="not_misuse", reason="second", by=zhao, at=NOON)
    reopen(case, reason="a witness came", by=zhao, at=NOON + timedelta(hours=1))
    assert (case.state, case.outcome, case.decided_at) == ("open", "", None)
    decide(case, outcome="not_misuse", reason="second", by=zhao, at=NOON + timedelta(hours=2))
    assert list(case.outcomes.order_by("at").values_list("code", flat=True)) == ["misuse", "not_misuse"]
    assert happenings(case) == ["decided", "reopened", "decided"]


def test_a_case_is_in_one_persons_hands_until_it_is_decided(li: Any, zhao: Any) -> None:
    from wardkeep.watch.cases.actions import assign, decide
    from wardkeep.watch.cases.models import Assignment

    case = a_case(a_run())
    assign(case, to=li, by=zhao, at=NOON)
    assign(case, to=zhao, by=zhao, at=NOON + timedelta(hours=1))
    decide(case, outcome="unclear", reason="nobody remembers", by=zhao, at=NOON + timedelta(hours=2))
    held = list(Assignment.objects.order_by("at").values_list("user__name", "ended_at"))
    assert held == [("li", NOON + timedelta(hours=1)), ("zhao", NOON + timedelta(hours=2))]


def test_a_case_that_is_opened_again_is_in_nobodys_hands(li: Any, zhao: Any) -> None:
    from wardkeep.watch.cases.actions import assign, decide, reopen
    from wardkeep.watch.cases.models import Assignment

    case = a_case(a_run())
    assign(case, to=li, by=zhao, at=NOON)
    decide(case, outcome="unclear", reason="nobody remembers", by=li, at=NOON)
    reopen(case, reason="a witness came", by=zhao, at=NOON)
    # What the page shows and what explains the holder's accesses must be the same.
    assert case.assigned_to is None
    assert not Assignment.objects.filter(ended_at=None).exists()


def test_a_case_is_taken_out_of_hands(li: Any, zhao: Any) -> None:
    from wardkeep.watch.cases.actions import assign

    case = a_case(a_run())
    assign(case, to=li, by=zhao, at=NOON)
    assert case.assigned_to == li
    assign(case, to=None, by=zhao, at=NOON)
    assert case.assigned_to is None
    assert case.assignments.get().ended_at == NOON


def test_a_note_is_kept_with_its_person_and_an_empty_one_refused(li: Any) -> None:
    from wardkeep.watch.cases.actions import Refused, note

    case = a_case(a_run())
    assert note(case, text=" asked the ward ", by=li, at=NOON).text == "asked the ward"
    with pytest.raises(Refused):
        note(case, text=" ", by=li, at=NOON)
    assert case.notes.count() == 1


@pytest.mark.parametrize("state", list(State))
def test_only_what_the_table_allows_can_be_done_to_a_case(state: State, li: Any, zhao: Any) -> None:
    from wardkeep.watch.cases import actions

    run = a_run()
    doing = {
        Happening.DECIDED: lambda case: actions.decide(case, outcome="unclear", reason="x", by=li, at=NOON),
        Happening.REOPENED: lambda case: actions.reopen(case, reason="x", by=li, at=NOON),
        Happening.NOTED: lambda case: actions.note(case, text="x", by=li, at=NOON),
        Happening.ASSIGNED: lambda case: actions.assign(case, to=li, by=zhao, at=NOON),
    }
    for number, (happening, do) in enumerate(doing.items()):
        outcome = "unclear" if state == State.DECIDED else ""
        case = a_case(run, f"c{number}", state=state.value, outcome=outcome)
        if (state, happening) in TRANSITIONS:
            do(case)
            case.refresh_from_db()
            assert case.state == TRANSITIONS[state, happening]
        else:
            with pytest.raises(actions.Refused):
                do(case)
            assert happenings(case) == []


def test_of_two_who_decide_at_once_one_is_told_to_look_again(li: Any, zhao: Any) -> None:
    from django.db import connection

    from wardkeep.watch.cases.actions import Refused, decide

    case = a_case(a_run())
    start, refused = threading.Barrier(2), []

    def try_to(outcome: str, by: Any) -> None:
        try:
            start.wait(10)
            decide(case.__class__.objects.get(pk=case.pk), outcome=outcome, reason="mine", by=by, at=NOON)
        except Refused:
            refused.append(outcome)
        finally:
            connection.close()

    threads = [threading.Thread(target=try_to, args=pair) for pair in (("misuse", li), ("not_misuse", zhao))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    case.refresh_from_db()
    assert len(refused) == 1
    assert case.outcomes.count() == 1
    assert case.outcome == case.outcomes.get().code != refused[0]


def test_what_is_opened_in_wardkeep_is_kept_as_a_touch_and_sealed_without_its_patient(
    li: Any, ledger: FakeLedger
) -> None:
    from wardkeep.seal.outbox import drain
    from wardkeep.watch.cases.actions import touch
    from wardkeep.watch.cases.models import Touch

    touch("reveal", user=li, at=NOON, patient_id="P-0001", query="to ask her", ip="10.0.0.7", session="s1")
    with pytest.raises(ValueError, match="peek"):
        touch("peek", user=li, at=NOON)
    row = Touch.objects.get()
    assert (row.kind, row.patient_id, row.query, row.ip, row.session) == (
        "reveal",
        "P-0001",
        "to ask her",
        "10.0.0.7",
        "s1",
    )
    drain(ledger)
    assert b"touch:reveal:opened" in ledger.bodies[-1]
    assert b"P-0001" not in b"".join(ledger.bodies)
    assert b"to ask her" not in b"".join(ledger.bodies)


def test_all_that_people_do_is_as_their_acts_say(ledger: FakeLedger) -> None:
    from wardkeep.seal.outbox import drain
    from wardkeep.seal.verify import verify_rows

    populate()
    drain(ledger)
    assert verify_rows(ledger).problems == ()


def test_every_outcome_but_unclear_counts_as_hit_or_miss() -> None:
    assert set(OutcomeCode) - HITS - MISSES == {OutcomeCode.UNCLEAR}
    assert not HITS & MISSES
