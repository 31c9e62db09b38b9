# SPDX-License-Identifier: Apache-2.0
"""`wardkeep serve` pulls by itself: through a kill, beside a pull by hand, and ended in the middle of a statement."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.acceptance.commands import Served, alive, serving, wardkeep
from tests.acceptance.commands import eventually as soon
from tests.acceptance.program import stored
from tests.acceptance.test_pull import made
from wardkeep.home import Home, now
from wardkeep.jobs.pulling.status import PulledSource, pulls_of


def served(tmp_path: Path, postgres_url: str, **changes: tuple[str, str]) -> tuple[Path, Path]:
    """A home whose settings name a source, and the source file."""
    home, source, _ = made(tmp_path, postgres_url)
    text = source.read_text() + "every = 1\n"
    for before, after in changes.values():
        text = text.replace(before, after)
    source.write_text(text)
    config = home / "config.toml"
    config.write_text(config.read_text().replace("pulls = []", f"pulls = [{json.dumps(str(source))}]"))
    assert str(source) in config.read_text()
    return home, source


def shown(home: Path) -> PulledSource:
    return pulls_of(Home(home), at=now()).sources[0]


def eventually(ask: Callable[[], Any]) -> Any:
    """The first true answer; a machine that is busy gets its time."""
    return soon(ask, within=240)


def pulling(running: Served, but: int = 0) -> int:
    """The process that pulls, and not the one of before."""
    return int(eventually(lambda: (pid := running.processes().get("pulling", but)) != but and pid))


def execute(url: str, statement: str, *values: Any) -> Any:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchone() if cursor.description else None


MORE = (
    "INSERT INTO pulled (log_time, account, what) SELECT timestamptz '2026-03-02 10:00+08' + i * interval '1 second', "
    "'v' || i, 'read' FROM generate_series(1, 300) i"
)


def test_serve_pulls_through_a_kill_and_beside_a_pull_by_hand(tmp_path: Path, postgres_url: str) -> None:
    home, source = served(tmp_path, postgres_url, slow=("batch = 100", "batch = 20\nrate = 200"))
    with serving(home) as running:
        first = pulling(running)
        eventually(lambda: shown(home).name == "his")
        os.kill(first, signal.SIGKILL)  # in the middle: three seconds for five hundred rows
        second = pulling(running, first)
        eventually(lambda: shown(home).last_success)
        execute(postgres_url, MORE)
        by_hand = wardkeep("pull", source, "--home", home, "--json").said
        assert by_hand["watermark"] is not None
        eventually(lambda: shown(home).watermark == "2026-03-02 02:05:00.000000+00:00")
        one = json.loads(wardkeep("intake", "status", "--home", home, "--json").out)["pulls"]
        assert one["running"] and one["sources"][0]["trouble"] == ""
        status, said = running.stop()
    assert status == 0 and "pulling ended with status -9" in said and "did not end" not in said
    assert not alive(second)
    assert stored(home, "SELECT count(*), count(DISTINCT event_id) FROM events WHERE system = 'HIS'") == [(800, 800)]
    assert wardkeep("ledger", "verify", "--home", home, "--json").said["ok"]


def test_serve_ends_within_seconds_in_the_middle_of_a_statement(tmp_path: Path, postgres_url: str) -> None:
    home, _ = served(tmp_path, postgres_url, slow=("v_pulled", "v_pulled_slowly"))
    execute(postgres_url, "DROP VIEW IF EXISTS v_pulled_slowly")
    execute(postgres_url, "CREATE VIEW v_pulled_slowly AS SELECT *, pg_sleep(50)::text AS z FROM pulled")
    mapping = tmp_path / "his.toml"
    mapping.write_text(mapping.read_text() + '[extra]\nz = "z"\n')
    with serving(home) as running:
        active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%v_pulled_slowly%%' AND state = 'active'"
        active += " AND pid <> pg_backend_pid()"
        eventually(lambda: execute(postgres_url, active)[0])
        begun = time.monotonic()
        status, said = running.stop()
        assert time.monotonic() - begun < 30
    assert status == 0 and "did not end" not in said
    eventually(lambda: not execute(postgres_url, active)[0])  # nor does the server go on with it
    assert shown(home).trouble == ""


def test_nothing_pulls_where_no_source_is_named(made_home: Path) -> None:
    assert pulls_of(Home(made_home), at=now()).sources == ()
