# SPDX-License-Identifier: Apache-2.0
"""The one writer of a ledger: which log is current, the change of the year, and when to publish.

Whoever has a `Writer` holds the ledger's lock. It is used by one thread at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger.entry import Receipt, act_leaf, is_act
from wardkeep.ledger.errors import LedgerError, LedgerUnavailable
from wardkeep.ledger.log import Log, Request
from wardkeep.ledger.reader import DESCRIPTION, Description, LedgerReader
from wardkeep.ledger.tiles import write_durably

Clock = Callable[[], datetime]

LOCK = "lock"
SELF = "wardkeep"
CLOSED = "ledger:log:closed"
BEGUN = "ledger:log:begun"
#: Readers see an entry at most this many seconds after it is durable.
PUBLISH_AFTER = 0.25
#: Tiles are made durable at the latest after this many entries.
SETTLE_AFTER = 250_000


def take_lock(folder: Path) -> int | None:
    """The descriptor that holds the ledger's lock, or None where another process has it. Raises LedgerUnavailable."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise LedgerUnavailable(f"there is no ledger in {folder}", hint="make a home with `wardkeep init`") from None
    except OSError as error:
        raise LedgerUnavailable(f"cannot open {folder / LOCK}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def create(folder: Path, *, origin: str, signer: Ed25519PrivateKey, at: datetime) -> None:
    """Make a ledger with its first log. Raises LedgerUnavailable where there is one already."""
    if (folder / DESCRIPTION).exists():
        raise LedgerUnavailable(f"{folder} already holds a ledger", hint="open it, or name another folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    public = signer.public_key().public_bytes_raw().hex()
    write_durably(folder / DESCRIPTION, json.dumps({"version": 1, "origin": origin, "public": public}).encode() + b"\n")
    lock = take_lock(folder)
    if lock is None:
        raise LedgerUnavailable(f"{folder} is being written by somebody else")
    Writer(folder, signer=signer, clock=lambda: at, lock=lock).close()


class Writer:
    """Appends to the current log, and begins a new one when the year of the clock changes."""

    def __init__(self, folder: Path, *, signer: Ed25519PrivateKey, clock: Clock, lock: int) -> None:
        """Take up the ledger in `folder`; `lock` comes from `take_lock` and is given back by `close`."""
        self.folder, self._signer, self._clock, self._lock = folder, signer, clock, lock
        try:
            self._description = Description.read(folder)
            names = LedgerReader(folder).logs()
            self.log = self._open(names[-1], create=False) if names else self._begin(None)
            if names:
                self._mend()
        except BaseException:
            os.close(lock)
            raise
        self._published_at = 0.0

    def commit(self, requests: Sequence[Request]) -> list[Receipt | LedgerError]:
        """Append batches in one durable record. Raises LedgerUnavailable: then none of them was acknowledged."""
        year = str(self._clock().year)
        if year > self.log.name:
            self._roll(year)
        return self.log.commit(requests)

    def after_commit(self, *, now: bool = False) -> None:
        """Publish and settle when it is time; a disk that refuses is tried again next time."""
        moment = time.monotonic()
        if now or moment - self._published_at >= PUBLISH_AFTER:
            with contextlib.suppress(OSError):
                self.log.publish()
            self._published_at = moment
        if self.log.unsettled >= SETTLE_AFTER:
            with contextlib.suppress(OSError):
                self.log.settle()

    def close(self) -> None:
        self.log.close()
        os.close(self._lock)

    def _open(self, name: str, *, create: bool) -> Log:
        return Log(
            self.folder / "logs" / name,
            self.folder / "journal" / name,
            name=name,
            origin=self._description.origin_of(name),
            signer=self._signer,
            create=create,
        )

    def _begin(self, before: Log | None, year: str | None = None) -> Log:
        """Make a log and write its first entry, which names the one before."""
        log = self._open(year or str(self._clock().year), create=True)
        if before is not None:
            log.producers = dict(before.producers)
        self._write_begun(log, before)
        return log

    def _write_begun(self, log: Log, before: Log | None) -> None:
        root = before.edge.root().hex() if before else None
        previous = {"log": before.name, "size": before.size, "root": root} if before else None
        self._say(log, {"act": BEGUN, "log": log.name, "previous": previous})

    def _say(self, log: Log, act: dict[str, object]) -> None:
        last = log.last(SELF)
        body = act_leaf({**act, "at": self._clock().isoformat()})
        (answer,) = log.commit([Request(SELF, last[0] + 1 if last else 0, [body])])
        if isinstance(answer, LedgerError):
            raise answer

    def _roll(self, year: str) -> None:
        self._say(self.log, {"act": CLOSED, "log": self.log.name, "next": year})
        before = self.log
        before.settle()
        self.log = self._begin(before, year)
        before.close()

    def _mend(self) -> None:
        """Finish a change of the year that a crash cut short: the last log is closed, or the newest has no first entry."""
        self.log.publish()
        reader = LedgerReader(self.folder)
        if self.log.size == 0:
            names = reader.logs()
            before = self._open(names[-2], create=False) if len(names) > 1 else None
            if before is not None:
                self.log.producers = dict(before.producers)
            self._write_begun(self.log, before)
            if before is not None:
                before.close()
            return
        body = reader.body(self.log.name, self.log.size - 1)
        if is_act(body):
            act = json.loads(body)
            if act.get("act") == CLOSED:
                before = self.log
                self.log = self._begin(before, str(act["next"]))
                before.close()
