# SPDX-License-Identifier: Apache-2.0
"""An ingest in a process of its own, which can be made to die at a point or at a moment."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from tests.stored import DAY_US, NOON, NOON_US, Kept, Load, Rows, Set, batch, row

ROOT = Path(__file__).parents[3]
BATCH = 500


def a_file(count: int) -> Iterator[Rows]:
    """About one in ten without an id (each twice), one in fifty twice, one in a hundred broken; three days, not in order."""
    for start in range(0, count, BATCH):
        rows, broken = [], []
        for n in range(start, min(start + BATCH, count)):
            changes: dict[str, Any] = {"time": NOON_US + n * 86_399_999_989 % (3 * DAY_US), "account": f"a{n % 23}"}
            if n % 10 == 3:
                rows += [row(None, raw=b"record %d" % n, **changes)] * 2
                continue
            rows.append(row(f"e{n}", query=f"select {n}" if n % 100 == 7 else None, **changes))
            if n % 50 == 4:
                rows.append(rows[-1])
            if n % 100 == 9:
                broken.append(Set(raw=b"broken %d" % n, position=str(n)))
        yield batch(rows, broken)


@lru_cache
def expected(count: int) -> dict[str, int]:
    """What is stored when the whole file has been taken in, however often that was tried."""
    nameless = sum(1 for n in range(count) if n % 10 == 3)
    return {"events": count + nameless, "pieces": sum(1 for n in range(count) if n % 100 == 9)}


def take_in(folder: Path, count: int, flush: int, at: int, told: int, *, full: bool) -> None:
    """Ingest a table and the file. at: die at that one of the calls that change the folder; each is told to `told`.

    full: do not die, but refuse that one and all that write after it, as a full disk does.
    """
    import pyarrow as pa

    from tests.unit.store.test_context import patient
    from wardkeep.watch.store import intake
    from wardkeep.watch.store.context import schema_of

    intake.FLUSH = flush
    kept = Kept(folder)
    sys.addaudithook(_Fault(folder, at, told, full=full))
    table = pa.Table.from_pylist([patient(str(n), "Li") for n in range(200)], schema=schema_of("patients"))
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON) as session:
        session.context(Load(name="patients", table=table))
        session.file(a_file(count))


class _Fault:
    """Counts what is done to files below a folder, and is the fault at one of these calls."""

    EVENTS = frozenset(("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "sqlite3.connect"))
    WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

    def __init__(self, folder: Path, at: int, told: int, *, full: bool) -> None:
        self.folder, self.at, self.told, self.full, self.count = str(folder), at, told, full, 0

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event not in self.EVENTS or self.folder not in str(args[0]):
            return
        self.count += 1
        os.write(self.told, b".")
        if not self.full:
            if self.count == self.at:
                os.kill(os.getpid(), signal.SIGKILL)
        elif self.count >= self.at and (event == "os.mkdir" or (event == "open" and args[2] & self.WRITING)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(args[0]))


class Takers:
    """A process that forks one ingest after the other: what they import is imported once."""

    def __init__(self) -> None:
        words = [sys.executable, "-m", "tests.integration.store.taking"]
        self._process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(
        self, folder: Path, count: int, flush: int, *, at: int = 0, after: float = 0.0, full: bool = False
    ) -> tuple[int, int]:
        """One ingest, killed at a call or after so many seconds where one is given: its exit code, and its calls.

        full: the disk is full from that call on; the exit code is then that of the error.
        """
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([str(folder), count, flush, at, after, full]) + "\n")
        self._process.stdin.flush()
        code, calls = json.loads(self._process.stdout.readline())
        return code, calls

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=10)


def main() -> None:
    """Serve `Takers`."""
    import duckdb  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    from tests.unit.store import test_context  # noqa: F401

    for line in sys.stdin:
        folder, count, flush, at, after, full = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            _end_with(partial(take_in, Path(folder), count, flush, at, write, full=full))
        os.close(write)
        if after:
            time.sleep(after)
            os.kill(child, signal.SIGKILL)
        with os.fdopen(read, "rb") as told:
            calls = len(told.read())
        _, status = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), calls]), flush=True)


def _end_with(call: Callable[[], None]) -> None:
    """Leave the process as the command line would: 0, or the status of a known error; 99 for any other."""
    try:
        call()
    except Exception as error:
        code = getattr(type(error), "exit_status", 99)
        if code == 99:
            traceback.print_exc()
        os._exit(code)
    os._exit(0)


if __name__ == "__main__":
    main()
