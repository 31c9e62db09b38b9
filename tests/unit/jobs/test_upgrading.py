# SPDX-License-Identifier: Apache-2.0
"""The database against the code: refused when older or newer, copied before it is changed, left alone while served."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOON
from tests.rows import a_user
from wardkeep.home import Home

pytestmark = pytest.mark.usefixtures("both_rows")


@pytest.fixture
def schema(both_rows: str) -> Any:
    """Django's list of what the database has had, put back afterwards."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    recorder = MigrationRecorder(connection)
    before = set(recorder.applied_migrations())
    yield recorder
    for app, name in set(recorder.applied_migrations()) - before:
        recorder.record_unapplied(app, name)
    for app, name in before - set(recorder.applied_migrations()):
        recorder.record_applied(app, name)


def test_a_database_of_this_version_is_served() -> None:
    from wardkeep.jobs.upgrading import pending_migrations, refuse_other_schema, unknown_migrations

    refuse_other_schema()
    assert pending_migrations() == unknown_migrations() == []


def test_an_older_database_is_refused_with_what_it_lacks(schema: Any) -> None:
    from wardkeep.jobs.upgrading import SchemaError, refuse_other_schema

    latest = max(name for app, name in schema.applied_migrations() if app == "cases")
    schema.record_unapplied("cases", latest)
    with pytest.raises(SchemaError, match=rf"1 migrations are pending, first cases\.{latest}") as caught:
        refuse_other_schema()
    assert caught.value.exit_status == 3
    assert "wardkeep upgrade" in caught.value.hint


def test_a_newer_database_is_refused_with_what_it_has(schema: Any) -> None:
    from wardkeep.jobs.upgrading import SchemaError, refuse_newer_schema, refuse_other_schema

    schema.record_applied("cases", "9999_from_the_future")
    for refuse in (refuse_other_schema, refuse_newer_schema):
        with pytest.raises(SchemaError, match=r"newer than this Wardkeep: it has cases\.9999_from_the_future"):
            refuse()


def test_a_migration_of_something_else_in_the_database_is_none_of_our_business(schema: Any) -> None:
    from wardkeep.jobs.upgrading import refuse_other_schema

    schema.record_applied("somebody", "0001_initial")
    refuse_other_schema()


def test_the_copy_of_the_rows_is_whole_and_private(both_rows: str, tmp_path: Path, django_home: Home) -> None:
    from wardkeep.jobs.upgrading import back_up

    a_user("li", full_name="李雷")
    target = back_up(django_home, at=NOON)
    assert target.name.startswith("wardkeep-20260302T040000")
    assert target.stat().st_mode & 0o077 == 0
    assert target.parent.stat().st_mode & 0o077 == 0
    if both_rows == "sqlite":
        copy = sqlite3.connect(target)
        assert copy.execute("SELECT full_name FROM identity_user").fetchall() == [("李雷",)]
        copy.close()
    else:
        assert target.read_bytes()[:5] == b"PGDMP"
    target.unlink()


def test_without_a_copy_nothing_is_changed(both_rows: str, django_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.jobs import upgrading

    if both_rows == "sqlite":
        monkeypatch.setattr(type(django_home), "database", property(lambda _: Path("/nowhere/rows.sqlite3")))
    else:
        monkeypatch.setattr(upgrading.shutil, "which", lambda _: None)
    with pytest.raises(upgrading.BackupFailed) as caught:
        upgrading.back_up(django_home, at=NOON)
    assert "nothing was changed" in caught.value.hint


def test_rows_are_not_migrated_under_processes_that_use_them(django_home: Home, schema: Any, tmp_path: Path) -> None:
    from wardkeep.jobs.upgrading import StillServed, is_served, migrate

    assert not is_served(django_home)
    assert migrate(django_home, backup=tmp_path) == 0
    latest = max(name for app, name in schema.applied_migrations() if app == "cases")
    schema.record_unapplied("cases", latest)
    lock = os.open(django_home.data_folder / "serve.lock", os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert is_served(django_home)
        with pytest.raises(StillServed):
            migrate(django_home, backup=tmp_path)
    finally:
        os.close(lock)
    assert not is_served(django_home)


def test_a_migration_that_the_database_refuses_names_the_copy(django_home: Home, schema: Any, tmp_path: Path) -> None:
    from wardkeep.jobs.upgrading import MigrationFailed, migrate

    first = min(name for app, name in schema.applied_migrations() if app == "cases")
    # Its tables are there already: making them again fails.
    for app, name in schema.applied_migrations():
        if app == "cases":
            schema.record_unapplied(app, name)
    with pytest.raises(MigrationFailed) as caught:
        migrate(django_home, backup=tmp_path / "copy")
    assert str(tmp_path / "copy") in caught.value.hint
    assert ("cases", first) not in schema.applied_migrations()
