# SPDX-License-Identifier: Apache-2.0
"""Pulls that are killed, cut, timed out and without room: every row is there once, and no watermark passes what is durable."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import mariadb, postgres
from tests.integration.pull.conftest import MAPPING, TABLE, Puller, Server
from tests.integration.pull.faults import Line, Pullers
from tests.integration.pull.test_process import named, running, source, until
from tests.integration.pull.test_pull import at, names, rows
from tests.integration.store.test_full_disk import small_disk  # noqa: F401
from wardkeep.home import Home
from wardkeep.jobs.pulling import database, source_named
from wardkeep.jobs.pulling import process as pulling
from wardkeep.jobs.pulling import pulling as module
from wardkeep.jobs.pulling.database import ServerLost
from wardkeep.jobs.pulling.pulling import state_file
from wardkeep.settings import render
from wardkeep.watch.pull import read_state

#: Rows, and how many have the same time at the end of each tenth: borders of pages fall among them.
COUNT, ALIKE = 300, 5


@pytest.fixture(scope="module")
def _pullers() -> Iterator[Pullers]:
    made = Pullers()
    yield made
    made.close()


@pytest.fixture
def pullers(_pullers: Pullers, home: Home) -> Pullers:
    """What pulls into the home in processes that may die."""
    home.config.write_text(render(home.settings))
    return _pullers


def filled(pull: Puller) -> None:
    """The table, with rows of one watermark at many places."""
    pull.server.add(*((at(n - n % ALIKE if n % 10 >= ALIKE else n), *one[1:]) for n, one in enumerate(rows(0, COUNT))))


def expect_sound(pull: Puller) -> None:
    """No row is there twice, and none up to the watermark is missing."""
    found = pull.stored()
    assert len(found) == len(set(found))
    state = read_state(state_file(pull.home, "his-audit"))
    if state is not None:
        connection = pull.server.connect()
        cursor = connection.cursor()
        cursor.execute("SELECT account FROM access_log WHERE log_time <= %s", (state.mark,))
        assert {one[0] for one in cursor.fetchall()} <= set(found)
        connection.close()


def expect_whole(pull: Puller, count: int = COUNT) -> None:
    """The next pull brings what is left, and the one after it nothing."""
    pull(batch=30)
    assert sorted(pull.stored()) == names(0, count)
    assert pull(batch=30).accepted == 0


def kill(pull: Puller, pullers: Pullers, **how: Any) -> bool:
    """One pull into the home as it is, killed or without room; then the home is sound. Whether it came to that."""
    code, _ = pullers.run(pull.folder / "source.toml", pull.home.path, **how)
    assert code in (0, 3 if how.get("full") else -9), how  # 3: the error of a full disk
    expect_sound(pull)
    return code != 0


def calls_of(pull: Puller, pullers: Pullers) -> int:
    """How often a whole pull changes the home; it is as before afterwards."""
    kept = pull.folder / "kept"
    shutil.copytree(pull.home.path, kept)
    code, calls = pullers.run(pull.folder / "source.toml", pull.home.path)
    assert code == 0 and calls > 20
    renewed(pull, kept)
    return calls


def renewed(pull: Puller, kept: Path) -> None:
    shutil.rmtree(pull.home.path)
    shutil.copytree(kept, pull.home.path)


#: What the disk does is the same whichever database is read: one of them will do, the soak forms take both.
one_server = pytest.mark.parametrize("server", ["postgres"], indirect=True)


@one_server
@pytest.mark.parametrize("full", [False, True])
def test_a_pull_that_dies_or_has_no_room_at_a_call_costs_nothing(pull: Puller, pullers: Pullers, full: bool) -> None:
    filled(pull)
    pull.write(batch=30)
    calls = calls_of(pull, pullers)
    done = [kill(pull, pullers, at=call, full=full) for call in range(3, calls, calls // 4)]
    assert sum(done) >= 2
    expect_whole(pull)


def test_pulls_that_are_killed_at_any_moment_end_whole(pull: Puller, pullers: Pullers) -> None:
    filled(pull)
    pull.write(batch=30, rate=600)
    chance = random.Random(5)
    done = [kill(pull, pullers, after=chance.uniform(0.05, 0.4)) for _ in range(4)]
    assert any(done)
    expect_whole(pull)


@pytest.mark.soak
@pytest.mark.parametrize("full", [False, True])
def test_a_pull_that_dies_or_has_no_room_at_many_calls_costs_nothing(
    pull: Puller, pullers: Pullers, full: bool
) -> None:
    filled(pull)
    pull.write(batch=30)
    calls = calls_of(pull, pullers)
    kept = pull.folder / "kept"
    for call in range(1, calls + 1, max(1, calls // 40)):
        kill(pull, pullers, at=call, full=full)
        expect_whole(pull)
        renewed(pull, kept)


@pytest.mark.soak
def test_fifty_kills_of_pulls_while_rows_come_in(pull: Puller, pullers: Pullers) -> None:
    pull.write(batch=30, rate=600)
    chance = random.Random(int(os.environ.get("SEED", "17")))
    there = 0
    for _ in range(50):
        more = chance.randrange(0, 80)
        pull.server.add(*rows(there, there + more))
        there += more
        kill(pull, pullers, after=chance.uniform(0.05, 1.0))
    expect_whole(pull, there)


@pytest.fixture
def line(pull: Puller, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """The way to the server, and a source that goes by it."""
    port = pull.server.url.rpartition("127.0.0.1:")[2].partition("/")[0]
    made = Line(int(port))
    monkeypatch.setattr(module, "GATHER", 40)
    pull.write(batch=30, url=pull.server.url.replace(f":{port}/", f":{made.port}/"))
    yield made
    made.close()


def through(pull: Puller) -> Any:
    """A pull by the way that the source file names."""
    from tests.conftest import NOON

    return module.pull_source(pull.home, source_named(pull.folder / "source.toml"), at=NOON)


def test_a_line_that_is_cut_in_the_middle_of_a_result_costs_nothing(pull: Puller, line: Line) -> None:
    filled(pull)
    for size in (0, 700, 2_500, 9_001, 14_000, 21_000):
        line.left = size
        with contextlib.suppress(ServerLost):
            through(pull)
        expect_sound(pull)
    assert line.cuts >= 4
    line.left = None
    through(pull)
    assert sorted(pull.stored()) == names(0, COUNT)
    expect_whole(pull)


def test_a_line_that_goes_mute_is_left_after_the_time_of_a_statement(
    pull: Puller, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "CONNECT", 1)
    filled(pull)
    path = pull.folder / "source.toml"
    path.write_text(path.read_text() + "statement_timeout = 1\n")
    line.left, line.mute = 9_001, True
    with pytest.raises(ServerLost):
        through(pull)
    assert line.cuts
    expect_sound(pull)
    expect_whole(pull)


def test_what_comes_before_a_statement_that_takes_too_long_is_kept(pull: Puller) -> None:
    filled(pull)
    slow = "pg_sleep(9)::text" if pull.server.kind == "postgres" else "SLEEP(9)"
    # In its order, so that the slow row is come to last.
    pull.server.do(
        "DROP VIEW v_access",
        "CREATE VIEW v_access AS SELECT log_time, account, patient, what, said, "
        f"CASE WHEN account = 'u0150' THEN {slow} ELSE 'x' END AS z FROM access_log ORDER BY log_time",
    )
    mapping = MAPPING + '[extra]\nz = "z"\n'
    with pytest.raises(ServerLost):
        pull(batch=30, statement_timeout=2, mapping=mapping)
    expect_sound(pull)
    kept = pull.stored()
    assert 0 < len(kept) <= 150 and "u0150" not in kept
    pull.server.do("DROP VIEW v_access", "CREATE VIEW v_access AS SELECT *, 'x' AS z FROM access_log")
    assert pull(batch=30, mapping=mapping).accepted == COUNT - len(kept)
    assert sorted(pull.stored()) == names(0, COUNT)


@one_server
def test_a_home_without_room_refuses_and_goes_on_with_room(
    pull: Puller,
    small_disk: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled(pull)
    monkeypatch.setattr(module, "GATHER", 40)
    shutil.move(pull.home.path, small_disk / "home")
    pull.home.path.symlink_to(small_disk / "home")
    ballast, refused = small_disk / "ballast", 0
    for room in (0, 60_000, 120_000, 200_000, 300_000, 450_000):
        free = os.statvfs(small_disk)
        ballast.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - room)))
        try:
            pull(batch=30)
        except Exception as error:
            assert isinstance(error, OSError) or getattr(type(error), "exit_status", 0) == 3, repr(error)
            refused += 1
        ballast.unlink()
        expect_sound(pull)
    assert refused >= 2
    expect_whole(pull)


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_database_that_is_stopped_and_started_again_is_pulled_on(
    kind: str, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "pause_after", lambda failures, every: 0.2)
    with stoppable(kind) as (server, stop, start):
        pull = Puller(tmp_path, server, home)
        server.do(TABLE.format(time="timestamp(6)"), "CREATE VIEW v_access AS SELECT * FROM access_log")
        filled(pull)
        pull.write(batch=30, every=1, rate=150)
        named(pull, "source.toml")
        with running(home) as end:
            until(lambda: source(home).last_success or source(home).rate)
            stop()
            until(lambda: source(home).trouble)
            before = source(home).rows
            start()
            server.add(*rows(COUNT, COUNT + 50))
            well = until(lambda: (one := source(home)).rows >= COUNT + 50 and not one.trouble and one)
            assert end()
        expect_sound(pull)
        assert before <= COUNT and well.rows == COUNT + 50
        expect_whole(pull, COUNT + 50)


@contextlib.contextmanager
def stoppable(kind: str) -> Iterator[tuple[Server, Callable[[], None], Callable[[], None]]]:
    """A server of the test's own, with what kills it and what starts it again."""
    if kind == "mariadb":
        try:
            with mariadb.a_server() as own, contextlib.ExitStack() as later:
                running = [own.process]

                def stop() -> None:
                    running[-1].kill()
                    running[-1].wait()

                def start() -> None:
                    running.append(subprocess.Popen(own.process.args, stderr=subprocess.DEVNULL))
                    until(lambda: _answers(lambda: own.connect().close()))

                later.callback(stop)
                own.connect().cursor().execute("ALTER USER root@localhost IDENTIFIED BY ''")
                yield Server("mariadb", own.url + "?charset=utf8mb4", ""), stop, start
        except mariadb.NoMariaDB as exc:
            pytest.skip(str(exc))
        return
    try:
        place = postgres.binaries()
    except postgres.NoPostgres as exc:
        pytest.skip(str(exc))
    import psycopg

    with postgres.a_server(durable=True) as url:
        password = url.partition("wardkeep:")[2].partition("@")[0]
        with psycopg.connect(url) as connection:
            data, port = (connection.execute(f"SHOW {name}").fetchone()[0] for name in ("data_directory", "port"))
        as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        control = [*as_owner, str(place / "pg_ctl"), "-D", data, "-w"]
        options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="

        def do(*words: str) -> None:
            subprocess.run([*control, *words], check=True, capture_output=True, cwd="/")

        plain = url.replace(f"wardkeep:{password}@", "wardkeep@").replace("postgresql://", "postgresql+psycopg://")
        yield (
            Server("postgres", plain, password),
            lambda: do("-m", "immediate", "stop"),
            lambda: do("-l", f"{data}/again.log", "-o", options, "start"),
        )


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception:
        return False
    return True
