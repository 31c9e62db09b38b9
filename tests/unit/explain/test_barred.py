# SPDX-License-Identifier: Apache-2.0
"""What no reason explains: decoys, the own record, use after the end, patients who denied it."""

from __future__ import annotations

import pytest

from tests.unit.explain.world import World, at, on


def a_ward(**patient: object) -> World:
    """Ann's ward has P1 under care, and she has every other reason too."""
    w = World()
    w.patient("P1", **patient)
    w.add(
        "encounters",
        encounter_id="E1",
        patient_id="P1",
        kind="inpatient",
        department="MED",
        attending_id="ANN",
        start_us=at(0),
    )
    w.add("care_team", patient_id="P1", staff_id="ANN", start_us=at(0))
    w.add("orders", order_id="O1", patient_id="P1", kind="laboratory", ordered_by="ANN", time_us=at(5))
    w.add("shifts", staff_id="ANN", department="MED", start_us=at(5, "08:00"), end_us=at(5, "20:00"))
    w.add("tickets", ticket_id="T1", account="ann", kind="maintenance", start_us=at(5, "08:00"), end_us=at(5, "20:00"))
    w.add("consents", patient_id="P1", purpose="sharing", recipient="ANN", decision="permit", start_us=at(0))
    return w


def test_a_decoy_is_explained_for_no_person() -> None:
    w = a_ward(honey=True)
    w.person("ann", role="registrar")
    w.event("ann", "P1", at(5), "update", name="decoy")
    assert w.codes() == {"decoy": None}


def test_the_own_record_is_never_explained() -> None:
    w = a_ward()
    w.person("ann", role="registrar", patient_id="P1")
    w.event("ann", "P1", at(5), "update", name="own")
    assert w.codes() == {"own": None}


@pytest.mark.parametrize("end", ["employed_to_day", "enabled_to_day"])
def test_nothing_explains_use_after_the_last_working_day(end: str) -> None:
    w = a_ward()
    w.person("ann", **{end: on(5)})
    w.add("tickets", ticket_id="T2", account="ann", kind="maintenance", start_us=at(5), end_us=at(9))
    w.event("ann", "P1", at(5, "23:59"), name="last day")
    w.event("ann", "P1", at(6, "00:00"), name="day after")
    w.event("ann", "P1", at(7), name="later")
    assert w.codes() == {"last day": "attending", "day after": None, "later": None}


@pytest.mark.parametrize(
    "recipient, barred",
    [
        ("ANN", True),  # the person
        ("ann", True),  # the account
        ("MED", True),  # the department
        ("SUR", False),
        (None, False),  # nobody in particular
    ],
)
def test_a_patient_who_denied_someone_treatment_is_explained_for_nobody_so_named(
    recipient: str | None, barred: bool
) -> None:
    w = a_ward()
    w.person("ann")
    w.person("ben", department="SUR")  # so that this department is known
    w.add(
        "consents",
        patient_id="P1",
        purpose="treatment",
        recipient=recipient,
        decision="deny",
        start_us=at(3),
        end_us=at(8),
    )
    w.event("ann", "P1", at(3, plus=-1), name="before")
    w.event("ann", "P1", at(5), name="during")
    w.event("ann", "P1", at(8), name="from its end on")
    found = w.codes()
    assert found["before"] == found["from its end on"] == "attending"
    assert (found["during"] is None) == barred


def test_a_denial_reaches_the_whole_day_of_openings_around_its_start() -> None:
    """Judged by the day: what was opened on both sides of the denial's first moment is left to a reviewer."""
    w = a_ward()
    w.person("ann")
    w.add("consents", patient_id="P1", purpose="treatment", recipient="ANN", decision="deny", start_us=at(3))
    w.event("ann", "P1", at(3, "11:59"), name="just before")
    w.event("ann", "P1", at(3, "12:00"), name="from then on")
    assert w.codes() == {"just before": None, "from then on": None}


def test_a_denial_of_research_or_sharing_leaves_treatment_alone() -> None:
    w = a_ward()
    w.person("ann")
    for purpose in ("research", "sharing", "public_health", "payment"):
        w.add("consents", patient_id="P1", purpose=purpose, recipient="ANN", decision="deny", start_us=at(0))
    w.event("ann", "P1", at(5), name="read")
    assert w.codes() == {"read": "attending"}


def test_a_denial_outweighs_the_end_of_employment() -> None:
    """The morning after the last shift is covered, but not where the patient denied this person."""
    w = World()
    w.person("ann", department="MED", employed_to_day=on(5))
    w.patient("P1")
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="SUR", start_us=at(0))
    w.add("shifts", staff_id="ANN", department="SUR", start_us=at(5, "20:00"), end_us=at(6, "08:00"))
    w.add("consents", patient_id="P1", purpose="treatment", recipient="ANN", decision="deny", start_us=at(0))
    w.event("ann", "P1", at(6, "01:00"), name="night")
    assert w.codes() == {"night": None}
