# SPDX-License-Identifier: Apache-2.0
"""A MariaDB server of our own for a test run: from the Debian package, on a free port, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ports import free_port


class NoMariaDB(Exception):
    """No MariaDB server is installed here: `apt-get install mariadb-server`."""


@dataclass(frozen=True)
class Server:
    """A running server; `root` has no password, and only this machine reaches it."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/his"

    def connect(self, user: str = "root", password: str = "", database: str | None = None) -> Any:
        """A connection of PyMySQL."""
        import pymysql

        return pymysql.connect(
            host="127.0.0.1", port=self.port, user=user, password=password, database=database, autocommit=True
        )


@contextmanager
def a_server(*options: str) -> Iterator[Server]:
    """Run a server with an empty database `his`. MariaDB refuses root: root runs it as `mysql`."""
    install, program = shutil.which("mariadb-install-db"), shutil.which("mariadbd") or "/usr/sbin/mariadbd"
    if install is None or not Path(program).exists():
        raise NoMariaDB(NoMariaDB.__doc__)
    folder = Path(tempfile.mkdtemp(prefix="wardkeep-my-"))
    own: Sequence[str] = ()
    if os.geteuid() == 0:
        owner = pwd.getpwnam("mysql")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        own = ("--user=mysql",)
    data = folder / "data"
    try:
        made = [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
        subprocess.run([*made, "--skip-test-db", *own], check=True, capture_output=True)
        port = free_port()
        how = [
            "--no-defaults",
            f"--datadir={data}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--socket={folder}/s",
        ]
        how += [f"--pid-file={folder}/pid", "--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0"]
        how += ["--innodb-buffer-pool-size=16M", "--skip-log-bin"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, *how, *own, *(option.replace("{folder}", str(folder)) for option in options)],
                stdout=log,
                stderr=log,
            )
        server = Server(port, folder, process)
        try:
            connection = _connected(server)
            connection.cursor().execute("CREATE DATABASE his")
            connection.close()
            yield server
        finally:
            process.terminate()
            process.wait(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _connected(server: Server) -> Any:
    """A connection, as soon as the server answers, and not another one on its port."""
    import pymysql

    deadline = time.monotonic() + 60
    while True:
        try:
            connection = server.connect()
        except pymysql.OperationalError:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
            continue
        cursor = connection.cursor()
        cursor.execute("SELECT @@datadir")
        assert Path(cursor.fetchone()[0]) == server.folder / "data", f"another server answers on port {server.port}"
        return connection
