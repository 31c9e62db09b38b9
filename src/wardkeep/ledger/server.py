# SPDX-License-Identifier: Apache-2.0
"""The writer's socket: many clients, one durable write for all that wait (group commit).

Mode 600, and the peer's user must be ours or root (SO_PEERCRED). A connection speaks for one producer: the first that it
names. The ledger's own producer can be named by nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger.client import LENGTH, MAX_FRAME, SOCKET, socket_address
from wardkeep.ledger.entry import Receipt
from wardkeep.ledger.errors import LedgerError, LedgerUnavailable
from wardkeep.ledger.log import Request
from wardkeep.ledger.tiles import unpack_bundle
from wardkeep.ledger.writer import PUBLISH_AFTER, Clock, Writer, take_lock

#: Entries, and bytes, taken into one durable write; the first batch goes in whatever its size.
GROUP = 100_000
GROUP_BYTES = 32 << 20
#: Batches that wait in memory; a client that sends more waits itself.
WAITING = 4096
_PEER = struct.Struct("3i")


def serve_writer(folder: Path, *, signer: Ed25519PrivateKey, clock: Clock, stop: asyncio.Event | None = None) -> None:
    """Hold the lock and serve until `stop` is set or the task is cancelled. Raises LedgerUnavailable where locked."""
    asyncio.run(run_writer(folder, signer=signer, clock=clock, stop=stop or asyncio.Event()))


async def run_writer(folder: Path, *, signer: Ed25519PrivateKey, clock: Clock, stop: asyncio.Event) -> None:
    """As `serve_writer`, in a running loop. Raises LedgerUnavailable also when the disk can no longer be trusted."""
    lock = take_lock(folder)
    if lock is None:
        raise LedgerUnavailable(f"the ledger in {folder} is being written by somebody else")
    service = _Service(Writer(folder, signer=signer, clock=clock, lock=lock))
    try:
        listener = _listen(folder)
    except OSError as error:
        await service.close()
        raise LedgerUnavailable(f"cannot listen on {folder / SOCKET}: {error.strerror}") from error
    server = await asyncio.start_unix_server(service.talk, sock=listener)
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
    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._waiting: asyncio.Queue[tuple[Request, int, asyncio.Future[Any]]] = asyncio.Queue(WAITING)
        self._thread = ThreadPoolExecutor(1)

    async def work(self) -> None:
        """Take all that waits, make it durable at once, answer; publish when it is time. Ends where the disk fails."""
        loop = asyncio.get_running_loop()
        published, behind = 0.0, False
        while True:
            if behind and loop.time() - published >= PUBLISH_AFTER:
                done = await loop.run_in_executor(self._thread, lambda: self._writer.after_commit(now=True))
                published, behind = loop.time(), not done
            group = await self._group(PUBLISH_AFTER if behind else None)
            if not group:
                continue
            requests = [request for request, _, _ in group]
            try:
                answers: list[Any] = await loop.run_in_executor(self._thread, self._writer.commit, requests)
                behind = True
            except LedgerError as error:
                answers = [error] * len(group)
            for (_, _, future), answer in zip(group, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
            if self._writer.broken:
                await asyncio.sleep(PUBLISH_AFTER)  # the answers go out before the connections end
                raise LedgerUnavailable(f"the writer ends after {self._writer.broken}", hint="see to the disk")

    async def _group(self, wait: float | None) -> list[tuple[Request, int, asyncio.Future[Any]]]:
        try:
            group = [await (self._waiting.get() if wait is None else asyncio.wait_for(self._waiting.get(), wait))]
        except TimeoutError:
            return []
        entries, size = len(group[0][0].bodies), group[0][1]
        while not self._waiting.empty() and entries < GROUP and size < GROUP_BYTES:
            group.append(self._waiting.get_nowait())
            entries, size = entries + len(group[-1][0].bodies), size + group[-1][1]
        return group

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        peer = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        _, user, _ = _PEER.unpack(peer)
        tasks: set[asyncio.Task[None]] = set()
        producer: str | None = None
        try:
            while user in (0, os.geteuid()):
                (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                if length > MAX_FRAME:
                    break
                number, operation, arguments = msgspec.msgpack.decode(await reader.readexactly(length))
                if operation != "publish":
                    if producer is None:
                        producer = str(arguments[0])
                    if arguments[0] != producer:
                        await _say(writer, number, LedgerUnavailable(f"this connection speaks for {producer} alone"))
                        continue
                # Put in order here, so that a client's batches in flight keep theirs; answered when they are durable.
                future = await self._start(operation, arguments)
                task = asyncio.create_task(_answer(writer, number, future))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.DecodeError, ValueError, TypeError, LookupError):
            pass  # a client that goes away or speaks nonsense loses its connection, nobody else's
        finally:
            writer.close()

    async def _start(self, operation: str, arguments: Any) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        try:
            if operation == "append":
                producer, seq, raw = arguments
                bodies = unpack_bundle(raw, "the request")
                await self._waiting.put((Request(str(producer), int(seq), bodies), len(raw), future))
                return future
            if operation == "find":
                return loop.run_in_executor(self._thread, self._find, str(arguments[0]), int(arguments[1]))
            if operation == "last":
                return loop.run_in_executor(self._thread, self._last, str(arguments[0]))
            if operation == "publish":
                return loop.run_in_executor(self._thread, self._publish)
            raise LedgerUnavailable(f"unknown operation {operation!r}")
        except LedgerError as error:
            future.set_result(error)
        return future

    def _find(self, producer: str, seq: int) -> object:
        try:
            return self._writer.log.find(producer, seq)
        except LedgerError as error:
            return error

    def _last(self, producer: str) -> object:
        last = self._writer.log.last(producer)
        return None if last is None else [last[0], last[1].log, last[1].first, last[1].last]

    def _publish(self) -> object:
        try:
            self._writer.publish()
        except LedgerError as error:
            return error
        return None

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.close)
        self._thread.shutdown()


async def _answer(writer: asyncio.StreamWriter, number: int, future: asyncio.Future[Any]) -> None:
    try:
        await _say(writer, number, await future)
    except BaseException:
        writer.close()  # a request that has no answer ends its connection: the client knows that it knows nothing
        raise


async def _say(writer: asyncio.StreamWriter, number: int, value: Any) -> None:
    if isinstance(value, LedgerError):
        answer: list[Any] = [number, False, [type(value).__name__, str(value), value.hint]]
    elif isinstance(value, Receipt):
        answer = [number, True, [value.log, value.first, value.last]]
    else:
        answer = [number, True, value]
    frame = msgspec.msgpack.encode(answer)
    with contextlib.suppress(ConnectionError):
        writer.write(LENGTH.pack(len(frame)) + frame)
        await writer.drain()
