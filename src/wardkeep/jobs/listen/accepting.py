# SPDX-License-Identifier: Apache-2.0
"""Taking connections of one port. Who may not come in is turned away before a byte is read, and before TLS costs anything."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import Any, Protocol

from wardkeep.jobs.listen.door import Door
from wardkeep.jobs.listen.limits import CHUNK, HANDSHAKE

#: Connections that the kernel holds for us.
BACKLOG = 512
#: Seconds without a further try where the machine has no descriptors left.
BREATH = 0.5


class Takes(Protocol):
    """What is done with the connections of a port."""

    @property
    def door(self) -> Door: ...
    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None: ...
    def closing(self) -> None: ...


class Accepting:
    """One port. Belongs to one event loop."""

    def __init__(self, takes: Takes, *, tls: ssl.SSLContext | None) -> None:
        self._takes, self._tls = takes, tls
        self._socket: socket.socket | None = None
        self._connections: set[asyncio.Task[None]] = set()

    def open(self, bind: str, port: int) -> tuple[str, int]:
        """Take the port; where it listens. Raises OSError."""
        family = socket.AF_INET6 if ":" in bind else socket.AF_INET
        made = socket.create_server((bind, port), family=family, backlog=BACKLOG, dualstack_ipv6=bind == "::")
        made.setblocking(False)
        self._socket = made
        name = made.getsockname()
        return str(name[0]), int(name[1])

    async def run(self) -> None:
        """Take connections until cancelled."""
        assert self._socket is not None  # noqa: S101 - narrows the type
        loop = asyncio.get_running_loop()
        while True:
            try:
                made, address = await loop.sock_accept(self._socket)
            except OSError:  # no descriptor left, or a sender that had gone already
                await asyncio.sleep(BREATH)
                continue
            host = str(address[0])
            if not self._takes.door.enter(host):
                made.close()
                continue
            task = asyncio.create_task(self._connected(made, host))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

    async def close(self) -> None:
        """Take no more, and end every connection; what was read of each is kept or counted first."""
        if self._socket is not None:
            self._socket.close()
        self._takes.closing()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, made: socket.socket, host: str) -> None:
        """One connection, from its handshake to its end."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=CHUNK, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        tls: dict[str, Any] = {"ssl": self._tls, "ssl_handshake_timeout": HANDSHAKE} if self._tls else {}
        writer: asyncio.StreamWriter | None = None
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, made, **tls)
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            await self._takes.talk(reader, writer, host)
        except (asyncio.CancelledError, OSError, TimeoutError):
            pass  # the sender went, showed no certificate, or was too slow; or we end. What had come of it is accounted for
        finally:
            self._takes.door.leave(host, writer or made)
            with contextlib.suppress(OSError):
                writer.close() if writer is not None else made.close()
