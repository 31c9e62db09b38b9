# SPDX-License-Identifier: Apache-2.0
"""`Gate`: the one way into a listener's raw spool. What waits while the disk syncs goes in together with the next sync."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from wardkeep.jobs.listen.counts import Counts
from wardkeep.jobs.listen.limits import LOOK, UNSYNCED
from wardkeep.jobs.listen.rawspool import Heard, RawSpool, SpoolRefuses


class Gate:
    """Belongs to one event loop; the spool is used by its one thread."""

    def __init__(self, spool: RawSpool, counts: Counts, *, every: float) -> None:
        self.spool, self.counts, self._every = spool, counts, every
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"spool-{spool.folder.name}")
        self._waiting: list[tuple[Sequence[Heard], asyncio.Future[int]]] = []
        self._bytes = 0
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._stopping = False
        self._rolled = time.monotonic()

    @property
    def crowded(self) -> bool:
        """Whether so much waits for the disk that nothing more should be read."""
        return self._bytes >= UNSYNCED

    async def room(self) -> None:
        """Wait until less waits for the disk."""
        while self.crowded:
            self._room.clear()
            await self._room.wait()

    async def keep(self, heard: Sequence[Heard]) -> int:
        """Keep messages; durable when this returns. The number of the first. Raises SpoolRefuses."""
        if not heard:
            return self.spool.next
        kept: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((heard, kept))
        self._bytes += _size(heard)
        self._wake.set()
        return await kept

    async def run(self) -> None:
        """Until `stop`: group after group, and a new file every few seconds."""
        loop = asyncio.get_running_loop()
        while not (self._stopping and not self._waiting):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), timeout=min(LOOK, self._every))
            self._wake.clear()
            if self._waiting:
                await self._group(loop)
            if self.spool.begun and time.monotonic() - self._rolled >= self._every:
                self._rolled = time.monotonic()
                try:
                    await loop.run_in_executor(self._thread, self.spool.roll)
                except SpoolRefuses as error:
                    self.counts.trouble = str(error)
            elif not self.spool.begun:
                self._rolled = time.monotonic()
                await loop.run_in_executor(self._thread, self.spool.look)
        await loop.run_in_executor(self._thread, self.spool.close)
        self._thread.shutdown()

    def stop(self) -> None:
        """Keep what waits, then end `run`."""
        self._stopping = True
        self._wake.set()

    async def _group(self, loop: asyncio.AbstractEventLoop) -> None:
        group, size, at = self._waiting, 0, 0
        for at, (heard, _) in enumerate(group, 1):  # noqa: B007 - used after the loop
            size += _size(heard)
            if size >= UNSYNCED:
                break
        group, self._waiting = group[:at], group[at:]
        every = [one for heard, _ in group for one in heard]
        try:
            first = await loop.run_in_executor(self._thread, self.spool.append, every)
        except SpoolRefuses as error:
            self.counts.trouble = str(error)
            for _, kept in group:
                if not kept.done():
                    kept.set_exception(error)
        else:
            self.counts.trouble = ""
            self._count(every)
            for heard, kept in group:
                if not kept.done():
                    kept.set_result(first)
                first += len(heard)
        self._bytes -= size
        self._room.set()
        if self._waiting:
            self._wake.set()

    def _count(self, every: Sequence[Heard]) -> None:
        messages = [one for one in every if one.kind == "message"]
        if messages:
            self.counts.keep(len(messages), sum(len(one.body) for one in messages), messages[-1].at_us)
        self.counts.broken += sum(one.kind == "broken" for one in every)


def _size(heard: Sequence[Heard]) -> int:
    return sum(len(one.body) + 64 for one in heard)
