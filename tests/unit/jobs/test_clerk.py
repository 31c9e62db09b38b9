# SPDX-License-Identifier: Apache-2.0
"""The clerk's duties: each at its time, none stopped by another's fault, the nightly pass once a night."""

from __future__ import annotations

import logging
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.rows import a_run
from wardkeep.home import Home

pytestmark = pytest.mark.usefixtures("rows")


@pytest.fixture
def clerk(django_home: Home) -> Any:
    from wardkeep.jobs.clerk import Clerk

    return Clerk(django_home)


def at(text: str) -> datetime:
    """A moment of the hospital's day, in Shanghai."""
    return datetime.fromisoformat(f"2026-03-03T{text}:00+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("clock", "due"),
    [("02:29", False), ("02:30", True), ("08:29", True), ("08:30", False), ("23:00", False)],
)
def test_the_nightly_pass_is_due_at_its_hour_and_for_some_hours_after(clock: str, due: bool, django_home: Home) -> None:
    from wardkeep.jobs.clerk import nightly_due

    assert nightly_due(django_home, at(clock)) == due


@pytest.mark.parametrize(
    ("trigger", "started", "due"),
    [
        ("nightly", "02:31", False),  # it has begun
        ("command", "02:31", True),  # somebody else's judgement is not the pass
        ("nightly", "01:00", True),  # that one was of the night before, late
    ],
)
def test_a_pass_that_was_stored_is_not_due_again(trigger: str, started: str, due: bool, django_home: Home) -> None:
    from wardkeep.jobs.clerk import nightly_due

    a_run(trigger=trigger, started_at=at(started))
    assert nightly_due(django_home, at("03:00")) == due


def test_a_pass_that_fails_is_not_started_over_and_over(clerk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.jobs import clerk as module

    started: list[list[str]] = []

    class Fails:
        def __init__(self, words: list[str], **_: Any) -> None:
            started.append(words)

        def poll(self) -> int:
            return 3

    moment = [at("02:30")]
    monkeypatch.setattr(module.subprocess, "Popen", Fails)
    monkeypatch.setattr(module, "now", lambda: moment[0])
    for minutes in range(0, 180, 1):
        moment[0] = at("02:30") + timedelta(minutes=minutes)
        clerk.judge_when_due()
    assert 2 <= len(started) <= 6
    assert "--trigger" in started[0]


def test_a_pass_that_runs_is_not_started_beside_itself(clerk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.jobs import clerk as module

    started: list[list[str]] = []

    class Runs:
        def __init__(self, words: list[str], **_: Any) -> None:
            started.append(words)

        def poll(self) -> None:
            return None

    monkeypatch.setattr(module.subprocess, "Popen", Runs)
    monkeypatch.setattr(module, "now", lambda: at("02:31"))
    for _ in range(5):
        clerk.judge_when_due()
    assert len(started) == 1
    assert "--from" not in started[0], "before the first run everything is judged"


@pytest.mark.parametrize(("newest", "since"), [("2026-03-02", "2026-01-31"), ("2025-10-31", "2025-10-01")])
def test_the_nightly_pass_looks_back_from_the_newest_event_of_the_hospital(
    newest: str, since: str, django_home: Home
) -> None:
    from wardkeep.jobs.clerk import EPOCH, nightly_since

    assert nightly_since(django_home, at("02:31")) is None
    moment = datetime.fromisoformat(f"{newest}T00:00:00+00:00")
    us = (moment - EPOCH) // timedelta(microseconds=1)
    ours = (at("02:00") - EPOCH) // timedelta(microseconds=1)
    a_run(summary={"last_event_us": {"HIS": us, "LIS": us - 1, "wardkeep": ours}})
    assert nightly_since(django_home, at("02:31")) == datetime.fromisoformat(f"{since}T00:00:00+00:00")


def test_each_duty_is_done_when_its_time_has_come(clerk: Any) -> None:
    from wardkeep.jobs.clerk import Duty

    done: list[str] = []
    clerk.duties = [
        Duty("often", timedelta(seconds=1), lambda: done.append("often"), NOON),
        Duty("seldom", timedelta(seconds=10), lambda: done.append("seldom"), NOON + timedelta(seconds=5)),
    ]
    for second in range(12):
        clerk.turn(NOON + timedelta(seconds=second))
    assert (done.count("often"), done.count("seldom")) == (12, 1)


def test_a_duty_that_fails_is_said_without_its_message_and_stops_no_other(
    clerk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from wardkeep.jobs.clerk import Duty

    done: list[int] = []

    def fails() -> None:
        raise ValueError("P-0001")

    clerk.duties = [
        Duty("first", timedelta(seconds=1), fails, NOON),
        Duty("second", timedelta(seconds=1), lambda: done.append(1), NOON),
    ]
    with caplog.at_level(logging.ERROR):
        clerk.turn(NOON)
        clerk.turn(NOON + timedelta(seconds=1))
    assert done == [1, 1]
    assert "first failed: ValueError" in caplog.text
    assert "P-0001" not in caplog.text


def test_what_was_committed_last_is_carried_before_the_clerk_ends(clerk: Any) -> None:
    from wardkeep.jobs.clerk import Duty

    done: list[str] = []
    clerk.duties = [Duty("drain", timedelta(hours=1), lambda: done.append("drain"), NOON + timedelta(days=9999))]
    stop = threading.Event()
    stop.set()
    clerk.run(stop)
    assert done == ["drain"]


def test_the_clerk_drains_feeds_settles_judges_joins_and_keeps_the_day(clerk: Any) -> None:
    names = ["drain", "feed", "settle", "nightly", "compact", "daily", "records", "doubts", "tell"]
    assert [duty.name for duty in clerk.duties] == names


def test_segments_are_joined_when_it_is_worth_it_and_by_one_process(
    clerk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.jobs import clerk as module
    from wardkeep.watch.store import compaction

    started: list[list[str]] = []

    class Runs:
        def __init__(self, words: list[str], **_: Any) -> None:
            started.append(words)

        def poll(self) -> None:
            return None

    monkeypatch.setattr(module.subprocess, "Popen", Runs)
    monkeypatch.setattr(compaction, "due", lambda _: False)
    clerk.compact_when_worth()
    assert started == []
    monkeypatch.setattr(compaction, "due", lambda _: True)
    clerk.compact_when_worth()
    clerk.compact_when_worth()
    ((_, _, _, *words),) = started
    assert words[:3] == ["store", "compact", "--json"]


@pytest.mark.parametrize(
    ("clock", "tried", "due"),
    [
        ("03:29", None, False),
        ("03:30", None, True),
        ("09:30", None, False),  # a night that was missed is made up for some hours
        ("05:00", ("03:31", "checked"), False),
        ("05:00", ("03:00", "checked"), True),  # by hand, before its hour
        ("04:00", ("03:31", "not_evaluated"), False),
        ("05:00", ("03:31", "not_evaluated"), True),  # one that could not be read is tried again
    ],
)
def test_signed_records_are_due_once_a_night_until_their_source_could_be_read(
    clock: str, tried: tuple[str, str] | None, due: bool, django_home: Home
) -> None:
    import dataclasses

    from wardkeep.govern.records import actions
    from wardkeep.govern.records.models import RecordCheck
    from wardkeep.jobs import records_nightly
    from wardkeep.settings import Records

    if tried is not None and tried[1] == "checked":
        actions.keep(RecordCheck(source="notes", at=at(tried[0]), outcome="checked"), (), by="jobs")
    elif tried is not None:
        actions.not_evaluated("notes", "gone", at=at(tried[0]), by="jobs")
    before = django_home.settings
    django_home.adopt(dataclasses.replace(before, records=Records(sources=("notes.toml",))), None)
    try:
        assert records_nightly.due(django_home, at(clock)) == (["notes.toml"] if due else [])
    finally:
        django_home.adopt(before, None)


def test_records_are_checked_by_one_process_at_a_time(clerk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.jobs import clerk as module
    from wardkeep.jobs import records_nightly

    started: list[list[str]] = []

    class Runs:
        def __init__(self, words: list[str], **_: Any) -> None:
            started.append(words)

        def poll(self) -> int | None:
            return 1

    monkeypatch.setattr(module.subprocess, "Popen", Runs)
    monkeypatch.setattr(records_nightly, "due", lambda *_: ["notes.toml"])
    clerk.check_records_when_due()
    clerk.check_records_when_due()  # it ended without a word, and is not begun over and over
    ((_, _, _, *words),) = started
    assert words[:3] == ["records", "nightly", "--only-due"]


def test_acts_stay_safe_where_the_ledger_cannot_be_had(django_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.jobs.draining import drain_here
    from wardkeep.ledger import LedgerUnavailable
    from wardkeep.seal.outbox import waiting

    def locked(**_: Any) -> Any:
        raise LedgerUnavailable("locked")

    a_run(id=uuid.uuid4())
    before = waiting()
    assert before > 0
    monkeypatch.setattr(django_home, "connect_ledger", locked, raising=False)
    said: list[str] = []
    assert drain_here(django_home, say=said.append) == 0
    assert waiting() == before
    assert str(before) in said[0]
