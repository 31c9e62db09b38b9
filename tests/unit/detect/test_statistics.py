# SPDX-License-Identifier: Apache-2.0
"""Statistics of medicines by prescriber are told from their text, disguised or not; everyday queries are not."""

from __future__ import annotations

import pytest

from tests.unit.detect.flagged import flagged
from tests.unit.explain.world import World, at
from wardkeep.watch.statistics.reader import Reader
from wardkeep.watch.statistics.verdict import Answer, By, How

SUMS, LINES, REPORT = ((how, By.PRESCRIBER) for how in (How.SUMS, How.LINES, How.REPORT))
READER = Reader()


@pytest.mark.parametrize(
    "text, expected",
    [
        ("SELECT doctor, drug, SUM(qty) FROM prescriptions GROUP BY doctor, drug", SUMS),
        ("select DoctorName, DrugName, count(*) from T group by DoctorName, DrugName", SUMS),
        ("select/**/ysdm,/* x */ypdm,sum(sl)from/**/cfmx/**/group/**/by/**/1,2", SUMS),
        ("SELECT p, SUM(q) OVER (PARTITION BY prescriber, drug_code) FROM v", SUMS),
        ("ｓｅｌｅｃｔ doctor_code, SUM(qty) FROM rx_item GROUP BY doctor_code", SUMS),
        ("select 医生, 药品, sum(数量) from 处方明细 group by 医生, 药品", SUMS),
        ("select doctor_id, sum(qty) from consumables_used group by doctor_id", SUMS),
        (
            "SELECT i.*, h.doctor_code FROM rx_item i JOIN rx_head h ON h.no = i.no WHERE i.drug = 'X' -- stock check",
            LINES,
        ),
        ("EXEC rpt_drug_by_doctor '2026-01'", REPORT),
        ("医生用药统计", REPORT),
        ("报表/处方/开单医生排名", REPORT),
        (
            "SELECT ward_code, drug_code, SUM(qty) FROM dispense GROUP BY ward_code, drug_code",
            (How.SUMS, By.DEPARTMENT),
        ),
    ],
)
def test_statistics_are_told_from_their_text(text: str, expected: tuple[How, By]) -> None:
    found = READER.verdict(text)
    assert found.answer is Answer.STATISTICS
    assert (found.how, found.by) == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "SELECT drug_code, SUM(qty) FROM dispense GROUP BY drug_code",  # nobody's prescriptions
        "SELECT doctor_code, COUNT(*) FROM visits GROUP BY doctor_code",  # no medicines
        "SELECT drug_code, doctor_code FROM rx_head WHERE rx_no = '4711'",  # one prescription
        "SELECT h.doctor_code, i.drug_code FROM rx_head h, rx_item i WHERE h.patient_id = 'P1'",  # one patient
        "SELECT SUM(qty) FROM stock WHERE name = 'doctor''s drug bag'",  # words of a value say nothing
        "SELECT qty FROM stock -- drug by doctor",  # nor do those of a comment
        "SELECT bed_no FROM bed WHERE ward_code = 'ICU'",
        "张医生",  # a search for a name
        "阿莫西林 药品",
        "docking station address book",
    ],
)
def test_everyday_queries_are_not_statistics(text: str | None) -> None:
    assert READER.verdict(text).answer is Answer.ORDINARY


def asked(text: str, records: int = 5, ticket: str | None = None) -> World:
    w = World()
    w.person("ann", role="pharmacist", department="PHAR")
    if ticket:
        w.add("tickets", ticket_id="T1", account="ann", kind=ticket, start_us=at(0, "10:00"), end_us=at(0, "14:00"))
    w.event("ann", None, at(0), "query", query=text, count=records, name="asked")
    return w


DETAIL = "SELECT drug_code, doctor_code FROM rx_item WHERE day > 1"


@pytest.mark.parametrize(
    "world, found",
    [
        (asked("SELECT doctor, drug, SUM(q) FROM rx GROUP BY 1, 2"), True),
        (asked("SELECT doctor, drug, SUM(q) FROM rx GROUP BY 1, 2", ticket="statistics"), False),
        (asked(DETAIL, records=100), True),
        (asked(DETAIL, records=99), False),  # single lines count in bulk only
        (asked("SELECT 1"), False),
    ],
)
def test_statistics_without_a_ticket_are_found(world: World, found: bool) -> None:
    seen = flagged(world)
    assert seen.names("statistics") == (["asked"] if found else [])
    if found:
        assert seen.states("statistics") == {"research": "not_found", "ticket": "not_found"}
