# SPDX-License-Identifier: Apache-2.0
"""What can be done to a pull: a process of its own that dies or has a full disk at a call, and a line that is cut."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

from tests.integration.store.taking import _end_with, _Fault

ROOT = Path(__file__).parents[3]


def pull_once(source: Path, folder: Path, at: int, told: int, *, full: bool) -> None:
    """Pull a source into a home; at the call `at` of those that change the home the process dies, or its disk is full."""
    from tests.conftest import NOON
    from wardkeep.home import Home
    from wardkeep.jobs.pulling import pull_source, source_named
    from wardkeep.jobs.pulling import pulling as module

    module.GATHER = 40
    home = Home(folder)
    home.keyring()
    sys.addaudithook(_Fault(home.data_folder, at, told, full=full))
    pull_source(home, source_named(source), at=NOON)


class Pullers:
    """A process that forks one pull after the other: what they import is imported once."""

    def __init__(self) -> None:
        words = [sys.executable, "-m", "tests.integration.pull.faults"]
        self._process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, source: Path, home: Path, *, at: int = 0, after: float = 0.0, full: bool = False) -> tuple[int, int]:
        """One pull, killed at a call or after so many seconds where one is given: its exit code, and its calls.

        full: the disk is full from that call on; the exit code is then that of the error.
        """
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([str(source), str(home), at, after, full]) + "\n")
        self._process.stdin.flush()
        code, calls = json.loads(self._process.stdout.readline())
        return code, calls

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)


class Line:
    """A way to a server that can be cut after so many bytes of its answers, or say nothing from there on."""

    def __init__(self, port: int) -> None:
        self._server = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        #: Bytes that the server may still say; None: as many as it likes.
        self.left: int | None = None
        #: In place of a cut: nothing more comes, and nobody hangs up.
        self.mute = False
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with (
            client,
            socket.create_connection(("127.0.0.1", self._server)) as server,
            selectors.DefaultSelector() as both,
        ):
            for one in (client, server):
                both.register(one, selectors.EVENT_READ)
            while True:
                for key, _ in both.select():
                    try:
                        said = key.fileobj.recv(65536)  # type: ignore[union-attr]
                        if not said:
                            return
                        if key.fileobj is client:
                            server.sendall(said)
                        elif not self._say(client, said):
                            return
                    except OSError:
                        return

    def _say(self, client: socket.socket, said: bytes) -> bool:
        """Hand on what the server says, as far as it may; whether the line stands."""
        if self.left is None:
            client.sendall(said)
            return True
        part, self.left = said[: self.left], max(0, self.left - len(said))
        client.sendall(part)
        if len(part) == len(said):
            return True
        self.cuts += 1
        return self.mute


def main() -> None:
    """Serve `Pullers`."""
    import duckdb  # noqa: F401
    import psycopg  # noqa: F401
    import pymysql  # noqa: F401
    import sqlalchemy.dialects.mysql.pymysql
    import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401

    import wardkeep.jobs.pulling
    import wardkeep.watch.store.intake  # noqa: F401

    for line in sys.stdin:
        source, home, at, after, full = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            _end_with(partial(pull_once, Path(source), Path(home), at, write, full=full))
        os.close(write)
        if after:
            time.sleep(after)
            os.kill(child, signal.SIGKILL)
        with os.fdopen(read, "rb") as told:
            calls = len(told.read())
        _, status = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), calls]), flush=True)


if __name__ == "__main__":
    main()
