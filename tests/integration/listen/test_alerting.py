# SPDX-License-Identifier: Apache-2.0
"""What is heard is judged at once: kept with an act, told without a patient, and not lost by a process that was away."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.listening import a_home, audit, store_all, wait_for
from tests.stored import Load
from wardkeep.alerts import Live as LiveSettings
from wardkeep.home import Home, now
from wardkeep.jobs.alerting.status import alerting_status
from wardkeep.jobs.listen.places import live_folder, spool_key
from wardkeep.jobs.listen.rawspool import Heard, RawSpool
from wardkeep.notices import Notices
from wardkeep.watch.hospital.context import schema
from wardkeep.watch.hospital.folder import read_folder

TABLES = {
    "staff.csv": (
        "staff_id,name,role,department,employed_from,employed_to,patient_id\n"
        "S1,林一,nurse,W1,2020-01-01,,P500\nS2,周二,nurse,W1,2020-01-01,2026-03-01,\nS3,赵三,vendor,W1,2020-01-01,,\n"
    ),
    "accounts.csv": (
        "account,staff_id,kind,enabled_from,enabled_to,department\n"
        "nurse1,S1,person,2020-01-01,,\nnurse2,S2,person,2020-01-01,,\nmaker,S3,person,2020-01-01,,\n"
    ),
    "patients.csv": "patient_id,name,honey\nP500,林一,\nP900,诱饵,1\nP1,陈某,0\n",
    "tickets.csv": (
        "ticket_id,account,kind,scope,start,end,approved_by\n"
        "T1,maker,maintenance,,2026-03-02T08:00:00+08:00,2026-03-02T09:00:00+08:00,S1\n"
    ),
}


@pytest.fixture
def home(tmp_path: Path, rows: None) -> Home:
    """A home that listens, with the tables of a small hospital."""
    made = a_home(tmp_path / "home", {"fhir": {"protocol": "http", "system": "emr"}})
    made.config.write_text("")
    folder = tmp_path / "hospital"
    folder.mkdir()
    load(made, folder, TABLES)
    return made


def load(home: Home, folder: Path, tables: dict[str, str]) -> None:
    for name, text in tables.items():
        (folder / name).write_text(text, encoding="utf-8")
    with home.connect_ledger() as ledger, home.store().intake(ledger, received_at=now()) as session:
        for context in read_folder(folder, zone="Asia/Shanghai"):
            session.context(context)
        session.report()


def merge(home: Home, **pairs: str) -> None:
    """Numbers that were given up for others, as messages tell of them."""
    rows = [{"retired_id": one, "patient_id": other, "src": f"m{one}"} for one, other in pairs.items()]
    told = Load(name="merges", table=pa.Table.from_pylist(rows, schema("merges")), full=False, feed=True)
    with home.connect_ledger() as ledger, home.store().intake(ledger, received_at=now()) as session:
        session.context(told)
        session.report()


def event(account: str, patient: str, n: int = 0, **more: Any) -> bytes:
    agent = [{"who": {"identifier": {"value": account}}, "requestor": True}]
    return audit(n, agent=agent, entity=[{"what": {"reference": f"Patient/{patient}"}}], **more)


def hear(home: Home, bodies: Iterable[bytes]) -> None:
    """As the listener does, to the moment at which each is durable and its file whole."""
    spool = RawSpool(live_folder(home) / "fhir", kek=spool_key(home, "fhir"), limit=64 << 20)
    spool.append([Heard(int(now().timestamp() * 1e6), "message", "10.0.0.1", body) for body in bodies])
    spool.close()


def alerting(home: Home) -> Any:
    from wardkeep.jobs.alerting.process import Alerting

    made = Alerting(home)
    made._learning = True  # nothing to learn from here: the thread of it is tested by itself
    return made


def kept() -> list[tuple[str, str, str]]:
    from wardkeep.govern.alerts.models import LiveAlert

    return list(LiveAlert.objects.order_by("made_at", "id").values_list("detection", "account", "patient_id"))


def turn(home: Home, process: Any = None) -> Any:
    process = process or alerting(home)
    while process.turn(threading.Event()):
        pass
    process._say("", anyway=True)
    return process


def test_what_is_heard_is_judged_by_the_tables_and_kept(home: Home) -> None:
    hear(home, [event("nurse1", "P1"), event("nurse1", "P900"), event("nurse1", "P500"), event("nurse2", "P1")])
    hear(home, [event("maker", "P1", 1, recorded="2026-03-02T08:30:00+08:00"),
                event("maker", "P1", 2, recorded="2026-03-02T12:00:00+08:00")])  # fmt: skip
    process = turn(home)
    assert sorted(kept()) == [
        ("honey", "nurse1", "P900"), ("leaver", "nurse2", ""), ("outside_ticket", "maker", ""),
        ("self_access", "nurse1", "P500"),
    ]  # fmt: skip
    assert (process.judged, process.alerts) == (6, 4)


def test_the_act_names_detections_and_pseudonyms_and_no_identity(home: Home) -> None:
    from wardkeep.govern.alerts.models import LiveAlert
    from wardkeep.seal.digest import pseudonym
    from wardkeep.seal.models import Outbox

    hear(home, [event("nurse1", "P900"), event("nurse1", "P500")])
    turn(home)
    (body,) = [json.loads(row.body) for row in Outbox.objects.all() if '"alert:live:raised"' in row.body]
    assert body["facts"] == {"detections": {"honey": 1, "self_access": 1}}
    assert body["patients"] == sorted(pseudonym("patient", p) for p in ("P900", "P500"))
    assert sorted(row[1] for row in body["rows"]) == sorted(
        str(pk) for pk in LiveAlert.objects.values_list("pk", flat=True)
    )
    assert not any(name in json.dumps(body) for name in ("nurse1", "P900", "P500"))


def test_a_table_that_changes_counts_from_then_on(home: Home, tmp_path: Path) -> None:
    process = turn(home)
    load(home, tmp_path / "hospital", {"patients.csv": "patient_id,name,honey\nP500,林一,\nP900,诱饵,0\nP1,陈某,1\n"})
    process._tables_at = 0.0
    hear(home, [event("nurse1", "P900"), event("nurse1", "P1")])
    turn(home, process)
    assert kept() == [("honey", "nurse1", "P1")]


def test_the_own_record_and_a_decoy_are_known_under_every_number_once_numbers_are_merged(home: Home) -> None:
    from wardkeep.govern.alerts.models import LiveAlert

    process = turn(home)
    hear(home, [event("nurse1", "P502"), event("nurse1", "P901", 1)])
    turn(home, process)
    assert kept() == []
    merge(home, P501="P500", P502="P501", P900="P901")
    process._tables_at = 0.0
    hear(home, [event("nurse1", "P502", 2), event("nurse2", "P901", 3), event("maker", "P502", 4)])
    turn(home, process)
    assert {row for row in kept() if row[0] in ("self_access", "honey")} == {
        ("self_access", "nurse1", "P502"), ("honey", "nurse2", "P901"),
    }  # fmt: skip
    assert LiveAlert.objects.get(detection="self_access").observed == {"other_number": 1}


def test_a_process_that_comes_back_goes_on_and_says_nothing_twice(home: Home) -> None:
    now_ish: dict[str, Any] = {"recorded": now().isoformat()}
    hear(home, [event("nurse1", "P900", **now_ish)])
    turn(home)
    hear(home, [event("nurse1", "P900", 2, **now_ish), event("nurse1", "P500", 3, **now_ish)])
    second = turn(home)
    assert (second.judged, kept()) == (2, [("honey", "nurse1", "P900"), ("self_access", "nurse1", "P500")])


def test_what_the_store_took_while_it_was_away_is_said_and_judged_late(home: Home) -> None:
    recent: dict[str, Any] = {"recorded": now().isoformat()}
    hear(home, [event("nurse1", "P1", **recent)])
    turn(home)
    hear(home, [event("nurse1", "P900", 2, **recent), event("stranger", "P1", 3, **recent)])
    store_all(home)
    hear(home, [event("nurse1", "P500", 4, **recent)])
    process = turn(home)
    assert sorted(kept()) == [("honey", "nurse1", "P900"), ("self_access", "nurse1", "P500")]
    assert process.judged == 3
    status = alerting_status(home, at=now())
    assert (status.runs, status.missed, status.waiting, status.trouble) == (True, 2, 0, "")


def test_what_the_store_took_before_it_had_read_anything_is_judged_too(home: Home) -> None:
    stopped = threading.Event()
    stopped.set()
    alerting(home).run(stopped)  # killed before its first look
    hear(home, [event("nurse1", "P900", recorded=now().isoformat())])
    store_all(home)
    process = turn(home)
    assert (kept(), process.heard["fhir"].missed) == ([("honey", "nurse1", "P900")], 1)


def test_what_is_no_event_stops_nothing(home: Home) -> None:
    hear(home, [b"{", b"", b"\xff\xfe", event("nurse1", "P900")])
    turn(home)
    assert kept() == [("honey", "nurse1", "P900")]


def test_a_database_that_is_away_is_waited_for(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from wardkeep.govern.alerts import actions

    keep, failures = actions.keep, [OperationalError("locked")]

    def sometimes(*args: Any, **more: Any) -> Any:
        if failures:
            raise failures.pop()
        return keep(*args, **more)

    monkeypatch.setattr(actions, "keep", sometimes)
    hear(home, [event("nurse1", "P900")])
    turn(home)
    assert (kept(), failures) == ([("honey", "nurse1", "P900")], [])


def test_what_was_not_kept_is_judged_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from wardkeep.govern.alerts import actions

    def never(*_: Any, **__: Any) -> Any:
        raise OperationalError("locked")

    hear(home, [event("nurse1", "P900")])
    stop = threading.Event()
    stop.set()
    with monkeypatch.context() as patched:
        patched.setattr(actions, "keep", never)
        process = alerting(home)
        with pytest.raises(OperationalError):
            process.turn(stop)
        process._say("", anyway=True)
    assert kept() == []
    turn(home)
    assert kept() == [("honey", "nurse1", "P900")]


def test_a_notice_is_made_at_once_and_tells_only_how_many(home: Home) -> None:
    from wardkeep.govern.notices.models import Told
    from wardkeep.jobs.telling import due

    notices = Notices(webhook="http://127.0.0.1:9/hook")
    home.adopt(dataclasses.replace(home.settings, notices=notices), None)
    hear(home, [event("nurse1", "P900"), event("nurse1", "P500")])
    process = turn(home)
    hear(home, [event("nurse2", "P1")])
    turn(home, process)
    told = [(row.kind, row.count, row.system) for row in Told.objects.order_by("made_at")]
    assert told == [("alert", 2, ""), ("alert", 1, "")]
    assert not any("P900" in str(row.__dict__) for row in Told.objects.all())
    assert [notice.kind for notice in due(home, at=now()) if notice.kind == "alert"] == []


def test_alerts_that_were_left_untold_are_told_by_the_clerk(home: Home) -> None:
    from datetime import timedelta

    from wardkeep.jobs.telling import due

    hear(home, [event("nurse1", "P900")])
    turn(home)
    assert [n.kind for n in due(home, at=now()) if n.kind == "alert"] == []
    (notice,) = [n for n in due(home, at=now() + timedelta(minutes=2)) if n.kind == "alert"]
    assert notice.count == 1


def test_the_first_event_waits_for_what_is_learned(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.jobs.alerting import process
    from wardkeep.jobs.alerting.surroundings import Learned

    may_learn, stop = threading.Event(), threading.Event()

    def learned(*_: Any, **__: Any) -> Learned:
        may_learn.wait(30)
        return Learned(peers={"nurse": 40})

    monkeypatch.setattr(process, "learned_of", learned)
    hear(home, [event("nurse1", f"P{n + 1000}", n) for n in range(60)])
    made = process.Alerting(home)
    runs = threading.Thread(target=made.run, args=(stop,))
    runs.start()
    wait_for(lambda: bool(made.heard["fhir"].follower._files), "the spool's file is held")
    store_all(home)  # takes the file away
    assert made.judged == 0
    may_learn.set()
    wait_for(lambda: made.judged == 60, "what was heard is judged")
    stop.set()
    runs.join(30)
    assert kept() == []  # 60 patients are usual for nurses here
    assert alerting_status(home, at=now()).missed == 0


def test_what_the_last_days_show_is_learned(home: Home) -> None:
    from wardkeep.jobs.alerting.surroundings import known_of, learned_of

    recent = now().isoformat()
    hear(home, [event("NURSE1", f"P{n % 12}", n, recorded=recent) for n in range(40)])
    store_all(home)
    live = LiveSettings(privileged=("Nurse1", "maker"))
    learned = learned_of(home.store(), live, at=now(), memory_limit="1GB")
    assert learned.peers == {}  # one slice of ten minutes is no peer group
    known = known_of(home.store(), live, learned, zone="Asia/Shanghai")
    assert known.honey == {"P900"} and known.holders["nurse1"].own == "P500"
    assert known.privileged == {"nurse1", "maker"} and set(known.places) <= {"nurse1"}
    assert known.holders["maker"].is_vendor and len(known.tickets["maker"]) == 1
    nurse2 = known.holders["nurse2"]
    assert nurse2.until_us == 1_772_380_800_000_000  # midnight in Shanghai after 2026-03-01
    assert learned_of(home.store(), LiveSettings(learned_days=0), at=now(), memory_limit="1GB").sites == {}


def test_where_a_privileged_account_of_no_table_was_used_is_learned_by_any_spelling(home: Home) -> None:
    from wardkeep.jobs.alerting.surroundings import learned_of

    recent = now().isoformat()
    hear(
        home, [event(name, "P1", n, recorded=recent) for n, name in enumerate(["SA", "HOSP\\sa", "saboteur", "nurse1"])]
    )
    store_all(home)
    live = LiveSettings(privileged=("sa",))
    assert set(learned_of(home.store(), live, at=now(), memory_limit="1GB").places) == {"sa"}
