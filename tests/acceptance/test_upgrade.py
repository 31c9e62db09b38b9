# SPDX-License-Identifier: Apache-2.0
"""`wardkeep upgrade`: a copy of the rows first, then the migrations, then every check."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path

from tests.acceptance.commands import serving, wardkeep


def _url(home: Path) -> str:
    return next(line for line in (home / "config.toml").read_text().splitlines() if line.startswith("url")).split('"')[
        1
    ]


def test_an_upgrade_leaves_a_copy_that_can_be_put_back(made: Path, tmp_path: Path) -> None:
    wardkeep("user", "create", "zhou", "--role", "security_specialist", "--full-name", "周静", "--home", made)
    done = wardkeep("upgrade", "--home", made)
    assert "ok    rows" in done.out
    (copy,) = (made / "backups").iterdir()
    assert str(copy) in done.err
    wardkeep("user", "create", "late", "--role", "auditor", "--home", made)
    if _url(made) == "sqlite":
        rows = sqlite3.connect(copy)
        assert rows.execute("SELECT full_name FROM identity_user WHERE name = 'zhou'").fetchone() == ("周静",)
        rows.close()
    else:
        listed = subprocess.run(["pg_restore", "--list", copy], capture_output=True, text=True, check=True).stdout
        assert "TABLE DATA public identity_user" in listed


def test_rows_put_back_from_an_older_copy_are_told_by_doctor(tmp_path: Path) -> None:
    home = tmp_path / "home"
    wardkeep("init", "--home", home)
    wardkeep("upgrade", "--home", home)
    wardkeep("user", "create", "zhou", "--role", "security_specialist", "--home", home)
    wardkeep("doctor", "--home", home)
    (copy,) = (home / "backups").iterdir()
    for end in ("-wal", "-shm"):
        Path(f"{home}/data/wardkeep.sqlite3{end}").unlink(missing_ok=True)
    shutil.copy(copy, home / "data/wardkeep.sqlite3")
    # What the ledger has and the rows have not is an act that nobody can explain away.
    failed = [c for c in wardkeep("doctor", "--home", home, "--json", status=1).said["checks"] if not c["ok"]]
    assert [c["name"] for c in failed] == ["rows"]


def test_an_upgrade_beside_serve_changes_no_schema(made: Path) -> None:
    with serving(made) as served:
        assert "migrations done: 0" in wardkeep("upgrade", "--home", made).err
        assert served.answers() == 200
        if _url(made) != "sqlite":
            return
        rows = sqlite3.connect(made / "data/wardkeep.sqlite3", timeout=30)
        rows.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
        rows.commit()
        rows.close()
        refused = wardkeep("upgrade", "--home", made, status=3)
        assert "is being served" in refused.err
        assert "wardkeep serve" in refused.err


def test_without_room_for_a_copy_nothing_is_migrated(tmp_path: Path) -> None:
    home = tmp_path / "home"
    wardkeep("init", "--home", home)
    (home / "backups").write_text("in the way")
    rows = sqlite3.connect(home / "data/wardkeep.sqlite3")
    rows.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    rows.execute("DROP TABLE django_session")
    rows.commit()
    refused = wardkeep("upgrade", "--home", home, status=3)
    assert "Traceback" not in refused.err
    assert rows.execute("SELECT count(*) FROM django_migrations WHERE app = 'sessions'").fetchone() == (0,)
    (home / "backups").unlink()
    assert "migrations done: 1" in wardkeep("upgrade", "--home", home).err
    assert rows.execute("SELECT count(*) FROM django_migrations WHERE app = 'sessions'").fetchone() == (1,)
    rows.close()
