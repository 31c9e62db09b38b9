# SPDX-License-Identifier: Apache-2.0
"""However a log writes an account, everything that judges it says the same: reasons, findings, cases, and who it was."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.unit.attribute.test_judged import inpatient, judged
from tests.unit.attribute.trails import session, ward
from tests.unit.detect.flagged import flagged
from tests.unit.explain.world import MINUTE, World, at, on
from wardkeep.watch.attribute.attribute import attribute
from wardkeep.watch.explain.explain import stand_ins
from wardkeep.watch.judgement import Judgement
from wardkeep.watch.spelling import How, Spelt

STATISTICS = "SELECT doctor_name, drug_name, sum(amount) FROM presc_detail GROUP BY doctor_name, drug_name"


def hospital() -> World:
    """A ward in which each kind of account does what is looked for."""
    w = ward()
    inpatient(w)
    w.rows["staff"][0]["patient_id"] = "P7"
    for number in range(7, 60):
        w.patient(f"P{number}", honey=number == 8)
    w.person("left", employed_to_day=on(-30))
    w.person("maker", role="vendor", department="SUR")
    w.person("stat", role="it", department="SUR")
    w.add("tickets", ticket_id="T1", account="stat", kind="statistics", start_us=at(0, "08:00"), end_us=at(0, "16:00"))
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    for _ in range(3):
        w.event("ann", "P1", at(0, "09:00"))
        w.event("ann", "P7", at(0, "09:10"))  # her own record
        w.event("left", "P1", at(0, "09:20"))  # after the end of employment
        w.event("maker", "P1", at(0, "09:30"))  # no ticket at all
        w.event("med", "P1", at(0, "12:00"), workstation="ws1")  # behind the ward's account: ann
        w.event("med", "P8", at(0, "12:10"), workstation="ws1")
        w.event("HIS_APP", "P1", at(0, "12:20"), workstation="ws1", system="db")
        w.event("stat", None, at(0, "13:00"), "query", query=STATISTICS, count=9)
        w.event("ben", None, at(0, "13:10"), "query", query=STATISTICS, count=9)
    for number in range(10, 50):
        w.event("cyn", f"P{number}", at(0, "14:00") + number * MINUTE // 4)  # many records
    for minute, place in enumerate(("ws1", "ws2", "ws1")):
        w.event("dan", "P9", at(0, "15:00") + minute * MINUTE, workstation=place)
    return w


def respelt(w: World, seed: int) -> World:
    """The same, each event and ticket with its account written in any way."""
    dice = random.Random(seed)

    def spell(account: str) -> str:
        ways = [str.upper, str.title, str.lower, "HOSP\\{}".format, "{}@hospital.cn".format, " {} ".format, _wide, str]
        return dice.choice(ways)(account)

    for row in (*w.events, *w.rows["tickets"]):
        row["account"] = spell(row["account"])
    return w


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def said(found: Judgement) -> Any:
    """Everything of a judgement but how sure it is of a sign-in by another spelling."""
    cases = [
        (c.case_id, c.account, c.person, c.opened_on, c.rank, c.detections, c.patients, c.event_ids, c.score)
        for c in found.cases
    ]
    shared = [(one.department, one.accounts, one.accesses, one.named, one.people) for one in found.shared]
    return cases, found.reasons, found.by_day, shared, found.explained


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_hospital_is_judged_the_same_however_its_logs_write_accounts(seed: int) -> None:
    plain, other = judged(hospital()), judged(respelt(hospital(), seed))
    assert {d for c in plain.cases for d in c.detections} >= {
        "self_access", "leaver", "honey", "statistics", "vendor", "batch",
    }  # fmt: skip
    assert said(other) == said(plain)
    assert plain.spelt == ()
    assert {one.how for one in other.spelt} == {How.SPELLING}


def test_findings_are_of_the_account_of_the_table() -> None:
    plain, other = flagged(hospital()), flagged(respelt(hospital(), 3))
    assert {(f.detection, f.account, f.person, f.patient_id) for f in other.found} == {
        (f.detection, f.account, f.person, f.patient_id) for f in plain.found
    }
    assert other.said == plain.said


def test_what_may_be_several_accounts_is_judged_as_a_stranger_and_named() -> None:
    w = hospital()
    w.person("Left", employed_to_day=on(-30))
    w.rows["staff"].pop()  # one person by number, two accounts by case
    w.event("LEFT", "P1", at(0, "10:00"), name="whose")
    found = judged(w)
    assert Spelt("LEFT", How.UNSURE, ("Left", "left")) in found.spelt
    assert all("whose" not in case.event_ids or case.account == "LEFT" for case in found.cases)


def test_a_staff_number_as_login_is_its_holders_account() -> None:
    w = hospital()
    w.rows["accounts"][0]["account"] = "a.nn"
    w.event("ANN", "P7", at(0, "10:00"), name="own")
    assert flagged(w).one("self_access").account == "a.nn"


def test_a_sign_in_by_another_spelling_is_as_sure_as_before() -> None:
    w = hospital()
    session(w, "HOSP\\ben", at(0, "07:00"), at(0, "08:00"))
    engine = w.engine()
    stand_ins(engine)
    attribute(engine, w.numbers())
    found = engine.rows("SELECT DISTINCT s.person, CAST(s.sure AS DOUBLE) FROM session AS s ORDER BY 1")
    assert found == [("ANN", 1.0), ("BEN", 0.99)]


def test_a_bastion_leads_to_the_account_that_the_table_has() -> None:
    w = hospital()
    engine = w.engine()
    stand_ins(engine)
    (eid,) = (e["eid"] for e in w.events if e["action"] == "login" and e["account"] == "ann")
    rows = [(eid, '{"target_account":"his_app"}'), (eid + 1, '{"target_account":"elsewhere"}')]
    engine.put("event_detail", [("eid", "BIGINT"), ("extra", "VARCHAR")], rows)
    attribute(engine, w.numbers())
    led = engine.rows("SELECT d.target_account FROM detail AS d ORDER BY d.eid")
    assert led == [("HIS_APP",), ("elsewhere",)]
