# SPDX-License-Identifier: Apache-2.0
"""The database against the code: pending migrations, a database newer than the code, and the backup before a change."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from wardkeep.home import Home


class SchemaError(Exception):
    """The database and the code are of different versions."""

    exit_status = 3

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class BackupFailed(Exception):
    """There is no backup, so nothing was changed."""

    exit_status = 3
    hint = "nothing was changed; make room or mend the cause, then run `wardkeep upgrade` again"


class StillServed(Exception):
    """Processes of the former version are at work on the rows."""

    exit_status = 3
    hint = "stop `wardkeep serve`, then run `wardkeep upgrade` again"


class MigrationFailed(Exception):
    """A migration stopped half-way."""

    exit_status = 3

    def __init__(self, name: str, backup: Path) -> None:
        super().__init__(f"the database refused to be migrated: {name}")
        self.hint = f"put {backup} back in the place of the rows, with the former version; nothing else was changed"


def pending_migrations() -> list[str]:
    """Migrations of the code that the database has not had."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def unknown_migrations() -> list[str]:
    """Migrations that the database has had and the code does not know: it was used by a newer Wardkeep."""
    loader = MigrationExecutor(connection).loader
    ours = {config.label for config in apps.get_app_configs()}
    known = set(loader.disk_migrations)
    replaced = {name for migration in loader.disk_migrations.values() for name in migration.replaces}
    applied = loader.applied_migrations
    return sorted(f"{app}.{name}" for app, name in applied if app in ours and (app, name) not in known | replaced)


def refuse_other_schema() -> None:
    """Raise SchemaError unless the database is exactly what this code expects."""
    refuse_newer_schema()
    if pending := pending_migrations():
        raise SchemaError(
            f"the database is older than this Wardkeep: {len(pending)} migrations are pending, first {pending[0]}",
            "run `wardkeep upgrade`",
        )


def refuse_newer_schema() -> None:
    """Raise SchemaError where a newer Wardkeep has used the database."""
    if newer := unknown_migrations():
        raise SchemaError(
            f"the database is newer than this Wardkeep: it has {newer[-1]}",
            "install the Wardkeep that upgraded it, or restore the backup from before",
        )


def migrate(home: Home, *, backup: Path) -> int:
    """Bring the rows to this version; returns how many migrations it took. Raises StillServed, MigrationFailed."""
    pending = pending_migrations()
    if not pending:
        return 0
    if is_served(home):
        raise StillServed(f"{home.path} is being served")
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as exc:
        raise MigrationFailed(type(exc).__name__, backup) from exc
    return len(pending)


def is_served(home: Home) -> bool:
    """True while a supervisor holds the home's lock."""
    try:
        with (home.data_folder / "serve.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def back_up(home: Home, *, at: datetime) -> Path:
    """Copy the rows to `backups/` in the home, durably; returns the file. Raises BackupFailed."""
    folder = home.path / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    stamp = at.strftime("%Y%m%dT%H%M%S%fZ")
    if connection.vendor == "sqlite":
        target = folder / f"wardkeep-{stamp}.sqlite3"
        _copy(home.database, target)
    else:
        target = folder / f"wardkeep-{stamp}.pgdump"
        _dump(target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return target


def _copy(database: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            sound = copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    except sqlite3.Error as exc:
        target.unlink(missing_ok=True)
        raise BackupFailed(f"{target}: {exc}") from exc
    if not sound:
        raise BackupFailed(f"{target} is not sound")


def _dump(target: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise BackupFailed("pg_dump is not installed, and rows are never migrated without a backup")
    description = settings.DATABASES["default"]
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - there with PostgreSQL alone

    named = {"dbname": "NAME", "host": "HOST", "port": "PORT", "user": "USER"}
    # With all that the address says, such as sslmode; but not the password, which others would see in the process list.
    parts = {**description.get("OPTIONS", {}), **{ours: description[theirs] for ours, theirs in named.items()}}
    words = [program, "--format=custom", f"--file={target}"]
    words += ["--dbname", make_conninfo("", **{name: value for name, value in parts.items() if value})]
    environment = {**os.environ, "PGPASSWORD": description["PASSWORD"]} if description["PASSWORD"] else None
    done = subprocess.run(words, env=environment, capture_output=True, check=False)
    if done.returncode != 0:
        raise BackupFailed(f"pg_dump ended with status {done.returncode}: {done.stderr.decode(errors='replace')[:300]}")
