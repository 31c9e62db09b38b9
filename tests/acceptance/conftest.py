# SPDX-License-Identifier: Apache-2.0
"""Homes made by `wardkeep init`, on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.commands import wardkeep
from tests.acceptance.program import Program


@pytest.fixture(params=["sqlite", "postgresql"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A fresh home; with PostgreSQL its rows are in a database of its own."""
    home = tmp_path / "home"
    if request.param == "sqlite":
        wardkeep("init", "--home", home)
        yield home
        return
    import psycopg

    url: str = request.getfixturevalue("postgres_url")
    name = "w" + tmp_path.name.replace("-", "_").lower()[-40:]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    own = url.rpartition("/")[0] + "/" + name
    wardkeep("init", "--home", home, "--database", own)
    yield home
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home in Shanghai that nobody writes to: tests copy it, which is quicker than making one."""
    home = tmp_path_factory.mktemp("made") / "home"
    wardkeep("init", "--home", home, "--timezone", "Asia/Shanghai")
    return home


@pytest.fixture
def program(made_home: Path, tmp_path: Path) -> Program:
    """`wardkeep` on an empty home of its own, on SQLite."""
    shutil.copytree(made_home, tmp_path / "home")
    return Program(tmp_path / "home", tmp_path)
