# SPDX-License-Identifier: Apache-2.0
"""The one supervisor: starts the processes of an installation, restarts those that die, ends them in order.

    ledger     the one writer of the ledger, on its socket
    clerk      carries acts into the ledger, feeds our own touches to the store, runs what is due by the clock
    web        the console
    collector  asks the witnesses for cosignatures, where the settings name some
    listening  hears what other systems send, where the settings name listeners
    storing    takes into the store what was heard
    alerting   judges it as soon as it is heard
    pulling    pulls from databases, where the settings name sources

The supervisor itself holds the lock of the home, listens for the console (so that a restarted web process answers on
the same port), and alone moves SQLite's write-ahead log into the database.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from wardkeep.home import Home

#: Order of starting; they end in the opposite order, so that the ledger is there for the last act.
CHILDREN = ("ledger", "clerk", "web")
#: Only where witnesses are asked.
COLLECTOR = "collector"
#: Only where a listener is named. The one that hears starts last and ends first.
LIVE = ("storing", "alerting", "listening")
#: Only where a source is named.
PULLING = "pulling"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
#: A process that lived this long was well: its next pause is the first one again.
WELL_AFTER = 60.0
CHECKPOINT_EVERY = 15.0
#: Seconds that a process gets to end by itself.
PATIENCE = 4.0


class ServeError(Exception):
    """The installation cannot be served now."""

    exit_status = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class PortTaken(ServeError):
    """Something else listens where the console should."""


@dataclass
class Child:
    """One process and when it may be started again."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    not_before: float = 0.0
    restarts: int = 0
    extra: Sequence[str] = field(default_factory=tuple)


class Supervisor:
    """Runs until `stop()`; everything it starts ends with it."""

    def __init__(self, home: Home, *, bind: str, port: int, say: Callable[[str], None]) -> None:
        self.home = home
        self.bind = bind
        self.port = port
        self.say = say
        self.stopping = False
        self._lock: IO[bytes] | None = None
        self._listener: socket.socket | None = None
        self._passphrase_fd: int | None = None
        self._next_checkpoint = time.monotonic() + CHECKPOINT_EVERY
        names = [*CHILDREN, COLLECTOR] if home.settings.ledger.witnesses else [*CHILDREN]
        names += LIVE if home.settings.intake.listeners else ()
        names += [PULLING] if home.settings.intake.pulls else ()
        self.children = {name: Child(name) for name in names}

    def open(self) -> int:
        """Take the lock and the port; returns the port. Raises ServeError."""
        self.home.data_folder.mkdir(parents=True, exist_ok=True)
        lock = (self.home.data_folder / "serve.lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise ServeError(
                f"{self.home.path} is being served already", "stop the other `wardkeep serve` first"
            ) from None
        self._lock = lock
        family = socket.AF_INET6 if ":" in self.bind else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.bind, self.port))
        except OSError as exc:
            listener.close()
            lock.close()
            self._lock = None
            raise PortTaken(
                f"cannot listen on {self.bind} port {self.port}: {exc.strerror}", "choose another with --port"
            ) from None
        listener.listen(128)
        self._listener = listener
        passphrase = self.home.passphrase()
        if passphrase is not None:
            self._passphrase_fd = os.memfd_create("passphrase")
            os.write(self._passphrase_fd, passphrase)
        return int(listener.getsockname()[1])

    def start(self) -> None:
        """Start every process once."""
        for child in self.children.values():
            self._start(child)

    def tend(self) -> None:
        """One round: restart what died and may start again, move the write-ahead log when it is time."""
        now = time.monotonic()
        for child in self.children.values():
            if child.process is not None and child.process.poll() is not None:
                self.say(
                    f"{child.name} ended with status {child.process.returncode}; starts again in {child.pause:g} s"
                )
                child.process = None
                if now - child.started > WELL_AFTER:
                    child.pause = FIRST_PAUSE
                child.not_before = now + child.pause
                child.pause = min(child.pause * 2, LONGEST_PAUSE)
                child.restarts += 1
            if child.process is None and now >= child.not_before and not self.stopping:
                self._start(child)
        if now >= self._next_checkpoint:
            checkpoint(self.home.database)
            self._next_checkpoint = now + CHECKPOINT_EVERY

    def run(self) -> None:
        """Tend until `stop()` is called, by a signal handler for one; then end everything."""
        while not self.stopping:
            self.tend()
            time.sleep(0.2)
        self.close()

    def stop(self, *_: Any) -> None:
        """Ask `run` to end."""
        self.stopping = True

    def close(self) -> None:
        """End every process, the last started first, then close the database's log."""
        self.stopping = True
        for name in reversed(self.children):
            process = self.children[name].process
            if process is None or process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self.say(f"{name} did not end in {PATIENCE:g} s; it is ended now")
                process.kill()
                process.wait()
        checkpoint(self.home.database)
        for thing in (self._listener, self._lock):
            if thing is not None:
                thing.close()

    def _start(self, child: Child) -> None:
        words = [sys.executable, "-m", "wardkeep.jobs", child.name, str(self.home.path)]
        passed: list[int] = []
        environment = {**os.environ}
        if child.name == "web" and self._listener is not None:
            words += [str(self._listener.fileno()), self.bind]
            passed.append(self._listener.fileno())
        if self._passphrase_fd is not None:
            environment["WARDKEEP_PASSPHRASE_FD"] = str(self._passphrase_fd)
            passed.append(self._passphrase_fd)
        child.started = time.monotonic()
        child.process = subprocess.Popen(
            words, env=environment, pass_fds=passed, stdin=subprocess.DEVNULL, start_new_session=True
        )


def checkpoint(database: Path) -> None:
    """Move SQLite's write-ahead log into the database, as far as no reader stands in the way."""
    if not database.is_file():
        return
    connection = sqlite3.connect(database, timeout=1.0, isolation_level=None)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError:
        pass  # a writer is at work: the next round does it
    finally:
        connection.close()
