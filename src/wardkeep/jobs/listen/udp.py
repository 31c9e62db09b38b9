# SPDX-License-Identifier: Apache-2.0
"""A listener for datagrams (syslog over UDP), and the count of those that were lost.

The kernel counts what it drops because we do not read in time (SO_RXQ_OVFL comes with the next datagram, /proc/net/udp also
when none comes). Each loss becomes a gap in the spool: how many, and between which moments.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from wardkeep.jobs.listen.counts import Counts
from wardkeep.jobs.listen.gate import Gate
from wardkeep.jobs.listen.limits import AGAIN, BURST, DATAGRAM_BUFFER, LOOK
from wardkeep.jobs.listen.rawspool import Heard, SpoolRefuses

#: Of Linux; the socket module does not name them.
SO_RXQ_OVFL, SO_RCVBUFFORCE = 40, 33
_COUNT = struct.Struct("=I")
_LARGEST = 65_536
_WRAPS = 1 << 32


class Datagrams:
    """Reads one socket. Belongs to one event loop."""

    def __init__(self, gate: Gate, counts: Counts, *, clock: Callable[[], datetime]) -> None:
        self._gate, self._counts, self._clock = gate, counts, clock
        self._socket: socket.socket | None = None
        #: The kernel's count of what it dropped, as it was when last told, and when that was.
        self._dropped, self._since_us = 0, 0
        #: Datagrams that were read and that nobody could keep.
        self._lost = 0
        self._stopping = False

    def open(self, bind: str, port: int) -> tuple[str, int]:
        """Take the port; where it listens. Raises OSError."""
        made = socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DATAGRAM_BUFFER)
            with contextlib.suppress(OSError):  # only root may go beyond the machine's limit
                made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, DATAGRAM_BUFFER)
            made.bind((bind, port))
        except OSError:
            made.close()
            raise
        self._socket, self._since_us = made, self._now()
        name = made.getsockname()
        return str(name[0]), int(name[1])

    async def run(self) -> None:
        """Until `stop`: read, keep, tell what was lost."""
        assert self._socket is not None  # noqa: S101 - narrows the type
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        looked = loop.time()
        while not self._stopping:
            await self._gate.room()
            heard = self._burst()
            if heard:
                await self._keep(heard)
            if loop.time() - looked >= LOOK:
                looked = loop.time()
                await self._tell()
            if heard:
                continue
            readable.clear()
            loop.add_reader(self._socket.fileno(), readable.set)
            try:
                await asyncio.wait_for(readable.wait(), timeout=LOOK)
            except TimeoutError:
                pass
            finally:
                loop.remove_reader(self._socket.fileno())
        await self._keep(self._burst())
        await self._tell()
        self._socket.close()

    def stop(self) -> None:
        self._stopping = True

    def _burst(self) -> list[Heard]:
        """What waits in the kernel, some of it."""
        assert self._socket is not None  # noqa: S101 - narrows the type
        heard: list[Heard] = []
        for _ in range(BURST):
            try:
                data, extra, _, sender = self._socket.recvmsg(_LARGEST, socket.CMSG_SPACE(_COUNT.size))
            except BlockingIOError:
                break
            except OSError:  # an ICMP answer to something else
                continue
            for level, kind, value in extra:
                if level == socket.SOL_SOCKET and kind == SO_RXQ_OVFL:
                    self._see(_COUNT.unpack(value[: _COUNT.size])[0])
            self._counts.bytes_read += len(data)
            heard.append(Heard(self._now(), "message", str(sender[0]), data))
        return heard

    async def _keep(self, heard: list[Heard]) -> None:
        """Keep them, or count them as lost; then nothing is read for a moment, and the kernel counts."""
        if not heard:
            return
        try:
            await self._gate.keep(heard)
        except SpoolRefuses:
            self._lost += len(heard)
            self._counts.dropped += len(heard)
            if not self._stopping:
                await asyncio.sleep(AGAIN)

    def _see(self, count: int) -> None:
        """The kernel's count now; it goes on from 0 after 2^32."""
        more = (count - self._dropped) % _WRAPS
        if 0 < more < _WRAPS // 2:
            self._dropped = count
            self._lost += more
            self._counts.dropped += more

    async def _tell(self) -> None:
        """Write down what was lost since the last time. It is not forgotten before it is durable."""
        assert self._socket is not None  # noqa: S101 - narrows the type
        looked = self._now()  # the next gap begins before this count was read, this one ends after it
        self._see(kernel_drops(self._socket))
        lost = self._lost
        if not lost:
            self._since_us = looked
            return
        gap = Heard(self._now(), "gap", "kernel", problem=f"udp-dropped: since {self._since_us}", size=lost)
        with contextlib.suppress(SpoolRefuses):
            await self._gate.keep([gap])
            self._lost -= lost
            self._since_us = looked

    def _now(self) -> int:
        return int(self._clock().timestamp() * 1e6)


def kernel_drops(sock: socket.socket) -> int:
    """How many datagrams the kernel dropped of a socket; 0 where it does not say."""
    inode = str(os.fstat(sock.fileno()).st_ino)
    table = Path("/proc/net/udp6" if sock.family == socket.AF_INET6 else "/proc/net/udp")
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return 0
    return next((int(words[-1]) for words in map(str.split, lines) if len(words) > 12 and words[9] == inode), 0)
