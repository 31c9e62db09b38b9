# SPDX-License-Identifier: Apache-2.0
"""Who it was, from logs as systems really write them to the lines of `wardkeep judge`; nobody is named for what others did."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import Program

TABLES = {
    "departments": "department,name,kind,site\nW1,内科,clinical,main\n",
    "staff": "staff_id,name,role,department,employed_from\ns1,林一,nurse,W1,2020-01-01\ns4,李四,physician,W1,2020-01-01\n",
    "accounts": "account,staff_id,kind,department\nnurse1,s1,person,\nli4,s4,person,\nHIS_APP,,service,\n"
    "EMR_APP,,service,\nWARD1,,shared,W1\n",
    "patients": "patient_id,name,honey\np1,陈某,\np9,诱饵,1\n",
    "encounters": "encounter_id,patient_id,kind,department,start\ne1,p1,inpatient,W1,2026-03-01T09:00:00+08:00\n",
    "tickets": "ticket_id,account,kind,start,end\nT1,nurse1,maintenance,2026-03-02T00:00:00+08:00,2026-03-02T23:00:00+08:00\n",
}
BASTION = "ID,用户,资产,账号,协议,登录来源,远端地址,开始日期,结束日期,是否成功\n"
AUDIT = "event_time,db_user,sql_text,client_ip,affect_rows\n"
PULL = '"select doctor_code,drug_name,sum(amount) from presc_detail group by doctor_code,drug_name"'
VPN = "用户名,源IP,虚拟IP,上线时间,下线时间,状态\n"


def at(clock: str) -> str:
    return f"2026-03-02T{clock}:00+08:00"


def session(begins: str, ends: str, server: str, account: str) -> str:
    return (
        f"{begins}-{ends},李四(li4),{server},{account}({account}),ssh,网页,10.1.1.1,"
        f"2026/03/02 {begins}:00 +0800,2026/03/02 {ends}:00 +0800,是\n"
    )


#: The ward's account opens the decoy, which is a case whoever it was.
EVENTS = "event_id,time,account,patient_id,action,resource,system,workstation,ip\n" + "".join([
    f"bastion-within,{at('08:03')},WARD1,p9,read,E,EMR,,10.1.1.1\n",
    f"bastion-after,{at('08:40')},WARD1,p9,read,E,EMR,,10.1.1.1\n",
    f"vpn-within,{at('12:15')},WARD1,p9,read,E,EMR,,10.8.0.3\n",
    f"vpn-after,{at('13:00')},WARD1,p9,read,E,EMR,,10.8.0.3\n",
    f"in,{at('16:00')},nurse1,,login,,AD,WS1.hospital.local,\n",
    f"out,{at('16:30')},nurse1,,logout,,AD,WS1.hospital.local,\n",
    f"capitals,{at('16:15')},WARD1,p9,read,E,EMR,ws1,\n",
])  # fmt: skip
#: HIS_APP works from its database's server at no other time, EMR_APP every hour.
LOGS = (
    ("js.csv", "jumpserver-session", BASTION + session("08:00", "08:05", "PC7(10.1.1.7)", "root")
     + session("02:10", "02:40", "HISDB(10.9.9.9)", "HIS_APP") + session("03:10", "03:40", "EMRDB(10.9.9.8)", "EMR_APP")),
    ("vpn.csv", "vpn", VPN + "nurse1,1.2.3.4,10.8.0.3,2026-03-02 12:00:00,2026-03-02 12:35:00,已下线\n"),
    ("audit.csv", "db-audit-statement", AUDIT + f"2026-03-02 02:23:00,HIS_APP,{PULL},10.9.9.9,900\n"
     + f"2026-03-02 03:23:00,EMR_APP,{PULL},10.9.9.8,900\n"
     + "".join(f"2026-03-02 {hour:02}:00:00,EMR_APP,select 1 from dual,10.9.9.8,1\n" for hour in range(9, 18))),
)  # fmt: skip


@pytest.fixture(scope="module")
def cases(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What is judged of all of it."""
    folder = tmp_path_factory.mktemp("who")
    shutil.copytree(made_home, folder / "home")
    program = Program(folder / "home", folder)
    (folder / "hospital").mkdir()
    for name, text in {**TABLES, "events": EVENTS}.items():
        (folder / "hospital" / f"{name}.csv").write_text(text, "utf-8")
    program.json("ingest", folder / "hospital", "--strict")
    for name, mapping, text in LOGS:
        (folder / name).write_text(text, "utf-8")
        program.json("ingest", folder / name, "--mapping", mapping, "--strict")
    return program.call("judge", "--dry-run", "--json").lines


def told(cases: list[dict[str, Any]], event: str) -> tuple[str | None, set[str]]:
    """The person of the case with that event, and the candidates."""
    (case,) = [case for case in cases if event in case["event_ids"]]
    assert (case["confidence"] or 1.0) >= 0.95
    assert all(one["confidence"] < 0.95 for one in case["candidates"])
    return case["person"], {one["person"] for one in case["candidates"]}


def pull_of(cases: list[dict[str, Any]], account: str) -> tuple[str | None, set[str]]:
    (case,) = [case for case in cases if case["account"] == account and "statistics" in case["detections"]]
    return told(cases, case["event_ids"][0])


def test_who_was_on_the_bastion_is_named_within_the_session(cases: list[dict[str, Any]]) -> None:
    assert told(cases, "bastion-within") == ("s4", set())


def test_nobody_is_named_for_what_was_done_after_the_bastion_says_that_the_session_was_over(
    cases: list[dict[str, Any]],
) -> None:
    assert told(cases, "bastion-after") == (None, set())


def test_nobody_is_named_for_what_was_done_after_the_vpn_says_that_they_had_gone(cases: list[dict[str, Any]]) -> None:
    assert told(cases, "vpn-within") == ("s1", set())
    assert told(cases, "vpn-after") == (None, set())


def test_one_pull_through_the_bastion_is_whose_session_it_was(cases: list[dict[str, Any]]) -> None:
    assert pull_of(cases, "HIS_APP") == ("s4", set())


def test_one_pull_from_where_the_application_works_anyway_shows_whose_session_it_may_have_been(
    cases: list[dict[str, Any]],
) -> None:
    assert pull_of(cases, "EMR_APP") == (None, {"s4"})


def test_a_use_is_told_by_a_sign_in_that_another_system_writes_with_capitals_and_a_domain(
    cases: list[dict[str, Any]],
) -> None:
    assert told(cases, "capitals") == ("s1", set())
