# SPDX-License-Identifier: Apache-2.0
"""Facts that several rooms need: one home for the rows of a test process, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.fakes import FakeKeyring, FakeLedger
from wardkeep.home import Home
from wardkeep.settings import Database, Settings

# A machine that is busy with something else is no fault of what is tested.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


class FakeHome(Home):
    """A home whose keys are fixed; its folder is real."""

    settings = Settings()  # type: ignore[assignment]

    def keyring(self) -> Any:
        return FakeKeyring()


@pytest.fixture(scope="session")
def django_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Django, configured once for this process, with an empty migrated SQLite database."""
    import wardkeep

    home = FakeHome(tmp_path_factory.mktemp("home"))
    home.data_folder.mkdir(parents=True)
    wardkeep.setup(home)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return home


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server of our own; skips where none is installed."""
    from tests.postgres import NoPostgres, a_server, binaries

    try:
        binaries()
    except NoPostgres as exc:
        pytest.skip(str(exc))
    with a_server() as url:
        yield url


@pytest.fixture(scope="session")
def _postgres_migrated(django_home: Home, postgres_url: str) -> dict[str, Any]:
    from django.core.management import call_command

    from wardkeep.django import database

    settings = Settings(database=Database(url=postgres_url))
    description = {**database(settings, Path("unused")), "CONN_MAX_AGE": 0}
    with _default_database(description):
        call_command("migrate", verbosity=0)
    return description


@pytest.fixture
def rows(django_home: Home) -> Iterator[None]:
    """An empty SQLite database with an incarnation."""
    yield from _empty()


@pytest.fixture(params=["sqlite", "postgresql"])
def both_rows(request: pytest.FixtureRequest, django_home: Home) -> Iterator[str]:
    """The same, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        for _ in _empty():
            yield "sqlite"
        return
    with _default_database(request.getfixturevalue("_postgres_migrated")):
        for _ in _empty():
            yield "postgresql"


@pytest.fixture
def ledger() -> FakeLedger:
    """A ledger in memory."""
    return FakeLedger()


def _empty() -> Iterator[None]:
    from django.apps import apps
    from django.db import connection

    from wardkeep.seal import outbox

    tables = [m._meta.db_table for m in apps.get_models() if m._meta.managed and m._meta.app_label != "contenttypes"]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("TRUNCATE " + ", ".join(f'"{t}"' for t in tables) + " CASCADE")
        else:
            cursor.execute("PRAGMA foreign_keys=OFF")
            for table in tables:
                cursor.execute(f'DELETE FROM "{table}"')
            cursor.execute("PRAGMA foreign_keys=ON")
    outbox._life.clear()
    outbox.begin_incarnation(NOON)
    yield
    outbox._life.clear()
    connection.close()


class _default_database:
    """Another database behind Django's default connection, for a while."""

    def __init__(self, description: dict[str, Any]) -> None:
        self.description = description

    def __enter__(self) -> None:
        from django.db import connections

        connections["default"].close()
        self.before = connections.settings["default"]
        connections.settings["default"] = self.description
        connections.configure_settings({"default": self.description})
        connections.settings["default"] = {**self.before, **self.description, "TEST": self.before["TEST"]}
        del connections["default"]

    def __exit__(self, *_: object) -> None:
        from django.db import connections

        connections["default"].close()
        connections.settings["default"] = self.before
        del connections["default"]
