# SPDX-License-Identifier: Apache-2.0
"""The program as people and scripts call it: a process of its own, what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.commands import Served, environment, serving, words_of


@dataclass(frozen=True)
class Said:
    """What a call printed, and its status."""

    out: str
    err: str
    status: int

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Every line of stdout as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def one(self) -> dict[str, Any]:
        """The one JSON object that was printed."""
        (line,) = self.lines
        return line


class Program:
    """Calls `wardkeep` on one home, in a folder of its own."""

    def __init__(self, home: Path, folder: Path, *, lang: str = "C.UTF-8") -> None:
        self.home = home
        self.folder = folder
        self.environment = environment(WARDKEEP_HOME=str(home), HOME=str(folder), LANG=lang)

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        """Begin a call in a process group of its own, its output piped."""
        return subprocess.Popen(
            words_of(*words),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def call(self, *words: str | Path, status: int = 0, timeout: float = 300) -> Said:
        """A call and its end; fails where it ends otherwise than with `status`."""
        process = self.start(*words)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert process.returncode == status, f"{words} ended with {process.returncode}\n{out[-3000:]}\n{err[-3000:]}"
        return Said(out, err, process.returncode)

    def json(self, *words: str | Path, status: int = 0) -> dict[str, Any]:
        """The one object that a call prints with --json."""
        return self.call(*words, "--json", status=status).one

    def verify(self) -> dict[str, Any]:
        """`ledger verify`, which must find everything as it was sealed."""
        report = self.json("ledger", "verify")
        assert report["ok"] is True
        return report

    @contextmanager
    def serving(self) -> Iterator[Served]:
        """The home, served; it must end clean."""
        with serving(self.home) as served:
            yield served
            status, said = served.stop()
            assert status == 0, said


def stored(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a query over the home's stored events gives."""
    from wardkeep.home import Home

    con = Home(home).store().connect()
    try:
        return con.execute(sql).fetchall()
    finally:
        con.close()
