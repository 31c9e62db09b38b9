# SPDX-License-Identifier: Apache-2.0
"""`Ledger`: how everyone appends. It writes in this process where the lock is free, else through the writer's socket.

Frames on the socket are a big-endian u32 length and MessagePack: a request [id, operation, arguments], an answer
[id, true, value] or [id, false, [error class, message, hint]]. A connection speaks for one producer, the first that it
names, so that a client has one connection for each.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger import errors, writer
from wardkeep.ledger.entry import Receipt
from wardkeep.ledger.errors import LedgerError, LedgerUnavailable
from wardkeep.ledger.handover import HandOver
from wardkeep.ledger.second import SecondKey
from wardkeep.ledger.sm2 import Sm2Key
from wardkeep.ledger.stage import MAX_BATCH, Request, pack_batch
from wardkeep.ledger.writer import Clock, Writer, take_lock

SOCKET = "writer.sock"
LENGTH = struct.Struct(">I")
MAX_FRAME = MAX_BATCH + (1 << 20)
#: Seconds between two tries to reach the writer.
PAUSE = 0.05


class _Road(Protocol):
    def append(self, producer: str, seq: int, bodies: Sequence[bytes]) -> Receipt: ...
    def append_each(self, producer: str, first: int, bodies: Sequence[bytes]) -> list[Receipt]: ...
    def find(self, producer: str, seq: int) -> Receipt | None: ...
    def last(self, producer: str) -> tuple[int, Receipt] | None: ...
    def publish(self) -> None: ...
    def close(self) -> None: ...


class Ledger:
    """An open ledger. Safe to use from several threads; close it, or use it in a `with`."""

    def __init__(self, road: _Road, *, in_process: bool) -> None:
        self._road = road
        #: Whether this process holds the lock and writes itself.
        self.in_process = in_process
        self._turn = threading.Lock()

    @staticmethod
    def create(folder: Path, *, origin: str, signer: Ed25519PrivateKey, at: datetime) -> None:
        """Make a ledger. Raises LedgerUnavailable where there is one already."""
        writer.create(folder, origin=origin, signer=signer, at=at)

    @staticmethod
    def rotate(
        folder: Path,
        *,
        old: Ed25519PrivateKey,
        new: Ed25519PrivateKey,
        clock: Clock,
        second: SecondKey | None = None,
        sm2: Sm2Key | None = None,
    ) -> HandOver:
        """Hand the ledger over to another signing key. Raises LedgerUnavailable, also while somebody else writes."""
        lock = take_lock(folder)
        if lock is None:
            raise LedgerUnavailable(
                f"the ledger in {folder} is being written", hint="stop `wardkeep serve`, then call this again"
            )
        here = Writer(folder, signer=old, clock=clock, lock=lock, second=second, sm2=sm2)
        try:
            return here.rotate(new)
        finally:
            here.close()

    @classmethod
    def connect(
        cls,
        folder: Path,
        *,
        signer: Ed25519PrivateKey,
        clock: Clock,
        wait: float = 10.0,
        second: SecondKey | None = None,
        sm2: Sm2Key | None = None,
    ) -> Ledger:
        """Open for appending. Raises LedgerUnavailable when the lock is held and the socket is dead for `wait` seconds."""
        until = time.monotonic() + wait
        while True:
            lock = take_lock(folder)
            if lock is not None:
                here = Writer(folder, signer=signer, clock=clock, lock=lock, second=second, sm2=sm2)
                return cls(_Here(here), in_process=True)
            try:
                return cls(_There(folder, wait), in_process=False)
            except OSError:
                if time.monotonic() >= until:
                    raise LedgerUnavailable(
                        f"the ledger in {folder} is locked, and its writer has not answered for {wait:g} s",
                        hint="wait for the other command, or restart `wardkeep serve`",
                    ) from None
                time.sleep(PAUSE)

    def append(self, producer: str, seq: int, bodies: Sequence[bytes]) -> Receipt:
        """Append a batch; durable when this returns. The same (producer, seq, bodies) again gives the same receipt.

        Raises KeyConflict, OutOfOrder, EntryTooLarge, LedgerUnavailable.
        """
        with self._turn:
            return self._road.append(producer, seq, bodies)

    def append_each(self, producer: str, first: int, bodies: Sequence[bytes]) -> list[Receipt]:
        """Append a batch for each entry, numbered from `first` on; all of them wait for the disk together. Raises as `append`.

        Where one is refused the others may be in; the call may be repeated as it was.
        """
        with self._turn:
            return self._road.append_each(producer, first, bodies)

    def find(self, producer: str, seq: int) -> Receipt | None:
        """Where a batch went, None where it never arrived. Raises OutOfOrder where it is too old to tell."""
        with self._turn:
            return self._road.find(producer, seq)

    def last(self, producer: str) -> tuple[int, Receipt] | None:
        """A producer's last number and where it went."""
        with self._turn:
            return self._road.last(producer)

    def publish(self) -> None:
        """Let readers see everything that was acknowledged, now and not a moment later. Raises LedgerUnavailable."""
        with self._turn:
            self._road.publish()

    def close(self) -> None:
        """Publish, where this process writes, and let go."""
        with self._turn:
            self._road.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


class _Here:
    """Writes in this process."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def append(self, producer: str, seq: int, bodies: Sequence[bytes]) -> Receipt:
        (answer,) = self._writer.commit([Request(producer, seq, bodies)])
        if isinstance(answer, LedgerError):
            raise answer
        self._writer.after_commit()
        return answer

    def append_each(self, producer: str, first: int, bodies: Sequence[bytes]) -> list[Receipt]:
        answers = self._writer.commit([Request(producer, seq, [body]) for seq, body in enumerate(bodies, first)])
        self._writer.after_commit()
        return _all_good(answers)

    def find(self, producer: str, seq: int) -> Receipt | None:
        return self._writer.log.find(producer, seq)

    def last(self, producer: str) -> tuple[int, Receipt] | None:
        return self._writer.log.last(producer)

    def publish(self) -> None:
        self._writer.publish()

    def close(self) -> None:
        self._writer.close()


class _There:
    """Asks the writer's socket."""

    def __init__(self, folder: Path, wait: float) -> None:
        """Raises OSError where nobody listens."""
        self._folder, self._wait = folder, max(wait, 1.0)
        #: By producer; None for the connection that speaks for nobody yet.
        self._talks: dict[str | None, _Talk] = {None: _Talk(folder, self._wait)}

    def append(self, producer: str, seq: int, bodies: Sequence[bytes]) -> Receipt:
        return Receipt(*self._ask("append", producer, seq, pack_batch(bodies)))

    def append_each(self, producer: str, first: int, bodies: Sequence[bytes]) -> list[Receipt]:
        asked = [(producer, seq, pack_batch([body])) for seq, body in enumerate(bodies, first)]
        try:
            answers = self._talk_of(producer).ask_many("append", asked)
        except (OSError, struct.error, msgspec.DecodeError) as error:
            self._lose(producer)
            raise LedgerUnavailable(
                f"the ledger's writer does not answer: {error}",
                hint="try again; a repeated batch is not appended twice",
            ) from error
        return _all_good([answer if isinstance(answer, LedgerError) else Receipt(*answer) for answer in answers])

    def find(self, producer: str, seq: int) -> Receipt | None:
        found = self._ask("find", producer, seq)
        return None if found is None else Receipt(*found)

    def last(self, producer: str) -> tuple[int, Receipt] | None:
        found = self._ask("last", producer)
        return None if found is None else (found[0], Receipt(*found[1:]))

    def publish(self) -> None:
        self._ask("publish", None)

    def close(self) -> None:
        for talk in self._talks.values():
            talk.close()
        self._talks.clear()

    def _ask(self, operation: str, producer: str | None, *arguments: object) -> Any:
        """Ask, and where the connection ends ask a new one: the writer may have been started anew, and repeats nothing."""
        until = time.monotonic() + self._wait
        while True:
            try:
                return self._talk_of(producer).ask(operation, producer, *arguments)
            except (OSError, struct.error, msgspec.DecodeError) as error:
                self._lose(producer)
                if isinstance(error, TimeoutError) or time.monotonic() >= until:
                    raise LedgerUnavailable(
                        f"the ledger's writer does not answer: {error}",
                        hint="try again; a repeated batch is not appended twice",
                    ) from error
                time.sleep(PAUSE)

    def _talk_of(self, producer: str | None) -> _Talk:
        """The first connection serves the first producer; each other gets its own. Raises OSError where nobody listens."""
        if producer not in self._talks:
            spare = self._talks.pop(None, None)
            self._talks[producer] = spare or _Talk(self._folder, self._wait)
        return self._talks[producer]

    def _lose(self, producer: str | None) -> None:
        """Nothing more can be told apart on this connection."""
        if talk := self._talks.pop(producer, None):
            talk.close()


def _all_good(answers: Sequence[Receipt | LedgerError]) -> list[Receipt]:
    """The receipts. Raises the first refusal."""
    for answer in answers:
        if isinstance(answer, LedgerError):
            raise answer
    return [answer for answer in answers if isinstance(answer, Receipt)]


class _Talk:
    """One connection to the writer, for one producer."""

    def __init__(self, folder: Path, wait: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(wait)
        try:
            with socket_address(folder) as address:
                self._socket.connect(address)
        except OSError:
            self._socket.close()
            raise
        self._stream = self._socket.makefile("rb")
        self._number = 0

    def ask(self, operation: str, *arguments: object) -> Any:
        """Ask and wait. Raises what the writer answered, or OSError and the like where it did not."""
        (answer,) = self.ask_many(operation, [arguments])
        if isinstance(answer, LedgerError):
            raise answer
        return answer

    def ask_many(self, operation: str, many: Sequence[Sequence[object]]) -> list[Any]:
        """Ask the same of many, all in flight at once: their answers and refusals, in order. Raises OSError as `ask`."""
        first = self._number + 1
        self._number += len(many)
        frames = [msgspec.msgpack.encode([number, operation, one]) for number, one in enumerate(many, first)]
        self._socket.sendall(b"".join([LENGTH.pack(len(frame)) + frame for frame in frames]))
        answers: dict[int, Any] = {}
        while len(answers) < len(many):
            (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
            number, good, value = msgspec.msgpack.decode(self._exactly(length))
            if not isinstance(number, int) or not first <= number < first + len(many) or number in answers:
                raise OSError("it answered something else")
            answers[number] = value if good else getattr(errors, value[0], LedgerUnavailable)(value[1], hint=value[2])
        return [answers[number] for number in sorted(answers)]

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def _exactly(self, size: int) -> bytes:
        raw = self._stream.read(size)
        if raw is None or len(raw) < size:
            raise OSError("the connection was closed")
        return raw


def nudge(folder: Path, wait: float = 2.0) -> bool:
    """Ask a running writer to publish; False where none answers in `wait` seconds."""
    try:
        talk = _Talk(folder, wait)
    except OSError:
        return False
    try:
        talk.ask("publish", None)
    except (OSError, LedgerError, struct.error, msgspec.DecodeError):
        return False
    finally:
        talk.close()
    return True


@contextlib.contextmanager
def socket_address(folder: Path) -> Iterator[str]:
    """The writer's socket in a form that fits the 108 bytes of a socket address however deep the folder lies."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)
