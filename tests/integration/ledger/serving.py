# SPDX-License-Identifier: Apache-2.0
"""A writer in a process of its own, to be talked to and killed: `python -m tests.integration.ledger.serving FOLDER`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.integration.ledger.conftest import SIGNER, clock
from wardkeep.ledger import Ledger, journal, log, run_writer
from wardkeep.ledger.client import _There

ROOT = Path(__file__).parents[3]


class Served:
    """A writer's process."""

    def __init__(self, folder: Path, *, often: bool = False, env: Mapping[str, str] | None = None) -> None:
        """`often`: journal files and settling come so often that a kill falls into them. `env` is added to ours."""
        self.folder = folder
        words = [sys.executable, "-m", "tests.integration.ledger.serving", str(folder), *(["often"] if often else [])]
        self.process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, env={**os.environ, **(env or {})})
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                _There(folder, 5.0).close()
                return
            if self.process.poll() is not None:
                raise AssertionError(self.process.stderr.read().decode())  # type: ignore[union-attr]
            time.sleep(0.005)
        raise AssertionError("the writer did not come up")

    def client(self, wait: float = 30.0) -> Ledger:
        """A client that never writes itself. Raises OSError where nobody listens."""
        return Ledger(_There(self.folder, wait), in_process=False)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Served]:
    one = Served(folder)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.kill()
        one.process.stderr.close()  # type: ignore[union-attr]


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Run a block with the rights of another user; where we are root, who may read and write everything."""
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


async def _serve(folder: Path) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run_writer(folder, signer=SIGNER, clock=clock, stop=stop)


if __name__ == "__main__":
    if "often" in sys.argv:
        log.SETTLE_AFTER, journal.ROTATE = 700, 40_000
    asyncio.run(_serve(Path(sys.argv[1])))
