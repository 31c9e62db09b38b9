# SPDX-License-Identifier: Apache-2.0
"""The supervisor: order of starting and ending, patience, pauses, one lock, one port. Its children are small here."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wardkeep.home import Home
from wardkeep.jobs import supervisor as supervising
from wardkeep.jobs.supervisor import CHILDREN, FIRST_PAUSE, LONGEST_PAUSE, ServeError, Supervisor, checkpoint
from wardkeep.settings import Settings, parse_settings

SLEEPS = "import time; time.sleep(60)"
DIES = "raise SystemExit(7)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


class Small(Supervisor):
    """Runs a line of Python in the place of each process, and remembers when it started what."""

    def __init__(self, home: Home, **lines: str) -> None:
        self.said: list[str] = []
        super().__init__(home, bind="127.0.0.1", port=0, say=self.said.append)
        self.lines = {**dict.fromkeys(CHILDREN, SLEEPS), **lines}
        self.began: list[str] = []

    def _start(self, child: Any) -> None:
        child.started = time.monotonic()
        self.began.append(child.name)
        child.process = subprocess.Popen([sys.executable, "-c", self.lines[child.name]], stdout=subprocess.PIPE)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.adopt(Settings(), None)
    return made


@pytest.fixture
def supervisor(home: Home) -> Iterator[Small]:
    made = Small(home)
    yield made
    made.close()


def test_processes_start_in_order_and_end_in_the_opposite_one(
    supervisor: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor.open()
    supervisor.start()
    processes = {name: supervisor.children[name].process for name in CHILDREN}
    ended: list[str] = []
    for name, process in processes.items():
        assert process is not None

        def wait(timeout: float | None = None, *, name: str = name, plain: Any = process.wait) -> int:
            ended.append(name)
            return int(plain(timeout))

        monkeypatch.setattr(process, "wait", wait)
    supervisor.close()
    assert supervisor.began == list(CHILDREN)
    assert ended == list(reversed(CHILDREN))
    assert all(process is not None and process.poll() is not None for process in processes.values())


def test_a_process_that_died_starts_again_alone_after_a_pause(supervisor: Small) -> None:
    supervisor.start()
    child = supervisor.children["clerk"]
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    supervisor.tend()
    assert child.process is None, "not before its pause is over"
    child.not_before = 0
    supervisor.tend()
    assert child.process is not None
    assert child.process.poll() is None
    assert supervisor.began == [*CHILDREN, "clerk"]
    assert any("clerk ended with status -9" in line for line in supervisor.said)


def test_pauses_grow_to_a_limit_and_shrink_after_a_long_life(supervisor: Small) -> None:
    supervisor.start()
    child = supervisor.children["web"]
    pauses = []
    for _ in range(9):
        assert child.process is not None
        child.process.kill()
        child.process.wait()
        pauses.append(child.pause)
        child.not_before = 0
        supervisor.tend()
        child.not_before = 0
        supervisor.tend()
    assert pauses[:4] == [FIRST_PAUSE, 1.0, 2.0, 4.0]
    assert pauses[-1] == LONGEST_PAUSE
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    child.started -= supervising.WELL_AFTER + 1
    supervisor.tend()
    assert child.pause == 2 * FIRST_PAUSE


def test_what_does_not_end_by_itself_is_ended(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervising, "PATIENCE", 0.3)
    supervisor = Small(home, clerk=DEAF)
    supervisor.start()
    clerk = supervisor.children["clerk"].process
    assert clerk is not None
    assert clerk.stdout is not None
    clerk.stdout.readline()
    supervisor.close()
    assert clerk.returncode == -9
    assert any("clerk did not end" in line for line in supervisor.said)


def test_nothing_is_started_again_once_it_is_stopping(supervisor: Small) -> None:
    supervisor.lines["web"] = DIES
    supervisor.start()
    child = supervisor.children["web"]
    assert child.process is not None
    child.process.wait()
    supervisor.stop()
    supervisor.tend()
    child.not_before = 0
    supervisor.tend()
    assert supervisor.began == list(CHILDREN)


def test_a_home_is_served_once_at_a_time(home: Home, supervisor: Small) -> None:
    supervisor.open()
    second = Small(home)
    with pytest.raises(ServeError, match="being served already"):
        second.open()
    supervisor.close()
    assert second.open() > 0
    second.close()


def test_a_port_that_is_taken_is_named_with_the_way_out(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        supervisor = Small(home)
        supervisor.port = port
        with pytest.raises(ServeError, match=f"port {port}") as caught:
            supervisor.open()
        supervisor.close()
    assert "--port" in caught.value.hint
    # The lock is let go: the next attempt is not told that the home is served.
    again = Small(home)
    again.open()
    again.close()


def test_the_write_ahead_log_is_moved_into_the_database(tmp_path: Path) -> None:
    database = tmp_path / "rows.sqlite3"
    writer = sqlite3.connect(database)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("PRAGMA wal_autocheckpoint=0")
    writer.execute("CREATE TABLE t (x)")
    writer.executemany("INSERT INTO t VALUES (?)", [("x" * 1000,)] * 500)
    writer.commit()
    log = tmp_path / "rows.sqlite3-wal"
    assert log.stat().st_size > 100_000
    checkpoint(database)
    assert log.stat().st_size == 0
    checkpoint(tmp_path / "none.sqlite3")
    assert not (tmp_path / "none.sqlite3").exists()
    writer.close()


def test_a_process_pulls_only_where_a_source_is_named(home: Home) -> None:
    assert "pulling" not in Small(home).children
    home.adopt(parse_settings({"intake": {"pulls": ["his.toml"]}}), None)
    assert list(Small(home).children) == [*CHILDREN, "pulling"]
