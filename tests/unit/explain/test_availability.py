# SPDX-License-Identifier: Apache-2.0
"""A reason that could not be looked for is not available, and is never said to be not found."""

from __future__ import annotations

import pytest

from tests.unit.explain.world import World, at
from wardkeep.watch.explain.explain import explain, stand_ins
from wardkeep.watch.explain.reason import NEEDS, Reason, availability
from wardkeep.watch.hospital.tables import REQUIRED_TABLES, TABLES


def test_with_every_table_every_reason_is_available() -> None:
    assert set(availability([*TABLES, "assignments", "mandates"]).values()) == {"available"}


def test_every_reason_says_what_it_needs() -> None:
    assert set(NEEDS) == set(Reason)
    named = {name for needs in NEEDS.values() for need in needs for name in need.split("|")}
    assert named <= {*TABLES, "assignments", "mandates"}


@pytest.mark.parametrize(
    "missing, reasons",
    [
        ({"orders"}, {"order_placed", "result", "consult", "order_performed"}),
        ({"appointments"}, {"appointment", "clinic"}),  # the front desk has encounters
        ({"appointments", "encounters"},
         {"appointment", "clinic", "front_desk", "attending", "encounter", "completion", "follow_up"}),
        ({"shifts"}, {"cover"}),
        ({"tickets"}, {"ticket", "research"}),
        ({"consents"}, {"consent", "research"}),
        ({"transfers"}, {"ward", "transfer"}),
        ({"mandates"}, {"audit_mandate"}),
    ],
)  # fmt: skip
def test_a_missing_table_takes_its_reasons_with_it_and_is_named(missing: set[str], reasons: set[str]) -> None:
    found = availability({*TABLES, "assignments", "mandates"} - missing)
    gone = {reason: said for reason, said in found.items() if said != "available"}
    assert set(gone) == reasons
    assert {name for said in gone.values() for need in said for name in need.split("|")} <= missing | {
        "encounters",
        "appointments",
    }


def test_without_a_table_the_texts_run_on_an_empty_one_of_its_shape_and_say_which() -> None:
    w = World()
    w.person("ann", department="MED")
    w.patient("P1")
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED", start_us=at(0))
    w.event("ann", "P1", at(1), name="read")
    for name in sorted(set(TABLES) - set(REQUIRED_TABLES) - {"encounters"}):
        engine = w.engine(without=(name,))
        assert stand_ins(engine) == [name]
        numbers = w.numbers()
        explain(engine, numbers)
        assert engine.rows("SELECT count(*) FROM unexplained") == [(0,)]


def test_with_the_required_tables_alone_nothing_is_explained_and_nothing_breaks() -> None:
    w = World()
    w.person("ann", department="MED")
    w.patient("P1")
    w.event("ann", "P1", at(1), name="read")
    w.event("nobody", "P7", at(1), name="account and patient in no table")
    w.event(None, "P1", at(1), name="no account")
    w.event("ann", None, at(1), name="no patient")
    without = tuple(sorted(set(TABLES) - set(REQUIRED_TABLES)))
    assert set(w.codes(without=without).values()) == {None}


def test_no_events_at_all_are_no_error() -> None:
    w = World()
    assert w.explained(from_us=0, to_us=1) == {}
