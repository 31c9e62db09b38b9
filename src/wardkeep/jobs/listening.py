# SPDX-License-Identifier: Apache-2.0
"""The process that listens: what other systems send goes into raw spools, and the process beside it stores it from there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import resource
import signal
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from wardkeep.home import Home, now
from wardkeep.jobs.listen.places import LISTENING, live_folder, spool_key
from wardkeep.jobs.listen.server import Listening, Port
from wardkeep.watch.store.views import limit_bytes

LOG = logging.getLogger("wardkeep.jobs")
#: Every file system gives room in such pieces, or larger ones.
BLOCK = 4096


def listen_until(home: Home, stop: asyncio.Event | None = None) -> None:
    """Listen on every port that the settings name, until SIGTERM or `stop`."""
    _many_files()
    asyncio.run(_listen(home, stop))


async def _listen(home: Home, stop: asyncio.Event | None) -> None:
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(ValueError, RuntimeError):  # not the main thread
        loop.add_signal_handler(signal.SIGTERM, stop.set)
    folder = live_folder(home)
    listening = Listening(
        home.settings.intake,
        folder=folder,
        home=home.path,
        kek=lambda name: spool_key(home, name),
        clock=now,
        limit=limit_bytes(home.settings.intake.spool),
    )
    teller = Teller(folder / LISTENING)
    await listening.run(stop, tell=teller.tell)


class Teller:
    """Writes the status file when anything changed, and every few seconds as a sign of life."""

    def __init__(self, path: Path, *, every: float = 5.0) -> None:
        self._path, self._every = path, every
        self._said: dict[str, Any] = {}
        self._at = 0.0
        self._troubles: dict[str, str] = {}

    def tell(self, ports: Mapping[str, Port]) -> None:
        said = {name: shown(port) for name, port in ports.items()}
        for name, one in said.items():
            if one["trouble"] != self._troubles.get(name, ""):
                self._troubles[name] = one["trouble"]
                LOG.warning("listener %s: %s", name, one["trouble"] or "well again")
        if said == self._said and time.monotonic() - self._at < self._every:
            return
        self._said, self._at = said, time.monotonic()
        write_status(self._path, {"at": now().isoformat(), "listeners": said})


def shown(port: Port) -> dict[str, Any]:
    """One listener for the status."""
    return port.counts.shown() | {
        "protocol": port.wants.protocol,
        "system": port.wants.system,
        "address": f"{port.address[0]}:{port.address[1]}" if port.address else None,
        "spool_bytes": port.gate.spool.size,
        "spool_limit": port.gate.spool.limit,
    }


def write_status(path: Path, said: Mapping[str, Any]) -> None:
    """Replace a status file. It is a convenience: where the disk refuses, nothing else stops."""
    draft, raw = path.with_suffix(".new"), json.dumps(said, ensure_ascii=False).encode()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_bytes(raw)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            _overwrite(path, raw)


def _overwrite(path: Path, raw: bytes) -> None:
    """On a full disk: into the blocks that the file has. Who reads in between finds no JSON, and looks again."""
    with path.open("r+b", buffering=0) as file:
        blocks = -(-os.fstat(file.fileno()).st_size // BLOCK) * BLOCK
        if len(raw) <= blocks:
            file.write(raw)
            file.truncate()


def moment(us: int | None) -> datetime | None:
    """Microseconds since 1970 as a time."""
    return None if us is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def _many_files() -> None:
    """As many connections as the machine allows us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
