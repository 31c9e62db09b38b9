# SPDX-License-Identifier: Apache-2.0
"""One source's turns: what a failure says, how long it waits, and what is counted. What is pulled is played."""

from __future__ import annotations

import errno
import logging
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wardkeep.home import Home
from wardkeep.jobs.pulling import PullBusy, Pulled, process
from wardkeep.jobs.pulling.database import ServerLost
from wardkeep.jobs.pulling.process import BUSY, TOLD, SourceThread, told
from wardkeep.jobs.pulling.status import Tally
from wardkeep.settings import Settings
from wardkeep.watch.pull import BadSource
from wardkeep.watch.store import StoreFull


class Play:
    """A source whose pulls end as they are told to: with what they brought, or with an error after that."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.ends: list[tuple[Pulled, Exception | None]] = []
        home = Home(folder)
        home.adopt(Settings(), None)
        self.stop = threading.Event()
        self.thread = SourceThread(home, "his.toml", self.stop, Tally())
        source = SimpleNamespace(name="his", view="v", every=10)
        given = SimpleNamespace(source=source, mapping=SimpleNamespace(system="HIS", zone=None))
        monkeypatch.setattr(process, "source_named", lambda path: given)
        monkeypatch.setattr(process, "pull_source", self._pull)

    def _pull(self, home: Home, given: Any, *, progress: Any, **_: Any) -> Pulled:
        pulled, error = self.ends.pop(0)
        progress(pulled)
        if error is not None:
            raise error
        return pulled

    def turn(self, pulled: Pulled | None = None, error: Exception | None = None) -> float:
        """How long the source waits after such a pull."""
        self.ends.append((pulled or Pulled(), error))
        return self.thread.turn()


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Play:
    return Play(monkeypatch, tmp_path)


def test_a_source_that_fails_waits_twice_as_long_each_time_and_then_as_before(play: Play) -> None:
    assert [play.turn(error=ServerLost("his: gone")) for _ in range(8)] == [10, 20, 40, 80, 160, 320, 600, 600]
    tally = play.thread.tally
    assert (tally.trouble, tally.failures, tally.last_success) == ("his: gone", 8, None)
    assert play.turn(Pulled(read=3, accepted=2, duplicates=1)) == 10
    assert (tally.trouble, tally.failures, tally.rows, tally.duplicates) == ("", 0, 2, 1) and tally.last_success
    assert play.turn(error=ServerLost("his: gone")) == 10


def test_a_source_that_is_lost_each_time_but_brings_rows_does_not_wait_longer(play: Play) -> None:
    waits = [play.turn(Pulled(read=5, accepted=5), ServerLost("his: gone")) for _ in range(4)]
    assert waits == [10] * 4 and play.thread.tally.rows == 20 and play.thread.tally.last_row
    assert play.turn(Pulled(read=5, duplicates=5), ServerLost("his: gone")) == 20  # known ones are no progress


def test_another_pull_of_the_source_is_no_fault(play: Play) -> None:
    assert play.turn(error=PullBusy("busy")) == BUSY
    assert (play.thread.tally.failures, play.thread.tally.trouble) == (0, "")


def test_being_told_to_stop_is_no_fault(play: Play) -> None:
    play.stop.set()
    assert play.turn(error=ServerLost("his: gone")) == 0 and not play.thread.tally.trouble
    play.turn(Pulled(stopped=True, read=1, accepted=1))
    assert play.thread.tally.rows == 1 and play.thread.tally.last_success is None


def test_a_fault_of_ours_is_told_without_what_a_record_said(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="wardkeep.jobs"):
        assert play.turn(error=ValueError("患者王芳")) == 10
    assert play.thread.tally.trouble == "ValueError (a fault in Wardkeep)"
    assert "pulling his.toml failed: ValueError at test_pace.py:" in caplog.text and "王芳" not in caplog.text


def test_what_went_wrong_is_told_in_one_short_line() -> None:
    assert told(BadSource("a\n  b")) == "a b" and len(told(ServerLost("x" * 999))) == TOLD
    assert told(OSError(errno.ENOSPC, "No space left on device", "/home/x")) == "No space left on device: /home/x"
    assert told(OSError()) == "OSError" and "full" in told(StoreFull("the disk is full"))
