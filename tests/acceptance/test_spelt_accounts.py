# SPDX-License-Identifier: Apache-2.0
"""The whole program on logs that write one account in many ways: capitals, domains, full-width letters, the staff number."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.hospitals import TABLES, hospital
from tests.acceptance.program import Program, stored

ACCOUNTS = (
    "account,staff_id,kind,enabled_from,enabled_to,department\n"
    "nurse1,s1,person,2020-01-01,,\nnurse2,s2,person,2020-01-01,,\nzhang3,s3,person,2020-01-01,,\n"
    "li4,s4,person,2020-01-01,,\nWu,s5,person,2020-01-01,,\nwu,s6,person,2020-01-01,,\nward1,,shared,2020-01-01,,W1\n"
)
STAFF = (
    "staff_id,name,role,department,employed_from,employed_to,patient_id\n"
    "s1,林一,nurse,W1,2020-01-01,,\ns2,周二,nurse,W2,2020-01-01,,\ns3,张三,physician,W1,2020-01-01,2026-01-31,\n"
    "s4,李四,physician,W1,2020-01-01,,p7\ns5,吴五,nurse,W1,2020-01-01,,\ns6,武六,nurse,W1,2020-01-01,,\n"
)
PATIENTS = TABLES["patients.csv"] + "p7,李四,M,1980-05-01,,\n"
LEFT = ("zhang3", "ZHANG3", "HOSPITAL\\zhang3", "zhang3@hospital.cn", "s3", "ｚｈａｎｇ３")
OWN = ("LI4", "li4")
WARD = ("nurse1", "Nurse1", "WARD1")
ACCOUNTS_OF_EVENTS = (*LEFT, *OWN, *WARD, "WU", "nobody")


def events() -> list[str]:
    """One event an account; who is `OWN` opens the record p7, which is the holder's own."""
    return [
        f"{n},2026-03-02T08:{n:02}:00+08:00,{account},{'p7' if account in OWN else 'p1'},read,Encounter,EMR,ws{n}"
        for n, account in enumerate(ACCOUNTS_OF_EVENTS, 1)
    ]


def test_one_account_is_judged_as_one_however_logs_write_it(program: Program, tmp_path: Path) -> None:
    folder = hospital(tmp_path / "h", events=events())
    for name, text in (("accounts.csv", ACCOUNTS), ("staff.csv", STAFF), ("patients.csv", PATIENTS)):
        (folder / name).write_text(text, encoding="utf-8")
    taken = program.json("ingest", folder)
    assert (taken["unresolved"]["accounts"], taken["unresolved"]["events_of_accounts"]) == (2, 2)  # WU, nobody

    found = program.call("judge", "--json")
    cases = {(one["account"], code): set(one["event_ids"]) for one in found.lines for code in one["detections"]}
    every = [str(n) for n in range(1, len(ACCOUNTS_OF_EVENTS) + 1)]
    left, own = every[: len(LEFT)], every[len(LEFT) : len(LEFT) + len(OWN)]
    assert cases["zhang3", "leaver"] == set(left)
    assert cases["li4", "self_access"] == set(own)
    flagged = {one["account"] for one in found.lines if not one["random"]}
    assert flagged == {"zhang3", "li4", "WU", "nobody"}  # who cares for the patient is explained by any spelling
    assert "8 accounts are written otherwise than in the table: " in found.err and "LI4 = li4" in found.err
    assert "not taken for another: 1 accounts that may be several: WU (Wu, wu)" in found.err

    assert {account for (account,) in stored(program.home, "SELECT account FROM events")} == set(ACCOUNTS_OF_EVENTS)
    program.verify()
