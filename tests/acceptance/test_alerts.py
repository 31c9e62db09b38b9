# SPDX-License-Identifier: Apache-2.0
"""A decoy that is opened in a served hospital: alert and notice are there at once, through kills of the process that judges."""

from __future__ import annotations

import os
import signal
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.acceptance.commands import Served, eventually
from tests.acceptance.hospitals import TABLES
from tests.acceptance.program import Program
from tests.acceptance.test_live import listen, ports, post, until_stored
from tests.listening import audit


def hospital(program: Program) -> Path:
    """The tables of a small hospital with a decoy, and a webhook that nobody answers."""
    folder = program.folder / "hospital"
    folder.mkdir()
    decoy = "patient_id,name,sex,birth_date,died_on,sensitivity,honey\np1,陈某,F,1970-05-01,,vip,\np9,诱饵,F,1970-05-01,,,1\n"
    for name, text in {**TABLES, "patients.csv": decoy}.items():
        (folder / name).write_text(text, encoding="utf-8")
    config = program.home / "config.toml"
    config.write_text(config.read_text().replace('webhook = ""', 'webhook = "http://127.0.0.1:9/hook"', 1))
    program.call("ingest", folder)
    return folder


def opened(account: str, patient: str, n: int = 0) -> bytes:
    agent = [{"who": {"identifier": {"value": account}}, "requestor": True}]
    entity = [{"what": {"reference": f"Patient/{patient}"}}]
    return audit(n, agent=agent, entity=entity, recorded=datetime.now(UTC).isoformat())


def asked(program: Program, sql: str) -> list[tuple[Any, ...]]:
    con = sqlite3.connect(f"file:{program.home / 'data' / 'wardkeep.sqlite3'}?mode=ro", uri=True, timeout=30)
    try:
        return con.execute(sql).fetchall()
    finally:
        con.close()


def alerts(program: Program) -> list[tuple[Any, ...]]:
    return asked(program, "SELECT detection, account, patient_id, system FROM alerts_livealert ORDER BY made_at, id")


def kill(served: Served) -> None:
    os.kill(eventually(lambda: served.processes().get("alerting")), signal.SIGKILL)


def test_a_decoy_that_is_opened_is_an_alert_and_a_notice_at_once(program: Program) -> None:
    hospital(program)
    listen(program, {"fhir": {"protocol": "http", "system": "emr"}})
    first, second = ("honey", "nurse2", "p9", "emr"), ("honey", "nurse1", "p9", "emr")
    with program.serving() as served:
        at = ports(program, "fhir")["fhir"]
        assert [post(at, opened("nurse2", patient, n)) for n, patient in enumerate(("p1", "p9", "p1"))] == [201] * 3
        eventually(lambda: alerts(program) == [first])
        eventually(lambda: asked(program, "SELECT kind, count FROM notices_told") == [("alert", 1)])
        assert asked(program, "SELECT channel, state FROM notices_sending") == [("webhook", "waiting")]
        kill(served)
        # While it is away the listener goes on, and the store takes what was heard.
        assert post(at, opened("nurse1", "p9", 3)) == 201
        until_stored(program, 4)
        eventually(lambda: alerts(program) == [first, second])
        assert post(at, opened("nurse1", "p9", 4)) == 201  # the same again within the quiet time
        until_stored(program, 5)
    assert alerts(program) == [first, second]
    program.call("user", "create", "li", "--role", "security_specialist")
    newest, oldest = program.call("alerts", "list", "--json").lines
    assert (newest["account"], oldest["account"], newest["detection"]) == ("nurse1", "nurse2", "honey")
    program.call("alerts", "see", newest["id"], "--by", "li")
    program.call("alerts", "close", newest["id"], "--why", "an exercise", "--by", "li")
    assert program.call("alerts", "list", "--json").lines == [oldest]
    assert program.json("alerts", "show", newest["id"])["reason"] == "an exercise"
    program.verify()
