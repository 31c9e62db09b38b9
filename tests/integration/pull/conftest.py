# SPDX-License-Identifier: Apache-2.0
"""A view on each of the two databases that are here, and a home to pull it into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests import mariadb
from tests.conftest import NOON
from wardkeep.home import LEDGER_SIGNER, Home
from wardkeep.jobs.pulling import Pulled, pull_source, source_named
from wardkeep.keys import Keyring
from wardkeep.ledger import Ledger
from wardkeep.settings import Settings

MAPPING = """
name = "his"
system = "HIS"
zone = "Asia/Shanghai"
time_format = "%Y/%m/%d"
optional = ["patient_id", "query"]
[columns]
time = "log_time"
account = "account|user_id"
patient_id = "patient"
action = "what"
query = "said"
[values.action]
"浏览" = "read"
"""
TABLE = "CREATE TABLE access_log (log_time {time} NULL, account VARCHAR(50), patient VARCHAR(50), what VARCHAR(20), said TEXT)"
ROW = "INSERT INTO access_log (log_time, account, patient, what, said) VALUES (%s, %s, %s, %s, %s)"


@dataclass
class Server:
    """A database with a table and a view of it."""

    kind: str
    url: str
    password: str

    def connect(self) -> Any:
        if self.kind == "postgres":
            import psycopg

            plain = self.url.replace("postgresql+psycopg://wardkeep@", f"postgresql://wardkeep:{self.password}@")
            return psycopg.connect(plain, autocommit=True)
        import pymysql
        from sqlalchemy import make_url

        url = make_url(self.url)
        return pymysql.connect(
            host=url.host, port=url.port, user="root", database="his", password=self.password, autocommit=True
        )

    def do(self, *statements: str) -> None:
        connection = self.connect()
        for statement in statements:
            connection.cursor().execute(statement)
        connection.close()

    def add(self, *rows: tuple[Any, ...]) -> None:
        connection = self.connect()
        cursor = connection.cursor()
        cursor.executemany(ROW, rows)
        connection.close()


@pytest.fixture(scope="session")
def _mariadb() -> Iterator[Server]:
    try:
        with mariadb.a_server() as server:
            server.connect().cursor().execute("ALTER USER root@localhost IDENTIFIED BY 'geheim'")
            yield Server("mariadb", server.url.replace("/his", "/his?charset=utf8mb4"), "geheim")
    except mariadb.NoMariaDB as exc:
        pytest.skip(str(exc))


@pytest.fixture(params=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> Server:
    """A fresh table and view in one of the servers, with the time `2026-03-02 08:00:00` and some seconds."""
    if request.param == "postgres":
        url = str(request.getfixturevalue("postgres_url"))
        password = url.partition("wardkeep:")[2].partition("@")[0]
        plain = url.replace(f"wardkeep:{password}@", "wardkeep@").replace("postgresql://", "postgresql+psycopg://")
        found = Server("postgres", plain, password)
        kind = "timestamp"
    else:
        found = request.getfixturevalue("_mariadb")
        kind = "datetime(6)"
    found.do(
        "DROP VIEW IF EXISTS v_slow", "DROP VIEW IF EXISTS v_access", "DROP TABLE IF EXISTS access_log",
        TABLE.format(time=kind),
        "CREATE VIEW v_access AS SELECT * FROM access_log",
    )  # fmt: skip
    return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with real keys, ledger and store."""
    made = Home(tmp_path / "home")
    made.adopt(Settings(), None)
    made.adopt_keyring(Keyring.create(made.keys_folder, provider="file", passphrase=None))
    made.ledger_folder.mkdir(parents=True)
    Ledger.create(made.ledger_folder, origin="wardkeep.test/x", signer=made.keyring().signer(LEDGER_SIGNER), at=NOON)
    return made


@dataclass
class Puller:
    """Pulls one source file."""

    folder: Path
    server: Server
    home: Home

    def write(self, mapping: str = MAPPING, **more: Any) -> Path:
        (self.folder / "his.toml").write_text(mapping, "utf-8")
        secret = self.folder / "secret"
        secret.write_text(self.server.password + "\n")
        secret.chmod(0o600)
        keys = {"name": "his-audit", "url": self.server.url, "password_file": "secret", "view": "v_access",
                "mapping": "his.toml", "watermark": "log_time", "batch": 50} | more  # fmt: skip
        path = self.folder / "source.toml"
        path.write_text("".join(f"{key} = {value!r}\n" for key, value in keys.items() if value is not None), "utf-8")
        return path

    def __call__(self, *, at: datetime = NOON, stop: Any = lambda: False, **more: Any) -> Pulled:
        return pull_source(self.home, source_named(self.write(**more)), at=at, stop=stop)

    def stored(self, what: str = "account") -> list[Any]:
        con = self.home.store().connect()
        try:
            rows = con.execute(f"SELECT {what} FROM events ORDER BY time_us, 1").fetchall()
        finally:
            con.close()
        return [row[0] if len(row) == 1 else row for row in rows]


@pytest.fixture
def pull(tmp_path: Path, server: Server, home: Home) -> Puller:
    """What pulls the view into the home."""
    return Puller(tmp_path, server, home)
