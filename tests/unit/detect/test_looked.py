# SPDX-License-Identifier: Apache-2.0
"""What is said to have been looked for was looked for, and what is said not to have been found is not there."""

from __future__ import annotations

import pytest

from tests.unit.detect.flagged import flagged
from tests.unit.explain.world import World, at, on

#: Reasons that anyone may have, and those of one person.
ANYONE = {
    "work_item", "encounter", "ward", "transfer", "clinic", "consult", "order_performed", "completion", "consent", "research",
    "ticket",
}  # fmt: skip
PERSONAL = {"appointment", "attending", "care_team", "order_placed", "result", "cover"}


def touched(account: str = "ann", role: str = "nurse", **patient: object) -> World:
    w = World()
    w.person("ann", role=role, department="MED", address="Long Road 1-2")
    w.add("accounts", account="ward", kind="shared", department="MED")
    w.patient("P1", **patient)
    w.event(account, "P1", at(0))
    return w


def test_of_a_person_every_reason_is_looked_for() -> None:
    states = flagged(touched()).states("no_reason")
    assert set(states) >= ANYONE | PERSONAL
    assert set(states.values()) == {"not_found"}


def test_of_a_shared_account_no_reason_of_one_person_is_looked_for() -> None:
    states = flagged(touched("ward")).states("no_reason")
    assert set(states) & PERSONAL == set()
    assert set(states) >= ANYONE


@pytest.mark.parametrize("role, asked", [("registrar", True), ("nurse", False)])
def test_the_front_desk_is_looked_for_at_registrars_alone(role: str, asked: bool) -> None:
    assert ("front_desk" in flagged(touched(role=role)).states("no_reason")) == asked


def test_our_own_reviewers_alone_are_asked_for_a_case_in_hand() -> None:
    w = touched()
    assert "assigned_case" not in flagged(w).states("no_reason")
    w.add("mandates", account="ann", start_us=at(5), end_us=at(6))
    assert flagged(w).states("no_reason")["audit_mandate"] == "not_found"


@pytest.mark.parametrize("table, reasons", [("care_team", {"care_team"}), ("orders", {"order_placed", "consult"})])
def test_what_needs_a_missing_table_is_not_available(table: str, reasons: set[str]) -> None:
    seen = flagged(touched(), without=[table])
    looked = {one.reason: one for one in seen.looked[seen.one("no_reason").finding_no]}
    assert {looked[r].state for r in reasons} == {"not_available"}
    assert {looked[r].missing for r in reasons} == {(table,)}
    assert looked["encounter"].state == "not_found"


def test_a_private_tie_rules_out_inferred_reasons_and_so_nobody_looks_for_them() -> None:
    plain, tied = (flagged(touched(address=a)).states("no_reason") for a in ("Elsewhere 9", "Long Road 1-2"))
    assert {"mistake", "learned"} <= set(plain)
    assert {"mistake", "learned"} & set(tied) == set()


def test_a_reason_that_was_found_and_did_not_suffice_is_shown_with_its_row() -> None:
    """Own records, decoys and accounts of those who left have no reason that counts; what the tables say is said."""
    w = World()
    w.person("ann", department="MED", patient_id="P1")
    w.patient("P1")
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED", start_us=at(0))
    w.event("ann", "P1", at(0))
    seen = flagged(w)
    looked = {one.reason: one for one in seen.looked[seen.one("self_access").finding_no]}
    assert (looked["encounter"].state, looked["encounter"].source_id) == ("found", "E1")
    assert looked["care_team"].state == "not_found"
    assert "cover" not in looked  # of single moments nobody looks where every reason is barred


def test_a_department_of_former_days_is_no_reason_that_was_found() -> None:
    w = World()
    w.person("ann", department="MED", patient_id="P1")
    w.add("staff_history", staff_id="ANN", department="SURG", from_day=on(-90), to_day=on(-30))
    w.patient("P1")
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="SURG", start_us=at(0))
    w.event("ann", "P1", at(0))
    assert flagged(w).states("self_access")["encounter"] == "not_found"
