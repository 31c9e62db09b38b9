# SPDX-License-Identifier: Apache-2.0
"""`wardkeep pull` as an operator calls it, on a real PostgreSQL."""

from __future__ import annotations

import json
import random
import signal
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.commands import environment, wardkeep, words_of
from wardkeep.home import Home

MAPPING = 'name = "his"\nsystem = "HIS"\n[columns]\ntime = "log_time"\naccount = "account"\naction = "what"\nevent_id = "id"\n'
VIEW = (
    "DROP TABLE IF EXISTS pulled CASCADE",
    "CREATE TABLE pulled (id bigserial, log_time timestamptz, account text, what text)",
    "CREATE VIEW v_pulled AS SELECT * FROM pulled",
    "INSERT INTO pulled (log_time, account, what) "
    "SELECT timestamptz '2026-03-02 08:00+08' + i * interval '1 second', 'u' || i, 'read' "
    "FROM generate_series(1, 500) i",
    "INSERT INTO pulled (log_time, account, what) VALUES (NULL, 'lost', 'read'), ('2026-03-02 09:00+08', 'u', 'burn')",
)


def made(tmp_path: Path, postgres_url: str) -> tuple[Path, Path, str]:
    """A home, a source file and the password."""
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for statement in VIEW:
            connection.execute(statement)
    password = postgres_url.partition("wardkeep:")[2].partition("@")[0]
    (tmp_path / "secret").write_text(password)
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "his.toml").write_text(MAPPING)
    url = postgres_url.replace(f"wardkeep:{password}@", "wardkeep@").replace("postgresql:", "postgresql+psycopg:")
    source = tmp_path / "source.toml"
    source.write_text(
        f'name = "his"\nurl = "{url}"\npassword_file = "secret"\nview = "public.v_pulled"\nmapping = "his.toml"\n'
        'watermark = "log_time"\noverlap = 60\nbatch = 100\n'
    )
    wardkeep("init", "--home", tmp_path / "home", "--shares", tmp_path / "shares")
    return tmp_path / "home", source, password


def test_a_view_is_pulled_from_the_command_line(tmp_path: Path, postgres_url: str) -> None:
    home, source, password = made(tmp_path, postgres_url)
    done = wardkeep("pull", source, "--home", home, "--json")
    first = done.said
    assert (first["read"], first["accepted"], first["quarantined"], first["without_watermark"]) == (501, 500, 1, 1)
    assert first["watermark"].startswith("2026-03-02 01:00:00") and first["checkpoint"].startswith("wardkeep")
    assert "1 rows have no watermark" in done.err
    again = wardkeep("pull", source, "--home", home, "--json", "--strict", status=1).said
    assert (again["accepted"], again["quarantined"]) == (0, 1)
    listed = [json.loads(line) for line in wardkeep("quarantine", "list", "--home", home, "--json").out.splitlines()]
    assert json.dumps(listed).count("his.pull") >= 1
    source.write_text(source.read_text().replace("v_pulled", "v_gone"))
    state = home / "data" / "pull" / "his.json"
    lost = wardkeep("pull", source, "--home", home, status=2)
    assert "his.json tells of public.v_pulled" in lost.err and password not in lost.err + lost.out
    state.unlink()
    gone = wardkeep("pull", source, "--home", home, status=2)
    assert "v_gone" in gone.err
    (tmp_path / "secret").write_text("wrong")
    refused = wardkeep("pull", source, "--home", home, status=3)
    assert "password authentication failed" in refused.err and password not in refused.err


@pytest.mark.soak
def test_a_pull_that_is_stopped_or_killed_anywhere_stores_each_row_once(tmp_path: Path, postgres_url: str) -> None:
    home, source, _ = made(tmp_path, postgres_url)
    slow = tmp_path / "slow.toml"
    slow.write_text(source.read_text().replace("batch = 100", "batch = 20\nrate = 100"))
    chance = random.Random(3)
    for round_ in range(12):
        process = subprocess.Popen(
            words_of("pull", slow, "--home", home, "--json"),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            process.wait(timeout=chance.uniform(1.5, 5))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM if round_ % 2 else signal.SIGKILL)
        _, err = process.communicate(timeout=120)
        assert process.returncode in (0, 130, -signal.SIGKILL, -signal.SIGTERM), err
    wardkeep("pull", source, "--home", home, "--json")
    done = wardkeep("ledger", "verify", "--home", home, "--json").said
    again = wardkeep("pull", source, "--home", home, "--json").said
    assert done["ok"] and (again["accepted"], again["watermark"][:16]) == (0, "2026-03-02 01:00")
    con = Home(home).store().connect()
    try:
        assert con.execute("SELECT count(*), count(DISTINCT event_id) FROM events").fetchone() == (500, 500)
    finally:
        con.close()
