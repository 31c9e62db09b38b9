# SPDX-License-Identifier: Apache-2.0
"""What the ledger is measured beside: the disk alone, SHA-256 at the speed of C, and two that others would take.

* the disk: `write` and `fdatasync` of the same bytes, nothing hashed;
* SHA-256: `openssl speed` on one core, a leaf and a node of 65 bytes for each entry, nothing written;
* pymerkle (SQLite): a Merkle tree in Python. It is under the GPL, and so no part of this project or its lock: it is put into
  a temporary folder for the run, works in a process of its own, and is left out where it cannot be had;
* PostgreSQL: a durable insert an entry into a plain table, no tree.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PYMERKLE = "pymerkle==7.0.0"
_PYMERKLE = """
import json, os, sys, time
from pymerkle import SqliteTree
place, entries, bulk = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
tree = SqliteTree(place, algorithm="sha256")
began = time.perf_counter()
for n in range(entries):
    tree.append_entry(b"%032d" % n)
single = entries / (time.perf_counter() - began)
began = time.perf_counter()
tree.append_entries([b"%032d" % n for n in range(bulk)])
print(json.dumps([single, bulk / (time.perf_counter() - began)]))
"""


def write_and_sync(folder: Path, raw: bytes) -> float:
    """Append bytes to a file and sync it: seconds. Opening it is not counted."""
    with (folder / "bare").open("ab", buffering=0) as file:
        began = time.perf_counter()
        file.write(raw)
        os.fdatasync(file.fileno())
        return time.perf_counter() - began


def sha256_rate(size: int, seconds: int) -> float | None:
    """Entries of `size` bytes a second that one core can hash, with their nodes; None without openssl."""
    leaf, node = _openssl(size + 1, seconds), _openssl(65, seconds)
    return 1 / (1 / leaf + 1 / node) if leaf and node else None


def _openssl(size: int, seconds: int) -> float | None:
    words = ["openssl", "speed", "-mr", "-seconds", str(seconds), "-bytes", str(size), "-evp", "sha256"]
    try:
        said = subprocess.run(words, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"^\+F:\d+:[^:]+:([\d.]+)$", said.stdout, re.MULTILINE)
    return float(found[1]) / size if found else None


@contextlib.contextmanager
def pymerkle(folder: Path) -> Iterator[Path | None]:
    """A folder with pymerkle in it; None where it cannot be had."""
    place = folder / "pymerkle"
    words = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(place)]
    done = subprocess.run([*words, PYMERKLE], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{PYMERKLE} cannot be installed here, and is left out", file=sys.stderr, flush=True)
    try:
        yield None if done.returncode else place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def pymerkle_rates(place: Path, folder: Path, *, single: int, bulk: int) -> tuple[float, float]:
    """Entries a second: each committed of its own, and many in one call."""
    database = folder / "pymerkle.db"
    words = [sys.executable, "-c", _PYMERKLE, str(database), str(single), str(bulk)]
    done = subprocess.run(words, env={"PYTHONPATH": str(place)}, stdout=subprocess.PIPE, check=True)
    for path in folder.glob("pymerkle.db*"):
        path.unlink()
    alone, many = json.loads(done.stdout)
    return alone, many


class Postgres:
    """A server with its safe settings, and one table."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._script = url, folder / "insert.sql"
        self._script.write_text("INSERT INTO entry (body) VALUES (decode(repeat('ab', 33), 'hex'));\n")
        self._run("psql", "-c", "CREATE TABLE entry (n bigserial PRIMARY KEY, body bytea NOT NULL)", url)

    def rate(self, clients: int, seconds: int) -> float:
        """Inserts a second, each its own transaction."""
        words = ["-n", "-f", str(self._script), "-c", str(clients), "-j", "2", "-T", str(seconds), self._url]
        said = self._run("pgbench", *words)
        found = re.search(r"tps = ([\d.]+)", said)
        return float(found[1]) if found else 0.0

    @staticmethod
    def _run(*words: str) -> str:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[Postgres | None]:
    """A PostgreSQL of our own for the run; None where none is installed."""
    from tests.postgres import NoPostgres, a_server, binaries  # noqa: PLC0415

    try:
        binaries()
    except NoPostgres as exc:
        print(f"{exc}; PostgreSQL is left out", file=sys.stderr, flush=True)
        yield None
        return
    if shutil.which("pgbench") is None or shutil.which("psql") is None:
        print("pgbench is not here; PostgreSQL is left out", file=sys.stderr, flush=True)
        yield None
        return
    with a_server(durable=True) as url:
        yield Postgres(url, folder)
