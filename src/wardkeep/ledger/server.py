# SPDX-License-Identifier: Apache-2.0
"""The writer's socket: many clients, one durable write for all that wait (group commit). Mode 600."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger.client import SOCKET, socket_address
from wardkeep.ledger.connection import Connection, Waiting
from wardkeep.ledger.errors import LedgerError, LedgerUnavailable
from wardkeep.ledger.second import SecondKey
from wardkeep.ledger.sm2 import Sm2Key
from wardkeep.ledger.stage import Request
from wardkeep.ledger.writer import PUBLISH_AFTER, Clock, Writer, take_lock

#: Entries, and bytes, taken into one durable write; the first batch goes in whatever its size.
GROUP = 100_000
GROUP_BYTES = 32 << 20
#: Batches, and bytes, that wait in memory; a client that sends more waits itself.
WAITING = 4096
WAITING_BYTES = 64 << 20
#: Entries that are hashed between two turns of the loop; more than these in the writer's thread.
AT_ONCE = 4096


def serve_writer(folder: Path, *, signer: Ed25519PrivateKey, clock: Clock, stop: asyncio.Event | None = None) -> None:
    """Hold the lock and serve until `stop` is set or the task is cancelled. Raises LedgerUnavailable where locked."""
    asyncio.run(run_writer(folder, signer=signer, clock=clock, stop=stop or asyncio.Event()))


async def run_writer(
    folder: Path,
    *,
    signer: Ed25519PrivateKey,
    clock: Clock,
    stop: asyncio.Event,
    second: SecondKey | None = None,
    sm2: Sm2Key | None = None,
) -> None:
    """As `serve_writer`, in a running loop. Raises LedgerUnavailable also when the disk can no longer be trusted."""
    lock = take_lock(folder)
    if lock is None:
        raise LedgerUnavailable(f"the ledger in {folder} is being written by somebody else")
    service = _Service(Writer(folder, signer=signer, clock=clock, lock=lock, second=second, sm2=sm2))
    try:
        listener = _listen(folder)
    except OSError as error:
        await service.close()
        raise LedgerUnavailable(f"cannot listen on {folder / SOCKET}: {error.strerror}") from error
    server = await asyncio.get_running_loop().create_unix_server(service.connection, sock=listener)
    work = asyncio.create_task(service.work())
    ended = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, ended}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.close()
        (folder / SOCKET).unlink(missing_ok=True)
        work.cancel()
        ended.cancel()
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await work
        finally:
            await service.close()


def _listen(folder: Path) -> socket.socket:
    """A socket that only our own user can reach. Whoever holds the lock may take the place of a dead one."""
    (folder / SOCKET).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        with socket_address(folder) as address:
            listener.bind(address)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(mask)
    return listener


class _Service:
    """Takes what connections bring, makes it durable group by group, and answers."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Waiting] = deque()
        #: Entries and bytes that wait.
        self._entries = self._bytes = 0
        self._woken: asyncio.Future[None] | None = None
        self._connections: set[Connection] = set()
        self._held: set[Connection] = set()

    def connection(self) -> Connection:
        return Connection(self)

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)

    def closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._held.discard(connection)

    def add(self, waiting: Waiting) -> None:
        """Put a batch in order; who brings more than may wait is not read from until there is room."""
        self._waiting.append(waiting)
        self._entries += len(waiting.request.bodies)
        self._bytes += waiting.size
        self._wake()
        if len(self._waiting) >= WAITING or self._bytes >= WAITING_BYTES:
            waiting.connection.hold()
            self._held.add(waiting.connection)

    def look(self, operation: str, arguments: Any) -> asyncio.Future[Any]:
        """What is no append, in the writer's own thread."""
        looks = {"find": self._find, "last": self._last, "publish": self._publish}
        if operation not in looks:
            raise LedgerUnavailable(f"unknown operation {operation!r}")
        return asyncio.get_running_loop().run_in_executor(self._thread, looks[operation], arguments)

    async def work(self) -> None:
        """Take all that waits, make it durable at once, answer; publish when it is time. Ends where the disk fails."""
        loop = asyncio.get_running_loop()
        published, behind = 0.0, False
        while True:
            if behind and loop.time() - published >= PUBLISH_AFTER:
                done = await loop.run_in_executor(self._thread, lambda: self._writer.after_commit(now=True))
                published, behind = loop.time(), not done
            if not self._waiting:
                await self._something(PUBLISH_AFTER if behind else None)
            await self._stragglers()
            group = self._group()
            if not group:
                continue
            try:
                answers: list[Any] = await self._commit([waiting.request for waiting in group])
                behind = True
            except LedgerError as error:
                answers = [error] * len(group)
            for waiting, answer in zip(group, answers, strict=True):
                waiting.connection.answer(waiting.number, answer)
            for connection in {waiting.connection for waiting in group}:
                connection.flush()
            if self._writer.broken:
                await asyncio.sleep(PUBLISH_AFTER)  # the answers go out before the connections end
                raise LedgerUnavailable(f"the writer ends after {self._writer.broken}", hint="see to the disk")

    async def _commit(self, requests: list[Request]) -> list[Any]:
        """Hash here and write in the thread: two threads that hash wait for each other's turn with the interpreter."""
        loop = asyncio.get_running_loop()
        if sum(len(request.bodies) for request in requests) <= AT_ONCE:
            staged = self._writer.stage(requests)
            if staged is not None:
                return await loop.run_in_executor(self._thread, self._writer.write, staged)
        return await loop.run_in_executor(self._thread, self._writer.commit, requests)

    async def _something(self, wait: float | None) -> None:
        """Sleep until a batch comes, or `wait` seconds."""
        loop = asyncio.get_running_loop()
        self._woken = loop.create_future()
        alarm = None if wait is None else loop.call_later(wait, self._wake)
        try:
            await self._woken
        finally:
            if alarm is not None:
                alarm.cancel()

    async def _stragglers(self) -> None:
        """Let those who were just answered ask again, while any do: one sync for 64 costs what one for 32 does."""
        seen = 0
        while seen < len(self._waiting) < len(self._connections):
            seen = len(self._waiting)
            await asyncio.sleep(0)  # the loop looks at its sockets,
            await asyncio.sleep(0)  # and reads from them

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def _group(self) -> list[Waiting]:
        """What goes into the next durable write; the first batch goes in whatever its size."""
        group: list[Waiting] = []
        if self._entries <= GROUP and self._bytes <= GROUP_BYTES:
            group, self._waiting = list(self._waiting), deque()
            self._entries = self._bytes = 0
        else:
            entries = size = 0
            while self._waiting and (not group or (entries < GROUP and size < GROUP_BYTES)):
                group.append(self._waiting.popleft())
                entries, size = entries + len(group[-1].request.bodies), size + group[-1].size
            self._entries, self._bytes = self._entries - entries, self._bytes - size
        if self._held and len(self._waiting) < WAITING and self._bytes < WAITING_BYTES:
            held, self._held = self._held, set()
            for connection in held:
                connection.go_on()
        return group

    def _find(self, arguments: Any) -> object:
        try:
            return self._writer.log.find(str(arguments[0]), int(arguments[1]))
        except LedgerError as error:
            return error

    def _last(self, arguments: Any) -> object:
        last = self._writer.log.last(str(arguments[0]))
        return None if last is None else [last[0], last[1].log, last[1].first, last[1].last]

    def _publish(self, arguments: Any) -> object:
        try:
            self._writer.publish()
        except LedgerError as error:
            return error
        return None

    async def close(self) -> None:
        """End every connection, answered or not, then let the ledger go."""
        for connection in list(self._connections):
            connection.close()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.close)
        self._thread.shutdown()
