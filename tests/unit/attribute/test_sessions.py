# SPDX-License-Identifier: Apache-2.0
"""Who was at a place when an account of several people was used there, and who only nearly was."""

from __future__ import annotations

import pytest

from tests.unit.attribute.trails import same_clocks, session, trails, ward
from tests.unit.explain.world import HOUR, MINUTE, SECOND, at


def test_the_one_person_signed_in_at_a_workstation_is_named_with_what_says_so() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    shift = w.add("shifts", staff_id="ANN", department="MED", start_us=at(0, "08:00"), end_us=at(0, "16:00"))
    w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1")
    found = trails(w)
    assert found.found["use"][:2] == ("named", "ANN")
    assert {kind for kind, _ in found.evidence["use", "ANN"]} == {"session", "shift"}
    assert ("shift", shift) in found.evidence["use", "ANN"]
    (sign_in,) = [row for kind, row in found.evidence["use", "ANN"] if kind == "session"]
    assert sign_in.startswith("in-ann")


def test_two_people_on_one_workstation_in_the_minute_are_both_listed_and_neither_named() -> None:
    w = ward()
    same_clocks(w, "ad", "emr")
    session(w, "ann", at(0, "12:00"), at(0, "12:30"))
    session(w, "ben", at(0, "12:00", plus=40 * SECOND), at(0, "12:30"))
    w.event("med", "P1", at(0, "12:01"), name="use", workstation="ws1")
    found = trails(w)
    assert found.state("use") == "several"
    assert set(found.claims["use"]) == {"ANN", "BEN"}
    assert found.named("use") is None


def test_a_session_that_ended_a_minute_before_is_listed_where_the_clocks_may_be_wrong_and_never_named() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "12:00"))
    w.event("med", "P1", at(0, "12:01"), name="use", workstation="ws1")
    found = trails(w)
    assert found.state("use") == "traced"
    assert set(found.claims["use"]) == {"ANN"}


def test_where_the_clocks_agree_it_is_nobody_any_more() -> None:
    w = ward()
    same_clocks(w, "ad", "emr")
    session(w, "ann", at(0, "08:00"), at(0, "12:00"))
    session(w, "ben", at(0, "12:00", plus=20 * SECOND), at(0, "16:00"))
    w.event("med", "P1", at(0, "12:05"), name="use", workstation="ws1")
    found = trails(w)
    assert found.claims["use"].keys() == {"BEN"}
    assert found.named("use") == "BEN"


def test_a_reused_address_is_its_holders_of_that_moment() -> None:
    """The address is given out again as soon as the first one has gone, as a VPN does."""
    w = ward()
    same_clocks(w, "vpn", "db")
    for account, begins, ends in (("dan", "20:00", "20:30"), ("ann", "20:31", "21:30")):
        session(w, account, at(0, begins), at(0, ends), system="vpn", workstation=None, ip="172.16.0.2", site="remote")
    for name, clock in (("first", "20:15"), ("second", "21:00"), ("after", "22:30")):
        w.event("HIS_APP", "P1", at(0, clock), name=name, system="db", ip="172.16.0.2")
    found = trails(w)
    assert [found.named(n) for n in ("first", "second", "after")] == ["DAN", "ANN", None]
    assert found.state("after") == "nothing"


def test_a_session_without_a_sign_out_ends_when_somebody_else_has_long_taken_the_place_over() -> None:
    w = ward()
    same_clocks(w, "ad", "emr")
    session(w, "ann", at(0, "08:00"), None)
    session(w, "ben", at(0, "10:00"), at(0, "12:00"))
    for name, clock in (("alone", "08:30"), ("both", "10:20"), ("late", "11:00")):
        w.event("med", "P1", at(0, clock), name=name, workstation="ws1")
    found = trails(w)
    assert found.named("alone") == "ANN"
    assert found.claims["both"].keys() == {"ANN", "BEN"}
    assert found.claims["late"].keys() == {"BEN"}


def test_an_old_session_without_a_sign_out_names_nobody() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), None)
    w.event("med", "P1", at(0, "13:00"), name="use", workstation="ws1")
    w.event("med", "P1", at(0, "23:00"), name="gone", workstation="ws1")
    found = trails(w)
    assert found.state("use") == "traced"
    assert found.state("gone") == "nothing"


def test_a_person_who_is_signed_in_at_two_places_is_listed_and_not_named() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    session(w, "ann", at(0, "09:00"), at(0, "15:00"), workstation="ws2", ip="10.0.0.2")
    w.event("med", "P1", at(0, "12:00"), name="left-open", workstation="ws1")
    assert trails(w).state("left-open") == "traced"


def test_a_sign_in_to_the_machine_alone_names_nobody_on_a_day_of_which_the_hospital_knows_who_was_there() -> None:
    w = ward()
    for day in (0, 1):
        session(w, "ann", at(day, "08:00"), at(day, "16:00"))
        w.event("med", "P1", at(day, "12:00"), name=f"day{day}", workstation="ws1")
    assert trails(w).named("day0") == "ANN"  # a hospital without doors and shifts has nothing else to go by
    w.add("shifts", staff_id="BEN", department="MED", start_us=at(0, "20:00"), end_us=at(1, "01:00"))
    found = trails(w)
    assert (found.state("day0"), found.claims["day0"].keys()) == ("traced", {"ANN"})
    assert found.engine.rows("SELECT person FROM unseen") == [("ANN",)] and found.named("day1") == "ANN"
    w.add("shifts", staff_id="ANN", department="MED", start_us=at(0, "08:00"), end_us=at(0, "16:00"))
    assert trails(w).named("day0") == "ANN"


def test_who_signed_in_to_the_application_itself_is_named_without_door_and_shift() -> None:
    """Vendors and night watches have neither; somebody gave their own password minutes ago."""
    w = ward()
    w.add("shifts", staff_id="BEN", department="MED", start_us=at(0, "08:00"), end_us=at(0, "16:00"))
    session(w, "ann", at(0, "11:00"), at(0, "13:00"), system="his")
    session(w, "ann", at(0, "11:00"), at(0, "13:00"))
    w.event("HIS_APP", "P1", at(0, "12:00"), name="use", workstation="ws1", system="db")
    assert trails(w).named("use") == "ANN"


def test_another_sites_doors_say_nothing_of_who_is_missing_here() -> None:
    w = ward()
    w.add("shifts", staff_id="DAN", department="SUR", start_us=at(0, "08:00"), end_us=at(0, "16:00"))
    session(w, "ann", at(0, "11:00"), at(0, "13:00"))
    w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1")
    assert trails(w).named("use") == "ANN"


def test_the_same_session_number_tells_even_from_a_busy_place() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), session_id="a1b2c3d4")
    session(w, "ben", at(0, "08:00"), at(0, "16:00"), session_id="e5f6a7b8")
    w.event("HIS_APP", "P1", at(0, "12:00"), name="use", workstation="ws1", session_id="a1b2c3d4", system="db")
    assert trails(w).named("use") == "ANN"


def test_a_short_number_of_another_system_is_no_session() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), session_id="17", workstation="ws9", ip="10.0.0.9")
    w.event("HIS_APP", "P1", at(0, "12:00"), name="use", workstation="ws1", session_id="17", system="db")
    assert trails(w).state("use") == "nothing"


def test_behind_a_wards_account_ones_own_session_in_an_application_is_weak() -> None:
    """Who is signed in as themselves has no need of it: somebody else at that place has."""
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), system="his")
    w.add("shifts", staff_id="ANN", department="MED", start_us=at(0, "08:00"), end_us=at(0, "16:00"))
    w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1")
    w.event("HIS_APP", "P1", at(0, "12:00"), name="application", workstation="ws1", system="db")
    found = trails(w)
    assert found.state("use") == "traced"
    assert found.named("application") == "ANN"


def test_an_application_that_runs_by_itself_at_that_hour_is_not_laid_to_whoever_is_signed_in_there() -> None:
    w = ward()
    for day in range(5):
        w.event("HIS_APP", "P1", at(day, "02:00"), name=f"night{day}", system="db", workstation="server1")
    session(w, "dan", at(5, "01:00"), at(5, "03:00"), workstation="server1", ip="10.0.0.7")
    w.event("HIS_APP", "P1", at(5, "02:00"), name="watched", system="db", workstation="server1")
    w.event("HIS_APP", "P1", at(5, "01:30"), name="by-hand", system="db", workstation="server1")
    found = trails(w)
    assert found.state("watched") == "traced"
    assert found.named("by-hand") == "DAN"


def test_a_job_that_moves_from_host_to_host_is_not_laid_to_whoever_is_signed_in_there() -> None:
    w = ward()
    w.add("accounts", account="job", kind="service")
    for day in range(10):
        w.event("job", "P1", at(day, "19:30"), name=f"evening{day}", system="db", workstation=f"server{day % 3}")
    for hour in ("12", "19", "20"):
        session(w, "dan", at(10, f"{hour}:00"), at(10, f"{hour}:59"), workstation="server4", ip="10.0.0.7")
        w.event("job", "P1", at(10, f"{hour}:30"), name=hour, system="db", workstation="server4")
        # An application that people use all day is no job, though nobody is seen behind it at night.
        w.event("HIS_APP", "P1", at(10, f"{hour}:40"), name=f"used-{hour}", system="db", workstation="server4")
    for day in range(10):
        w.event("HIS_APP", "P1", at(day, "19:30"), name=f"night{day}", system="db", workstation=f"server{day % 3}")
        session(w, "ben", at(day, "09:00"), at(day, "11:00"), workstation="ws2", ip="10.0.0.2")
        for hour in ("09", "10"):
            w.event("HIS_APP", "P1", at(day, f"{hour}:30"), name=f"day{day}-{hour}", system="db", workstation="ws2")
    found = trails(w)
    assert [found.named(name) for name in ("12", "19", "20")] == ["DAN", None, "DAN"]
    assert found.state("19") == "traced"
    assert [found.named(f"used-{hour}") for hour in ("12", "19", "20")] == ["DAN"] * 3


def test_nobody_is_asked_where_no_account_is_of_several() -> None:
    w = ward()
    w.rows["accounts"] = [row for row in w.rows["accounts"] if row["kind"] == "person"]
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    w.event("ann", "P1", at(0, "12:00"), name="use", workstation="ws1")
    found = trails(w)
    assert found.found == {}
    assert "heard" not in found.engine.tables()


@pytest.mark.parametrize("hours, state", [(0, "named"), (9, "nothing")])
def test_a_use_long_after_a_sign_out_has_no_trace(hours: int, state: str) -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "12:00"))
    w.event("med", "P1", at(0, "10:00") + hours * HOUR, name="use", workstation="ws1")
    assert trails(w).state("use") == state


def test_more_evidence_never_lowers_and_more_rivals_never_raise_the_confidence() -> None:
    """Monotone: each step of this list adds something for Ann, or somebody beside her."""

    def confidence(*, shift: bool, badge: bool, rival: bool) -> float:
        w = ward()
        session(w, "ann", at(0, "08:00"), at(0, "16:00"))
        if shift:
            w.add("shifts", staff_id="ANN", department="MED", start_us=at(0, "08:00"), end_us=at(0, "16:00"))
        if badge:
            w.event("ann", None, at(0, "07:50"), "login", system="badge", resource="内科门禁", site="main", name="card")
        if rival:
            session(w, "ben", at(0, "08:00"), at(0, "16:00"))
        w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1")
        return trails(w).claims["use"]["ANN"]

    alone = confidence(shift=False, badge=False, rival=False)
    assert alone < confidence(shift=True, badge=False, rival=False) < confidence(shift=True, badge=True, rival=False)
    assert confidence(shift=True, badge=True, rival=True) < confidence(shift=True, badge=True, rival=False)
    assert confidence(shift=False, badge=False, rival=True) < alone


def test_a_badge_on_another_site_speaks_against_a_person() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    w.event("ann", None, at(0, "11:00"), "login", system="badge", site="north", name="card")
    w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1", site="main")
    w.event("med", "P1", at(0, "10:00"), name="before-it", workstation="ws1", site="main")
    found = trails(w)
    assert found.state("use") == "traced"
    assert found.named("before-it") == "ANN"


def test_who_had_no_shift_while_others_had_one_is_listed_and_not_named() -> None:
    w = ward()
    session(w, "dan", at(0, "08:00"), at(0, "16:00"))
    w.add("shifts", staff_id="ANN", department="MED", start_us=at(0, "08:00"), end_us=at(0, "16:00"))
    w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1")
    found = trails(w)
    assert found.state("use") == "traced"
    assert found.claims["use"].keys() == {"DAN"}


@pytest.mark.parametrize(
    "account, person",
    [("HOSPITAL\\ann", "ANN"), ("Ann@hospital.example", "ANN"), ("a-4711", "A-4711"), ("赵敏", "A-4711")],
)
def test_one_person_has_several_accounts_and_numbers(account: str, person: str) -> None:
    w = ward()
    w.add("staff", staff_id="A-4711", name="赵敏", role="nurse", department="MED")
    session(w, account, at(0, "08:00"), at(0, "16:00"))
    w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1")
    found = trails(w)
    assert found.claims["use"].keys() == {person}


def test_a_name_that_two_of_the_staff_have_is_nobodys() -> None:
    w = ward()
    for number in ("A1", "A2"):
        w.add("staff", staff_id=number, name="赵敏", role="nurse", department="MED")
    session(w, "赵敏", at(0, "08:00"), at(0, "16:00"))
    w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1")
    assert trails(w).state("use") == "nothing"


def test_an_address_with_another_workstation_is_another_place() -> None:
    w = ward()
    session(w, "ann", at(0, "08:00"), at(0, "16:00"), workstation="ws1", ip="10.0.0.1")
    w.event("med", "P1", at(0, "12:00", plus=MINUTE), name="use", workstation="ws2", ip="10.0.0.1")
    assert trails(w).state("use") == "nothing"


def test_a_number_of_connections_that_begins_anew_on_each_server_is_no_session() -> None:
    """Databases of one kind share a name here, and count their connections or processes each for itself."""
    w = ward()
    session(
        w, "ann", at(0, "08:00"), at(0, "16:00"), session_id="1234567", workstation="ws9", ip="10.0.0.9", system="db"
    )
    w.event("HIS_APP", "P1", at(0, "12:00"), name="use", workstation="ws1", session_id="1234567", system="db")
    assert trails(w).state("use") == "nothing"
