# SPDX-License-Identifier: Apache-2.0
"""A compaction in a process of its own that dies at one of the calls that change the store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from tests.integration.store.taking import ROOT, _end_with, _Fault
from tests.stored import Kept


def compact_in(folder: Path, at: int, told: int, *, full: bool) -> None:
    from wardkeep.watch.store.compaction import compact

    sys.addaudithook(_Fault(folder, at, told, full=full))
    compact(Kept(folder).store, everything=True)


class Compacters:
    """A process that forks one compaction after the other."""

    def __init__(self) -> None:
        words = [sys.executable, "-m", "tests.integration.store.compacting"]
        self._process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, folder: Path, *, at: int = 0, full: bool = False) -> tuple[int, int]:
        """One compaction: its exit code, and how many calls it made."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([str(folder), at, full]) + "\n")
        self._process.stdin.flush()
        code, calls = json.loads(self._process.stdout.readline())
        return code, calls

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=10)


def main() -> None:
    """Serve `Compacters`."""
    import duckdb  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    from wardkeep.watch.store import compaction  # noqa: F401

    for line in sys.stdin:
        folder, at, full = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            _end_with(partial(compact_in, Path(folder), at, write, full=full))
        os.close(write)
        with os.fdopen(read, "rb") as told:
            calls = len(told.read())
        _, status = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), calls]), flush=True)


if __name__ == "__main__":
    main()
