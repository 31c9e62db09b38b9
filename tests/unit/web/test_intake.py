# SPDX-License-Identifier: Apache-2.0
"""The intake page over a real store: what came, what was set aside, and what a person does about it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.stored import NOON, NOON_US, Kept, Set, batch, row
from wardkeep.home import now
from wardkeep.ledger import LedgerReader
from wardkeep.listeners import Intake, Listener
from wardkeep.settings import Settings

HOUR_US = 3_600_000_000
LINE = b"2026-03-02T12:00:00+08:00,e9,nurse.li,P7,read,emr\n"
HEAD = b"time,event_id,account,patient_id,action,system\n"


@pytest.fixture
def kept(house: Any, django_home: Any, tmp_path: Path) -> Iterator[Kept]:
    """A real store with two systems, a readable piece and two that never will be."""
    kept = Kept(tmp_path)
    pieces = [
        Set(raw=LINE, head=HEAD, format="hospital", reason="bad-time: no offset in column time", position="3"),
        Set(raw=b"{", source="fhir.ndjson", position="4"),
        Set(raw=b"[", source="fhir.ndjson", position="9"),
    ]
    events = [row("a", time=NOON_US - HOUR_US), row("b", system="肿瘤科电子病历与随访管理系统（东院区）")]
    kept.take_in(batch(events, pieces), at=NOON + timedelta(hours=2))
    before = django_home.store, django_home.ledger_reader
    django_home.store, django_home.connect_ledger = lambda: kept.store, kept.ledger
    django_home.ledger_reader = lambda: LedgerReader(tmp_path / "ledger")
    yield kept
    django_home.store, django_home.ledger_reader = before
    del django_home.connect_ledger


@contextmanager
def expecting(home: Any, *systems: str) -> Iterator[None]:
    before = home.settings
    home.adopt(dataclasses.replace(before, hospital=dataclasses.replace(before.hospital, systems=systems)), None)
    try:
        yield
    finally:
        home.adopt(before, None)


def the_page(enter: Any, role: str = "data_administrator", **more: Any) -> str:
    return enter(role, **more).get("/intake/").content.decode()


def test_each_system_stands_with_its_last_event_and_its_usual_delay(enter: Any, kept: Kept) -> None:
    page = the_page(enter)
    assert re.search(r"<strong>emr</strong>.*?11:00.*?14:00.*?3 h", page, re.DOTALL)
    assert page.count("<title>2026-03-02: 1</title>") == 2
    assert "wardkeep</strong>" not in page


def test_each_system_stands_with_what_its_clock_is_found_to_be(
    enter: Any, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.watch.cases.casebook import last_run

    run = last_run()
    assert run is not None
    clocks = [("emr", -96.0, True), ("HIS", 0.0, True), ("肿瘤科电子病历与随访管理系统（东院区）", 103.5, False)]
    run.summary["clocks"] = [
        {"system": system, "reference": "HIS", "offset_seconds": ahead, "applied": applied}
        for system, ahead, applied in clocks
    ]
    monkeypatch.setattr("wardkeep.web.intake.read.last_run", lambda: run)
    page = " ".join(the_page(enter).split())
    assert re.search(r"<strong>emr</strong>(?:(?!</tr>).)*96\.0 s behind HIS</div>", page)
    assert re.search(r"东院区）</strong>(?:(?!</tr>).)*103\.5 s ahead of HIS<span[^>]*>unsure, not applied", page)


def test_a_system_that_should_hand_over_and_never_did_is_named(enter: Any, kept: Kept, django_home: Any) -> None:
    assert "never connected" not in the_page(enter)
    with expecting(django_home, "emr", "PACS"):
        page = the_page(enter, name="ma")
    assert re.search(r"<strong>PACS</strong></td>\s*<td[^>]*>.*?never connected", page)


def test_pieces_are_gathered_by_file_and_reason(enter: Any, kept: Kept) -> None:
    page = the_page(enter)
    assert re.search(r"no complete JSON.*?fhir\.ndjson.*?first at 4.*?>2</td>", page, re.DOTALL)
    assert re.search(r"a time that cannot be read.*?events\.csv.*?>1</td>", page, re.DOTALL)
    assert re.findall(r"\bP7\b", page) == [] and "nurse.li" not in page


def test_what_can_be_read_now_is_stored_and_the_act_says_who_asked(enter: Any, kept: Kept) -> None:
    from wardkeep.seal.models import Outbox

    client = enter("data_administrator")
    found = client.post("/intake/read-again/", {"source": "events.csv", "code": "bad-time"}, follow=True)
    assert "1 pieces read now, 0 left." in found.content.decode()
    assert kept.ask("SELECT count(*) FROM events WHERE event_id = 'e9'") == [(1,)]
    (act,) = Outbox.objects.filter(body__contains="intake:quarantine:replayed")
    assert '"actor":"user:' in act.body and '"read":1' in act.body


def test_a_whole_file_is_read_though_one_of_its_records_cannot_be(enter: Any, kept: Kept) -> None:
    text = HEAD + LINE + LINE.replace(b"2026-03-02T", b"someday ").replace(b"e9", b"e10")
    piece = Set(raw=text, format="unknown", reason="unknown-format: text", source="events-east.csv", position="1")
    kept.take_in(batch([], [piece]), at=NOON + timedelta(hours=3))
    client = enter("data_administrator")
    asked = {"source": "events-east.csv", "code": "unknown-format"}
    found = client.post("/intake/read-again/", asked, follow=True).content.decode()
    assert "1 pieces read now, 0 left. 1 of their records is set aside alone." in found
    assert kept.ask("SELECT event_id FROM events WHERE event_id IN ('e9', 'e10')") == [("e9",)]
    waiting = [(p.reason.partition(":")[0], p.position) for p in kept.store.pieces() if p.source == "events-east.csv"]
    assert waiting == [("unknown-format", "1"), ("bad-time", "3")]
    # The file itself waits no more: the same again finds nothing, and what is set aside alone still waits.
    client.post("/intake/read-again/", asked)
    assert [p.state for p in kept.store.pieces() if p.source == "events-east.csv"] == ["replayed", "open"]


def test_what_still_cannot_be_read_stays_and_is_said(enter: Any, kept: Kept) -> None:
    client = enter("data_administrator")
    found = client.post("/intake/read-again/", {"source": "fhir.ndjson", "code": "not-json"}, follow=True)
    assert "0 pieces read now, 2 left." in found.content.decode()
    assert [piece.state for piece in kept.store.pieces()] == ["open", "open", "open"]


def test_pieces_are_closed_with_a_reason_and_kept(enter: Any, kept: Kept) -> None:
    client = enter("data_administrator")
    asked = {"source": "fhir.ndjson", "code": "not-json"}
    assert "Choose why" in client.post("/intake/close/", asked, follow=True).content.decode()
    found = client.post("/intake/close/", {**asked, "why": "test_data"}, follow=True).content.decode()
    assert "2 pieces closed; they are kept." in found and "fhir.ndjson" not in found
    assert [piece.state for piece in kept.store.pieces()] == ["open", "dismissed", "dismissed"]


def test_what_was_closed_in_error_is_opened_again_and_read_with_who_did_each(enter: Any, kept: Kept) -> None:
    from wardkeep.seal.models import Outbox

    client = enter("data_administrator")
    asked = {"source": "events.csv", "code": "bad-time"}
    client.post("/intake/close/", {**asked, "why": "no_record"})
    assert "?closed=1" in client.get("/intake/").content.decode()
    assert "/intake/open-again/" in client.get("/intake/?closed=1").content.decode()
    found = client.post("/intake/open-again/", asked, follow=True).content.decode()
    assert "1 piece waits again." in found and "?closed=1" not in found
    assert "1 pieces read now, 0 left." in client.post("/intake/read-again/", asked, follow=True).content.decode()
    assert [piece.state for piece in kept.store.pieces()] == ["replayed", "open", "open"]
    acts = [json.loads(one.body) for one in Outbox.objects.filter(body__contains="intake:quarantine").order_by("pk")]
    assert [one["act"].rpartition(":")[2] for one in acts] == ["dismissed", "reopened", "replayed"]
    assert len({one["actor"] for one in acts}) == 1 and acts[0]["actor"].startswith("user:")
    # What was read well is not closed and cannot be opened.
    client.post("/intake/open-again/", asked)
    assert [piece.state for piece in kept.store.pieces()] == ["replayed", "open", "open"]


def test_who_may_only_read_is_offered_nothing_to_do(enter: Any, kept: Kept) -> None:
    assert "/intake/read-again/" in the_page(enter)
    page = the_page(enter, "auditor")
    assert "fhir.ndjson" in page and "/intake/read-again/" not in page and "/intake/close/" not in page


def test_a_store_that_is_written_by_somebody_else_is_said_and_nothing_changes(
    enter: Any, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wardkeep.jobs.replaying.PATIENCE", 0.05)
    client = enter("data_administrator")
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON):
        found = client.post("/intake/read-again/", {"source": "events.csv", "code": "bad-time"}, follow=True)
    assert "Nothing was changed" in found.content.decode()
    assert [piece.state for piece in kept.store.pieces()] == ["open", "open", "open"]


def test_without_anything_set_aside_the_page_says_so(enter: Any) -> None:
    assert "Every record that came could be read." in the_page(enter)


@contextmanager
def listening(home: Any, **said: Any) -> Iterator[None]:
    """A listener in the settings, and what the two processes say of it."""
    from wardkeep.jobs.listen.places import LISTENING, STORING, live_folder

    before = home.settings
    ear = Listener(protocol="syslog-udp", port=6514, system="堡垒机")
    home.adopt(dataclasses.replace(before, intake=Intake(listeners={"bastion": ear})), None)
    folder = live_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    at = now().isoformat()
    (folder / LISTENING).write_text(json.dumps({"at": at, "listeners": {"bastion": said}}))
    (folder / STORING).write_text(json.dumps({"at": at, "listeners": {"bastion": {"messages": 41, "set_aside": 2}}}))
    try:
        yield
    finally:
        home.adopt(before, None)


def test_what_is_heard_live_stands_with_what_was_lost(enter: Any, django_home: Any) -> None:
    with listening(django_home, address="127.0.0.1:6514", rate=3.5, dropped=7, spool_bytes=2048):
        page = the_page(enter)
    assert re.search(r"<strong>bastion</strong>.*?堡垒机.*?3\.50.*?41.*?2 set aside.*?7 lost", page, re.DOTALL)
    assert "Nothing listens just now" not in page


def test_a_listener_that_is_not_running_is_said(enter: Any, django_home: Any) -> None:
    with listening(django_home):
        from wardkeep.jobs.listen.places import LISTENING, live_folder

        (live_folder(django_home) / LISTENING).unlink()
        assert "Nothing listens just now" in the_page(enter)


def test_without_a_listener_nothing_is_said_of_listening(enter: Any) -> None:
    assert "Heard live" not in the_page(enter)


def pulled(home: Any, **said: Any) -> None:
    """What the process that pulls says of the one source of the settings."""
    from wardkeep.jobs.listen.places import PULLING, live_folder

    folder = live_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PULLING).write_text(json.dumps({"at": now().isoformat(), "sources": {"his.toml": said}}))


@pytest.fixture
def pulling(django_home: Any) -> Iterator[None]:
    """A source to pull in the settings."""
    from wardkeep.jobs.listen.places import PULLING, live_folder

    before = django_home.settings
    django_home.adopt(dataclasses.replace(before, intake=Intake(pulls=("his.toml",))), None)
    yield
    django_home.adopt(before, None)
    (live_folder(django_home) / PULLING).unlink(missing_ok=True)


def test_a_pulled_source_stands_with_how_far_it_is(enter: Any, django_home: Any, pulling: None) -> None:
    at = now()
    said = {"name": "his-audit", "system": "HIS", "view": "audit.v_access", "every": 60, "rows": 1200, "quarantined": 3}
    said |= {"rate": 41.5, "watermark": "2026-03-02 08:00:00", "watermark_at": (at - timedelta(minutes=4)).isoformat()}
    pulled(django_home, **said, last_success=at.isoformat(), first_try=at.isoformat(), last_row=at.isoformat())
    page = the_page(enter)
    pattern = r"his-audit.*?HIS · audit\.v_access · every 60 s.*?4 m.*?2026-03-02 08:00:00.*?41\.50.*?1,200.*?3 times set aside"
    assert re.search(pattern, page, re.DOTALL) and "Nothing pulls just now" not in page and "cannot be read" not in page


def test_a_pulled_source_that_fails_or_is_silent_is_said(enter: Any, django_home: Any, pulling: None) -> None:
    long_ago, at = (now() - timedelta(days=2)).isoformat(), now().isoformat()
    client = enter("data_administrator")
    pulled(django_home, name="his", last_success=long_ago, trouble="his: no route to host", next_at=at)
    page = client.get("/intake/").content.decode()
    assert "cannot be read" in page and "his: no route to host" in page and "asked again at" in page
    pulled(django_home, name="his", last_success=at, last_row=long_ago)
    page = client.get("/intake/").content.decode()
    assert "sends no more" in page and "cannot be read" not in page


def test_a_process_that_does_not_pull_is_said_and_nothing_where_none_should(
    enter: Any, django_home: Any, pulling: None
) -> None:
    client = enter("data_administrator")
    assert "Nothing pulls just now" in client.get("/intake/").content.decode()
    django_home.adopt(Settings(), None)
    assert "Pulled from databases" not in client.get("/intake/").content.decode()


def test_however_many_pieces_are_closed_the_manifest_is_read_as_often(kept: Kept, monkeypatch: Any) -> None:
    from wardkeep.watch.store.manifest import Manifest

    pieces = [
        Set(raw=b"%d" % n, format="csv", reason="bad-time: x", source="many.csv", position=str(n)) for n in range(40)
    ]
    kept.take_in(batch([], pieces), at=NOON + timedelta(hours=3))
    ids = [piece.id for piece in kept.store.pieces() if piece.source == "many.csv"]
    readings: list[int] = []
    contents = Manifest.contents
    monkeypatch.setattr(Manifest, "contents", lambda self: readings.append(1) or contents(self))

    def closed(some: list[str]) -> int:
        readings.clear()
        with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON + timedelta(hours=4)) as intake:
            for one in some:
                intake.dismissed(one)
        return len(readings)

    assert closed(ids[:2]) == closed(ids[2:])
    assert {piece.state for piece in kept.store.pieces() if piece.source == "many.csv"} == {"dismissed"}
