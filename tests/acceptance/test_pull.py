# SPDX-License-Identifier: Apache-2.0
"""`wardkeep pull` as an operator calls it, on a real PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.commands import wardkeep

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


def test_a_view_is_pulled_from_the_command_line(tmp_path: Path, postgres_url: str) -> None:
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
    home = tmp_path / "home"
    wardkeep("init", "--home", home, "--shares", tmp_path / "shares")
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
