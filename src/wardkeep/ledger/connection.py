# SPDX-License-Identifier: Apache-2.0
"""One client of the writer's socket. The peer's user must be ours or root (SO_PEERCRED).

A connection speaks for one producer: the first that it names. A client that speaks nonsense, or goes away, loses its
connection and nobody else's; a request that has no answer ends its connection, so that the client knows that it knows nothing.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from dataclasses import dataclass
from typing import Any, Protocol, cast

import msgspec

from wardkeep.ledger.client import LENGTH, MAX_FRAME
from wardkeep.ledger.entry import Receipt
from wardkeep.ledger.errors import LedgerError, LedgerUnavailable
from wardkeep.ledger.stage import Request
from wardkeep.ledger.tiles import unpack_bundle

HEAD = LENGTH.size
_PEER = struct.Struct("3i")
_DECODE = msgspec.msgpack.Decoder().decode
_ENCODE = msgspec.msgpack.Encoder().encode


@dataclass(slots=True, eq=False)
class Waiting:
    """A batch that waits to become durable, and who asked. Not frozen: making one would cost three times as much."""

    connection: Connection
    number: Any
    request: Request
    size: int


class Service(Protocol):
    """What a connection needs of the writer."""

    def opened(self, connection: Connection) -> None: ...
    def closed(self, connection: Connection) -> None: ...
    def add(self, waiting: Waiting) -> None: ...
    def look(self, operation: str, arguments: Any) -> asyncio.Future[Any]: ...


class Connection(asyncio.Protocol):
    """Frames in, answers out; both many at a time where they come so."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._transport: asyncio.Transport | None = None
        self._producer: str | None = None
        #: The beginning of a frame, and how many bytes are needed before it is worth looking at again.
        self._rest, self._need = bytearray(), 0
        self._out: list[bytes] = []
        #: Why nothing is read: the writer has enough to do, or the client does not take its answers.
        self._held = self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        raw = transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        _, user, _ = _PEER.unpack(raw)
        if user in (0, os.geteuid()):
            self._service.opened(self)
        else:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._service.closed(self)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            self._rest += data
            if len(self._rest) < self._need:
                return
            data, self._rest = bytes(self._rest), bytearray()
        at, end = 0, len(data)
        try:
            while self._transport is not None:
                self._need = HEAD
                if end - at < HEAD:
                    break
                size = int.from_bytes(data[at : at + HEAD], "big")
                if size > MAX_FRAME:
                    raise ValueError("a frame is too long")
                self._need = HEAD + size
                if end - at < self._need:
                    break
                self._take(data[at + HEAD : at + self._need])
                at += self._need
        except (msgspec.DecodeError, ValueError, TypeError, LookupError, ArithmeticError):
            self.close()
            return
        if at < end:
            self._rest += data[at:]
        if self._out:
            self.flush()

    def pause_writing(self) -> None:
        self._full = True
        self._may_read()

    def resume_writing(self) -> None:
        self._full = False
        self._may_read()

    def hold(self) -> None:
        """Read nothing more until `go_on`."""
        self._held = True
        self._may_read()

    def go_on(self) -> None:
        self._held = False
        self._may_read()

    def answer(self, number: Any, value: Any) -> None:
        """Answer a request; `flush` sends it."""
        if isinstance(value, Receipt):
            raw = _ENCODE((number, True, (value.log, value.first, value.last)))
        elif isinstance(value, LedgerError):
            raw = _ENCODE((number, False, (type(value).__name__, str(value), value.hint)))
        else:
            raw = _ENCODE((number, True, value))
        self._out.append(LENGTH.pack(len(raw)) + raw)

    def flush(self) -> None:
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out = []

    def close(self) -> None:
        """End the connection; what was answered still goes out."""
        self.flush()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _may_read(self) -> None:
        if self._transport is None:
            return
        if self._held or self._full:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _take(self, frame: bytes) -> None:
        """One request. Put in order here, so that a client's batches in flight keep theirs."""
        number, operation, arguments = _DECODE(frame)
        try:
            if operation != "publish":
                if self._producer is None:
                    self._producer = str(arguments[0])
                if arguments[0] != self._producer:
                    raise LedgerUnavailable(f"this connection speaks for {self._producer} alone")
            if operation == "append":
                producer, seq, raw = arguments
                request = Request(producer, int(seq), unpack_bundle(raw, "the request"), raw)
                self._service.add(Waiting(self, number, request, len(raw)))
            else:
                future = self._service.look(operation, arguments)
                future.add_done_callback(lambda done: self._looked(number, done))
        except LedgerError as error:
            self.answer(number, error)

    def _looked(self, number: Any, done: asyncio.Future[Any]) -> None:
        if done.cancelled() or done.exception() is not None:
            self.close()
        else:
            self.answer(number, done.result())
            self.flush()
