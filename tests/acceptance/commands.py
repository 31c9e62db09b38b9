# SPDX-License-Identifier: Apache-2.0
"""Running the program as an operator does: real commands, a real `serve`, and what of it is left afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 60.0


@dataclass(frozen=True)
class Done:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> Any:
        """Its one JSON object."""
        return json.loads(self.out)


def words_of(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "wardkeep", *map(str, words)]


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WARDKEEP", "LC_", "CREDENTIALS"))}
    return {**kept, "LANG": "C.UTF-8", **more}


def wardkeep(*words: str | Path, status: int | None = 0, pass_fds: tuple[int, ...] = (), **more: str) -> Done:
    """Run a command to its end; `status` is what it must end with, None where any will do."""
    done = subprocess.run(
        words_of(*words),
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        pass_fds=pass_fds,
    )
    assert status is None or done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return Done(done.returncode, done.stdout, done.stderr)


@dataclass
class Served:
    """A running `serve`."""

    process: subprocess.Popen[str]
    address: str
    port: int

    def processes(self) -> dict[str, int]:
        """name -> pid of what the supervisor started and is alive."""
        found = {}
        for pid in children_of(self.process.pid):
            words = _told(Path(f"/proc/{pid}/cmdline")).split(b"\0")
            if b"wardkeep.jobs" in words:
                found[words[words.index(b"wardkeep.jobs") + 1].decode()] = pid
        return found

    def answers(self, path: str = "/sign-in/") -> int:
        """The status with which the console answers; waits until it does."""
        return eventually(lambda: _status(self.address.rstrip("/") + path))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it; its exit status, and what it said on stderr."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said


@contextmanager
def serving(home: Path, *words: str, pass_fds: tuple[int, ...] = (), **more: str) -> Iterator[Served]:
    """`wardkeep serve` on a free port, from its announcement on; ended by force where the test did not end it."""
    process = subprocess.Popen(
        words_of("serve", "--home", home, "--port", "0", "--json", *words),
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=pass_fds,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            _, said = process.communicate(timeout=PATIENCE)
            raise AssertionError((process.returncode, said))
        told = json.loads(line)
        assert told["pid"] == process.pid
        yield Served(process, told["address"], told["port"])
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def children_of(pid: int) -> list[int]:
    """The living children of a process."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in _told(task).split()]
    return [child for child in found if alive(child)]


def alive(pid: int) -> bool:
    """True while a process runs; one that ended and was not waited for does not."""
    said = _told(Path(f"/proc/{pid}/stat"))
    return bool(said) and said.rpartition(b")")[2].split()[0] != b"Z"


def _told(of_a_process: Path) -> bytes:
    """What the system says of a process; nothing where it ends before or while it is asked."""
    try:
        return of_a_process.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def eventually(ask: Any, *, within: float = PATIENCE) -> Any:
    """The first true answer of `ask`; fails where there is none in time."""
    deadline = time.monotonic() + within
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.05)


def _status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as exc:
        return exc.code
    except OSError:
        return 0
