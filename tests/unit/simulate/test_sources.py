# SPDX-License-Identifier: Apache-2.0
"""The sources that say who it was: their noise, their clocks, and the truth about every event."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

import simulate
from simulate.sources.noise import CLOCKS, NO_LOGOFF
from simulate.sources.trace import HOWS, SOURCES
from tests.unit.simulate.conftest import SIZE

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def hospital() -> simulate.Hospital:
    return simulate.build(seed=5, setting="A", sources=True, **SIZE)


@pytest.fixture(scope="module")
def truth(hospital: simulate.Hospital) -> dict[tuple[str, str], dict[str, Any]]:
    assert hospital.persons is not None
    return {(row["system"], row["event_id"]): row for row in hospital.persons.to_pylist()}


@pytest.fixture(scope="module")
def rows(hospital: simulate.Hospital) -> dict[str, Rows]:
    assert hospital.sources is not None
    out: dict[str, Rows] = defaultdict(list)
    for row in hospital.sources.events.to_pylist():
        out[row["system"]].append(row)
    return out


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_hospital_has_no_other_sources_unless_they_are_asked_for(small: simulate.Hospital) -> None:
    assert small.sources is None and small.persons is None
    assert "HIS_APP" not in small.tables["accounts"]["account"].to_pylist()


def test_the_same_arguments_give_the_same_sources(hospital: simulate.Hospital) -> None:
    again = simulate.build(seed=5, setting="A", sources=True, **SIZE)
    assert hospital.sources is not None and again.sources is not None
    assert again.sources.events.equals(hospital.sources.events)
    assert again.persons is not None and again.persons.equals(hospital.persons)


def test_the_truth_names_every_event_once(
    hospital: simulate.Hospital, truth: dict[tuple[str, str], dict[str, Any]], rows: dict[str, Rows]
) -> None:
    assert hospital.persons is not None
    keys = list(zip(hospital.events["system"].to_pylist(), hospital.events["event_id"].to_pylist(), strict=True))
    keys += [(row["system"], row["event_id"]) for of in rows.values() for row in of]
    assert len(truth) == len(keys) == hospital.persons.num_rows
    assert set(truth) == set(keys)
    assert {row["how"] for row in truth.values()} == set(HOWS)
    assert set(rows) == set(SOURCES) and "DBA" not in hospital.events["system"].to_pylist()


def test_all_events_are_those_of_every_system(hospital: simulate.Hospital, small: simulate.Hospital) -> None:
    assert hospital.sources is not None and hospital.persons is not None
    assert hospital.all_events.num_rows == hospital.persons.num_rows
    assert hospital.all_events["event_id"].to_pylist() == hospital.persons["event_id"].to_pylist()
    assert hospital.systems == {"EMR", "HIS", "LIS", "PACS", *SOURCES}
    assert small.all_events is small.events and small.systems == {"EMR", "HIS", "LIS", "PACS", "DBA"}


def test_numbers_of_a_source_have_no_gap_and_rise_with_its_clock(rows: dict[str, Rows]) -> None:
    for system, of in rows.items():
        names = [row["event_id"] for row in of]
        if system == "JumpServer":  # a session's own identifier, as the product's list has it, and no number of a row
            assert names == [row["session_id"] for row in of] and len(set(names)) == len(names)
        else:
            assert names == [f"{SOURCES[system]}{n:09d}" for n in range(1, len(of) + 1)]
        assert [row["time"] for row in of] == sorted(row["time"] for row in of)


def test_a_person_has_several_accounts_and_some_two_numbers(hospital: simulate.Hospital) -> None:
    accounts, staff = hospital.tables["accounts"].to_pylist(), hospital.tables["staff"].to_pylist()
    assert len({row["account"] for row in accounts}) == len(accounts)
    each = Counter(row["staff_id"] for row in accounts if row["kind"] == "person")
    assert max(each.values()) >= 4
    people = Counter((row["name"], row["phone"]) for row in staff)
    double = [who for who, n in people.items() if n > 1]
    assert double
    old = [row for row in staff if row["staff_id"].startswith("S9")]
    assert {(row["name"], row["phone"]) for row in old} == set(double)
    assert all(row["employed_to"] < "2026-03-02" for row in old)
    names = {row["staff_id"]: (row["name"], row["phone"]) for row in staff}
    assert set(hospital.same_person) == {row["staff_id"] for row in old}
    assert all(names[a] == names[b] for a, b in hospital.same_person.items())
    assert any(row["staff_id"] in {x["staff_id"] for x in old} for row in accounts)


def test_an_own_account_is_the_persons_and_a_borrowed_one_is_not(
    hospital: simulate.Hospital, truth: dict[tuple[str, str], dict[str, Any]]
) -> None:
    owner = {row["account"]: row["staff_id"] for row in hospital.tables["accounts"].to_pylist()}
    now = {row["staff_id"]: (row["name"], row["phone"]) for row in hospital.tables["staff"].to_pylist()}
    for row in truth.values():
        if row["how"] in ("application", "shared"):
            assert row["staff_id"] is not None and owner[row["account"]] is None
        elif row["account"] in owner and row["how"] in ("own", "borrowed"):
            assert (now[owner[row["account"]]] == now[row["staff_id"]]) == (row["how"] == "own")
        elif row["how"] in ("kiosk", "service"):
            assert row["staff_id"] is None
    lost = {row["account"] for row in truth.values()} - set(owner)
    assert lost and all(account[0] in "dC" for account in lost)


def test_people_of_one_ward_sit_at_different_workstations(hospital: simulate.Hospital) -> None:
    sessions: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    spans: dict[str, list[Any]] = {}
    actor = hospital.lines["actor"].tolist()
    for row, who in zip(hospital.events.to_pylist(), actor, strict=True):
        if who >= 0 and row["system"] == "HIS" and row["site"] != "remote":
            span = spans.setdefault(row["session_id"], [row["workstation"], row["time"], row["time"], who])
            span[2] = row["time"]
    for station, start, end, who in spans.values():
        sessions[station, who].append((start, end))
    by_station: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for station, start, end, who in spans.values():
        by_station[station].append((start, end, who))
    crossed = total = 0
    for found in by_station.values():
        found.sort()
        total += len(found)
        crossed += sum(b[0] < a[1] and a[2] != b[2] for a, b in pairwise(found))
    assert crossed / total < 0.12


def test_who_is_behind_an_application_account_signed_in_where_the_statement_came_from(
    hospital: simulate.Hospital, truth: dict[tuple[str, str], dict[str, Any]], rows: dict[str, Rows]
) -> None:
    """On workstations; what goes through an application server shows nobody."""
    seen: set[tuple[str, str]] = set()
    for row in hospital.events.to_pylist():
        who = truth[row["system"], row["event_id"]]["staff_id"]
        if row["system"] in ("HIS", "EMR") and who:
            seen.add((row["workstation"], who))
    direct = [r for r in rows["DBA"] if r["account"] == "HIS_APP" and r["workstation"].startswith("WS-")]
    behind = [r for r in rows["DBA"] if r["program"] == "w3wp.exe"]
    assert 0.02 < len(behind) / (len(direct) + len(behind)) < 0.5
    assert {r["ip"] for r in behind} == {"10.10.200.11", "10.10.200.12"}
    known = [(r["workstation"], truth["DBA", r["event_id"]]["staff_id"]) in seen for r in direct]
    assert sum(known) / len(known) > 0.99


def test_an_address_of_the_vpn_goes_from_person_to_person_and_never_to_two_at_once(
    hospital: simulate.Hospital, truth: dict[tuple[str, str], dict[str, Any]], rows: dict[str, Rows]
) -> None:
    users: dict[str, set[str]] = defaultdict(set)
    open_: dict[str, str] = {}
    for row in rows["VPN"]:
        if row["outcome"] != "success":
            continue
        users[row["assigned_ip"]].add(truth["VPN", row["event_id"]]["staff_id"])
        if row["action"] == "login":
            open_[row["assigned_ip"]] = row["session_id"]
        else:
            assert open_.get(row["assigned_ip"]) == row["session_id"], "an address was given away while in use"
    assert max(len(who) for who in users.values()) > 5
    logins = sum(r["action"] == "login" and r["outcome"] == "success" for r in rows["VPN"])
    logouts = sum(r["action"] == "logout" for r in rows["VPN"])
    assert logouts / logins == pytest.approx(1 - NO_LOGOFF["VPN"], abs=0.15)
    given = {row["ip"] for row in hospital.events.to_pylist() if row["site"] == "remote"}
    assert given <= set(users)


def test_the_doors_clock_is_wrong_by_what_is_said_and_drifts(hospital: simulate.Hospital) -> None:
    assert hospital.sources is not None
    c = hospital.sources.columns
    offset, drift = CLOCKS["badge"]
    mine = c["system"] == "badge"
    days = c["t"][mine] / 86_400
    assert abs(c["clock"][mine] - c["t"][mine] - offset - drift * days).max() <= 1


def test_not_everybody_who_works_on_a_ward_swiped_in(
    hospital: simulate.Hospital, truth: dict[tuple[str, str], dict[str, Any]], rows: dict[str, Rows]
) -> None:
    swiped = {(truth["badge", r["event_id"]]["staff_id"], r["time"][:10]) for r in rows["badge"]}
    worked = {
        (truth[r["system"], r["event_id"]]["staff_id"], r["time"][:10])
        for r in hospital.events.to_pylist()
        if "10" <= r["time"][11:13] < "16" and r["site"] != "remote" and r["patient_id"]
    }
    worked = {(who, day) for who, day in worked if who}
    assert 0.85 < len(worked & swiped) / len(worked) < 0.999


def test_a_card_is_now_and_then_a_colleagues(truth: dict[tuple[str, str], dict[str, Any]]) -> None:
    lent = [row["how"] for (system, _), row in truth.items() if system == "badge"]
    assert 0 < lent.count("borrowed") / len(lent) < 0.02


def test_statistics_by_drug_and_prescriber_are_lawful_under_a_ticket_and_misuse_without(
    hospital: simulate.Hospital, truth: dict[tuple[str, str], dict[str, Any]], rows: dict[str, Rows]
) -> None:
    tickets = {row["ticket_id"]: row for row in hospital.tables["tickets"].to_pylist()}
    owner = {row["account"]: row["staff_id"] for row in hospital.tables["accounts"].to_pylist()}
    wrong = {row["event_id"] for row in hospital.misuse.to_pylist()}
    lawful = 0
    for row in rows["DBA"]:
        words = re.sub(r"/\*.*?\*/", " ", row["query"].lower())
        who = truth["DBA", row["event_id"]]
        if not re.search(r"(doctor_code|dr_name|prescriber)", words) or "drug" not in words:
            continue
        if who["ticket_id"] is None:
            assert row["event_id"] in wrong
            continue
        ticket = tickets[who["ticket_id"]]
        assert row["event_id"] not in wrong
        assert ticket["kind"] == "statistics" and owner[ticket["account"]] == who["staff_id"]
        assert seconds(ticket["start"]) <= seconds(row["time"]) < seconds(ticket["end"])
        lawful += row["account"] == "HIS_APP"
    assert lawful > 0


def test_where_misuse_is_not_asked_for_the_scenes_have_none() -> None:
    quiet = simulate.build(seed=5, setting="none", staff=80, patients=1000, days=4, sources=True)
    assert quiet.misuse.num_rows == 0
    assert quiet.persons is not None and set(quiet.persons["case_id"].to_pylist()) == {None}
