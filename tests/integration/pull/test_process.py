# SPDX-License-Identifier: Apache-2.0
"""The process that pulls, on real servers: at its interval, source by source, through faults, and ended in the middle."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.pull.conftest import MAPPING, Puller
from tests.integration.pull.test_pull import names, rows
from wardkeep.home import Home, now
from wardkeep.jobs.pulling import PullBusy
from wardkeep.jobs.pulling import process as pulling
from wardkeep.jobs.pulling.lock import alone
from wardkeep.jobs.pulling.pulling import state_file
from wardkeep.jobs.pulling.status import PulledSource, pulls_of
from wardkeep.settings import parse_settings


def named(pull: Puller, *files: str) -> Home:
    """The home with sources to pull."""
    sources = [str(pull.folder / file) for file in files]
    pull.home.adopt(parse_settings({"intake": {"pulls": sources}}), None)
    return pull.home


def another(pull: Puller, file: str, **more: Any) -> None:
    """A second source file beside the first."""
    before = (pull.folder / "source.toml").read_text() if (pull.folder / "source.toml").exists() else None
    (pull.folder / file).write_text(pull.write(**more).read_text())
    if before is not None:
        (pull.folder / "source.toml").write_text(before)


@contextmanager
def running(home: Home) -> Iterator[Callable[[], bool]]:
    """The process's work in a thread. Calling what it gives ends it; whether every thread ended by itself."""
    stop, ended = threading.Event(), []
    thread = threading.Thread(target=lambda: ended.append(pulling.pull_until(home, stop)))
    thread.start()

    def end() -> bool:
        stop.set()
        thread.join(120)
        return ended == [True]

    try:
        yield end
    finally:
        end()


def until(happened: Callable[[], Any], within: float = 120.0) -> Any:
    """What `happened` says, as soon as it says something."""
    deadline = time.monotonic() + within
    while not (found := happened()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


def source(home: Home, number: int = 0) -> PulledSource:
    return pulls_of(home, at=now()).sources[number]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "SAY_EVERY", 0.05)
    monkeypatch.setattr(pulling, "BUSY", 0.1)


def test_a_source_is_pulled_again_and_again_and_says_how_it_is(pull: Puller) -> None:
    pull.write(every=1)
    home = named(pull, "source.toml")
    pull.server.add(*rows(0, 120))
    with running(home) as end:
        first = until(lambda: (one := source(home)).rows == 120 and one.last_success and one)
        assert (first.name, first.system, first.view, first.every) == ("his-audit", "HIS", "v_access", 1)
        assert first.watermark == "2026-03-02 08:01:59.000000" and first.behind is not None
        assert first.rate > 0 and not first.trouble and not first.silence and pulls_of(home, at=now()).running
        pull.server.add(*rows(120, 150), ("2026-03-02 08:02:40", "u", "P", "焚烧", ""))
        until(lambda: (source(home).rows, source(home).quarantined) == (150, 1))
        assert end()
    assert pull.stored() == names(0, 150)
    with running(home) as end:  # what was counted before goes on
        until(lambda: source(home).last_success != first.last_success)
        assert end() and source(home).rows == 150


def test_a_source_that_is_slow_lost_or_wrong_stops_no_other(pull: Puller) -> None:
    pull.write(every=1)
    sleep = "(SELECT 1 FROM pg_sleep(60))" if pull.server.kind == "postgres" else "SLEEP(60)"
    pull.server.do(
        "DROP VIEW IF EXISTS v_slow",
        f"CREATE VIEW v_slow AS SELECT log_time, account, patient, what, said, {sleep} AS z FROM access_log",
    )
    port = pull.server.url.rpartition("127.0.0.1:")[2].partition("/")[0]
    another(pull, "lost.toml", name="lost", every=1, url=pull.server.url.replace(f":{port}/", ":1/"))
    another(pull, "wrong.toml", name="wrong", every=1, watermark="no_such")
    (pull.folder / "broken.toml").write_text("name = ")
    (pull.folder / "slow.map.toml").write_text(MAPPING + '[extra]\nz = "z"\n')
    another(pull, "slow.toml", name="slow", every=1, view="v_slow", statement_timeout=300)
    (pull.folder / "slow.toml").write_text((pull.folder / "slow.toml").read_text().replace("his.toml", "slow.map.toml"))
    pull.server.add(*rows(0, 3))
    home = named(pull, "slow.toml", "lost.toml", "wrong.toml", "broken.toml", "none.toml", "source.toml")
    with running(home) as end:
        until(lambda: source(home, 5).rows == 3)
        pull.server.add(*rows(3, 6))
        until(lambda: source(home, 5).rows == 6)
        lost, wrong, broken, none = until(
            lambda: all(source(home, n).trouble for n in range(1, 5)) and pulls_of(home, at=now()).sources[1:5]
        )
        until(lambda: pull_is_asked(pull))
        begun = time.monotonic()
        assert end()  # also in the middle of a statement that would go on for a minute
        assert time.monotonic() - begun < 30
    assert "lost: OperationalError" in lost.trouble and "no column no_such" in wrong.trouble
    assert "broken.toml" in broken.trouble and "none.toml cannot be read" in none.trouble
    assert not source(home, 0).trouble, "being told to stop is no fault"
    assert pull.server.password not in (home.data_folder / "live" / "pulling.json").read_text()
    until(lambda: not pull_is_asked(pull))


def pull_is_asked(pull: Puller) -> bool:
    """Whether the server is at work on the slow view."""
    connection = pull.server.connect()
    cursor = connection.cursor()
    if pull.server.kind == "postgres":
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%v_slow%' AND state = 'active' "
            "AND pid <> pg_backend_pid()"
        )
    else:
        cursor.execute(
            "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%v_slow%' AND id <> CONNECTION_ID()"
        )
    found = cursor.fetchone()[0]
    connection.close()
    return bool(found)


def test_a_source_that_is_mended_goes_on_where_it_stopped(pull: Puller) -> None:
    path = pull.write(every=1)
    home = named(pull, "source.toml")
    pull.server.add(*rows(0, 60))
    pull.server.do("DROP VIEW v_access")
    with running(home) as end:
        until(lambda: "v_access" in source(home).trouble)
        pull.server.do("CREATE VIEW v_access AS SELECT * FROM access_log")
        well = until(lambda: (one := source(home)).rows == 60 and not one.trouble and one)
        assert well.last_success is not None
        path.write_text(path.read_text().replace("every = 1", "every = 2"))
        until(lambda: source(home).every == 2)
        assert end()
    assert pull.stored() == names(0, 60)


def test_a_pull_by_hand_beside_it_is_safe(pull: Puller) -> None:
    pull.write(every=1)
    home = named(pull, "source.toml")
    pull.server.add(*rows(0, 60))
    lock = state_file(home, "his-audit").with_suffix(".lock")
    with alone(lock, wait=0.0):
        with pytest.raises(PullBusy, match="another pull of his-audit goes on") as busy, alone(lock, wait=0.0):
            pass
        assert busy.value.exit_status == 3
        with running(home) as end:
            until(lambda: pulls_of(home, at=now()).running)
            assert end()
        assert (source(home).rows, source(home).trouble, source(home).last_success) == (0, "", None)
    with running(home) as end:
        pull(every=1)
        until(lambda: source(home).last_success)
        assert end()
    assert pull.stored() == names(0, 60)


def test_nothing_is_said_of_a_source_before_the_process_ran(home: Home, tmp_path: Path) -> None:
    home.adopt(parse_settings({"intake": {"pulls": ["his.toml"]}}), None)
    found = pulls_of(home, at=now())
    assert (found.running, found.sources[0].name, found.sources[0].silence) == (False, "his", "")
    status = home.data_folder / "live" / "pulling.json"
    status.parent.mkdir(parents=True)
    for broken in ("", "[]", '{"sources": 3}', '{"sources": {"his.toml": {"rows": "x"}}}'):
        status.write_text(broken)
        assert pulls_of(home, at=now()).sources[0].rows == 0
