# SPDX-License-Identifier: Apache-2.0
"""`CareLedger`: how a path that is declared `care` writes down what it does. It waits for nobody.

An entry goes to the ledger, and where that does not answer in time, into the spool; the caller goes on either way. While the
spool holds anything everything goes there, in order. A thread carries it over as soon as the ledger answers again.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from datetime import datetime
from pathlib import Path

from wardkeep.ledger.carrying import carry_entries, carry_over
from wardkeep.ledger.client import Ledger
from wardkeep.ledger.entry import Receipt
from wardkeep.ledger.errors import EntryTooLarge, LedgerDamaged, LedgerError, LedgerUnavailable
from wardkeep.ledger.spool import DAMAGED, SIZE, SUFFIX, Spool

#: Seconds that care waits for the ledger, once in an outage.
PATIENCE = 0.25
#: Seconds between two tries to carry the spool over.
RETRY = 2.0

Connect = Callable[[], Ledger]


class CareLedger:
    """One care path's way into the ledger. Safe to use from several threads; close it, or use it in a `with`."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        connect: Connect,
        clock: Callable[[], datetime],
        alarm: Callable[[str], None],
        size: int = SIZE,
        patience: float = PATIENCE,
        retry: float = RETRY,
    ) -> None:
        """Take up the spool of this path in `folder`, or make one. `alarm` hears of each outage, and of what is lost."""
        self._connect, self._clock, self._alarm = connect, clock, alarm
        self._patience, self._retry = patience, retry
        self._turn, self._stop = threading.Lock(), threading.Event()
        self._spool = self._take_up(folder / f"{name}{SUFFIX}", name, size)
        self._road = _Road(connect, self._spool.producer, None)
        #: The number of the first entry of an outage; None where the spool has to begin anew.
        self._first: int | None = None
        #: Whether the ledger is away, so that entries go into the spool.
        self.spooling = bool(self._spool.entries)
        self._carrier = threading.Thread(target=self._carry, daemon=True)
        self._carrier.start()

    def append(self, body: bytes) -> Receipt | None:
        """Write down one entry. A receipt where the ledger has it, None where the spool does; durable either way.

        Raises EntryTooLarge; SpoolFull or LedgerUnavailable where it could be kept nowhere, and then `alarm` has heard of it.
        """
        with self._turn:
            if not self.spooling:
                try:
                    return self._road.append(body, self._patience)
                except EntryTooLarge:
                    raise
                except (LedgerError, OSError, TooLate) as error:
                    number, receipt = self._road.leave()
                    if receipt is not None:  # it came in just after our patience had ended
                        self._road = _Road(self._connect, self._spool.producer, number)
                        return receipt
                    self._begin_outage(number, error)
            try:
                self._put(body)
            except LedgerUnavailable as error:
                self._alarm(f"an entry of {self._spool.name} is lost: {error}")
                raise
            return None

    @property
    def waiting(self) -> int:
        """Entries in the spool."""
        return len(self._spool.entries)

    def close(self) -> None:
        """Let go. What the spool holds is carried over by whoever opens it next."""
        self._stop.set()
        self._carrier.join()
        self._road.leave()
        self._spool.close()

    def __enter__(self) -> CareLedger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take_up(self, path: Path, name: str, size: int) -> Spool:
        """The path's spool. A damaged one is put aside: `wardkeep ledger reconcile` carries over what is whole of it."""
        if not path.exists():
            return Spool.make(path, name, size=size)
        try:
            spool = Spool(path)
            if spool.damage is None:
                return spool
            spool.close()
            damage = f"the spool {path} is damaged: {spool.damage}"
        except LedgerDamaged as error:
            damage = str(error)
        path.replace(path.with_name(f"{name}.{secrets.token_hex(4)}{DAMAGED}"))
        self._alarm(damage)
        return Spool.make(path, name, size=size)

    def _begin_outage(self, number: int | None, error: Exception) -> None:
        """From here on everything goes into the spool, from the number on that the ledger may just have taken, or not.

        Where nobody can say what the ledger has of us, or it has something else, the spool begins anew under another name.
        """
        anew = number is None or (isinstance(error, LedgerError) and error.exit_status == 1)
        self.spooling, self._first = True, None if anew else number
        why = "it does not answer in time" if isinstance(error, TooLate) else str(error)
        self._alarm(f"the ledger is not there ({why}): {self._spool.name} writes into its spool")

    def _put(self, body: bytes) -> None:
        entries = self._spool.entries
        if not entries and self._first is None:
            self._spool.clear(new_life=True)
            self._first = 0
        number = entries[-1].number + 1 if entries else self._first or 0
        self._spool.put(number, int(self._clock().timestamp() * 1e6), body)

    def _carry(self) -> None:
        """Carry the spool over as soon as that can be done; care goes on writing into it meanwhile."""
        said = ""
        while not self._stop.wait(self._retry):
            if not self.spooling:
                continue
            try:
                with contextlib.closing(self._connect()) as ledger:
                    carry_entries(self._spool, ledger)  # all that waits now; the little that follows under the lock
                    with self._turn:
                        carry_over(self._spool, ledger)
                        last = ledger.last(self._spool.producer)
                        self._road = _Road(self._connect, self._spool.producer, last[0] + 1 if last else None)
                        self.spooling = False
            except (LedgerError, OSError) as error:
                if getattr(error, "exit_status", 3) == 1 and said != str(error):
                    said = str(error)
                    self._alarm(f"the spool of {self._spool.name} cannot be carried over: {error}")


class _Road:
    """The direct way: a connection in a thread of its own, which is left where it does not answer in time.

    What was asked of it then may still happen, under the number that it was given; after `leave` nothing new is asked.
    """

    def __init__(self, connect: Connect, producer: str, number: int | None) -> None:
        self._connect, self._producer = connect, producer
        self._ledger: Ledger | None = None
        self._lock, self._left = threading.Lock(), False
        #: The next number, or that of the entry which is on its way; None while the ledger was not asked.
        self._next = number
        self._receipt: Receipt | None = None
        self._thread = ThreadPoolExecutor(1)

    def append(self, body: bytes, patience: float) -> Receipt:
        """Raises TooLate, LedgerError, OSError."""
        self._receipt = None
        return self._thread.submit(self._append, body).result(patience)

    def leave(self) -> tuple[int | None, Receipt | None]:
        """Ask nothing more. The number of the entry that is on its way, or the next one; a receipt where it came just now."""
        with self._lock:
            before, self._left = self._left, True
            number, receipt = self._next, self._receipt
        if not before:
            self._thread.submit(self._close)
            self._thread.shutdown(wait=False)
        return number, receipt

    def _append(self, body: bytes) -> Receipt:
        if self._ledger is None:
            self._ledger = self._connect()
        if self._next is None:
            last = self._ledger.last(self._producer)
            self._next = last[0] + 1 if last else 0
        with self._lock:
            if self._left:
                raise LedgerUnavailable("nobody waits for this any more")
            number = self._next
        receipt = self._ledger.append(self._producer, number, [body])
        with self._lock:
            if not self._left:
                self._next, self._receipt = number + 1, receipt
        return receipt

    def _close(self) -> None:
        if self._ledger is not None:
            with contextlib.suppress(LedgerError, OSError):
                self._ledger.close()
