# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of our own for a test run: from the Debian package, on a free port, gone afterwards."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port


class NoPostgres(Exception):
    """No PostgreSQL server is installed here: `apt-get install postgresql`."""


def binaries() -> Path:
    """The folder of the newest installed server. Raises NoPostgres."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parents[1].name), reverse=True
    )
    if found:
        return found[0].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    raise NoPostgres(NoPostgres.__doc__)


@contextmanager
def a_server(*, durable: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run a server and yield a URL of its database `wardkeep`. PostgreSQL refuses root: root runs it as `postgres`.

    `durable`: each commit waits for the disk, as in a hospital; else none does. `settings` are more of the server's own.
    """
    import psycopg

    place = binaries()
    folder = Path(tempfile.mkdtemp(prefix="wardkeep-pg-"))
    password = secrets.token_hex(16)
    (folder / "password").write_text(password)
    before: list[str] = []
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        for path in (folder, folder / "password"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        before = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    try:
        initdb = [str(place / "initdb"), "-D", str(data), "-U", "wardkeep", "-A", "scram-sha-256", "-E", "UTF8"]
        initdb += ["--locale=C.UTF-8", "--no-sync", f"--pwfile={folder / 'password'}"]
        subprocess.run([*before, *initdb], check=True, capture_output=True, cwd=folder)
        port = free_port()
        options = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        options += ["-c", "shared_buffers=32MB"]
        if not durable:
            options += ["-c", "fsync=off", "-c", "synchronous_commit=off"]
        for name, value in (settings or {}).items():
            options += ["-c", f"{name}={value}"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [*before, str(place / "postgres"), "-D", str(data), *options], stdout=log, stderr=log, cwd=folder
            )
        try:
            url = f"postgresql://wardkeep:{password}@127.0.0.1:{port}"
            with _connected(psycopg, f"{url}/postgres", server) as connection:
                # Whoever answers on the port must be the server that was started here.
                row = connection.execute("SHOW data_directory").fetchone()
                assert row is not None and Path(row[0]) == data, f"another server answers on port {port}"
                connection.execute("CREATE DATABASE wardkeep")
            yield f"{url}/wardkeep"
        finally:
            stop = [str(place / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop"]
            subprocess.run([*before, *stop], check=False, capture_output=True, cwd=folder)
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _connected(psycopg: object, url: str, server: subprocess.Popen[bytes]) -> object:
    """A connection, as soon as the server answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return psycopg.connect(url, autocommit=True, connect_timeout=5)  # type: ignore[attr-defined]
        except psycopg.OperationalError:  # type: ignore[attr-defined]
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
