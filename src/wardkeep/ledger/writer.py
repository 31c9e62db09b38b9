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
from wardkeep.ledger.errors import KeyConflict, LedgerDamaged, LedgerError, LedgerUnavailable
from wardkeep.ledger.handover import Chain, HandOver
from wardkeep.ledger.log import Log, Staged
from wardkeep.ledger.reader import DESCRIPTION, Description, logs_in
from wardkeep.ledger.second import FILE as SECOND
from wardkeep.ledger.second import SecondKey, read_second
from wardkeep.ledger.settler import Settler
from wardkeep.ledger.sidecar import FILE as SM2_KEY
from wardkeep.ledger.sm2 import Sm2Key, write_pem
from wardkeep.ledger.stage import Request
from wardkeep.ledger.tiles import write_durably

Clock = Callable[[], datetime]

LOCK = "lock"
#: The ledger's own producer: nobody else may use it.
SELF = "wardkeep"
CLOSED = "ledger:log:closed"
BEGUN = "ledger:log:begun"
#: Readers see an entry at most this many seconds after it is durable.
PUBLISH_AFTER = 0.25


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


def give_back(lock: int) -> None:
    """Release the lock, also where a child process has inherited its descriptor."""
    fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)


def create(folder: Path, *, origin: str, signer: Ed25519PrivateKey, at: datetime) -> None:
    """Make a ledger with its first log. Raises LedgerUnavailable where there is one already, or what is left of one.

    The description comes last: without it a folder is no ledger.
    """
    if (folder / DESCRIPTION).exists() or logs_in(folder):
        raise LedgerUnavailable(f"{folder} already holds a ledger", hint="open it, or name another folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    description = Description(origin, signer.public_key().public_bytes_raw())
    lock = take_lock(folder)
    if lock is None:
        raise LedgerUnavailable(f"{folder} is being written by somebody else")
    Writer(folder, signer=signer, clock=lambda: at, lock=lock, description=description).close()
    write_durably(folder / DESCRIPTION, description.encode())


def _name_key(path: Path, content: bytes) -> None:
    """Let readers find a public key, unless they do already. Raises OSError."""
    if not path.exists() or path.read_bytes() != content:
        write_durably(path, content)


class Writer:
    """Appends to the current log, and begins a new one when the year of the clock changes."""

    def __init__(
        self,
        folder: Path,
        *,
        signer: Ed25519PrivateKey,
        clock: Clock,
        lock: int,
        description: Description | None = None,
        second: SecondKey | None = None,
        sm2: Sm2Key | None = None,
    ) -> None:
        """Take up the ledger in `folder`; `lock` comes from `take_lock` and is given back by `close`.

        With `description` the first log is made. Raises LedgerDamaged, LedgerUnavailable.
        """
        self.folder, self._signer, self._clock, self._lock, self._second = folder, signer, clock, lock, second
        self._sm2 = sm2
        self._published_at, self._settler = 0.0, Settler()
        try:
            self._description = description or Description.read(folder)
            if self._description.public != signer.public_key().public_bytes_raw():
                raise LedgerDamaged(f"{folder / DESCRIPTION} names another key than the one that signs")
            if second is not None and read_second(folder) != second.public:
                write_durably(folder / SECOND, second.public.hex().encode() + b"\n")
            if sm2 is not None:
                _name_key(folder / SM2_KEY, write_pem(sm2.public).encode())
            names = logs_in(folder)
            if not names and description is None:
                raise LedgerDamaged(f"the logs of {folder} are gone", hint="restore the ledger from a backup")
            self.log = self._open(names[-1] if names else str(clock().year))
            self._finish_hand_over()
            self._mend(names[:-1])
        except OSError as error:
            give_back(lock)
            raise LedgerUnavailable(f"cannot open the ledger in {folder}: {error.strerror}") from error
        except BaseException:
            give_back(lock)
            raise

    @property
    def broken(self) -> str | None:
        """Why nothing more can be appended before the ledger is opened anew, None while all is well."""
        return self.log.broken

    def commit(self, requests: Sequence[Request]) -> list[Receipt | LedgerError]:
        """Append batches in one durable record. Raises LedgerUnavailable: then none of them was acknowledged."""
        year = str(self._clock().year)
        if self._must_roll(year):
            self._roll(year)
        ours = [request for request in requests if request.producer == SELF]
        if not ours:
            return self.log.commit(requests)
        refused = KeyConflict(f"the producer {SELF!r} is the ledger itself")
        answers = iter(self.log.commit([request for request in requests if request.producer != SELF]))
        return [refused if request.producer == SELF else next(answers) for request in requests]

    def stage(self, requests: Sequence[Request]) -> Staged | None:
        """The first half of `commit`: all of it that needs no disk. None where only `commit` will do."""
        if self._must_roll(str(self._clock().year)) or any(request.producer == SELF for request in requests):
            return None
        return self.log.stage(requests)

    def write(self, staged: Staged) -> list[Receipt | LedgerError]:
        """The second half. Nothing may be committed in between."""
        return self.log.write(staged)

    def after_commit(self, *, now: bool = False) -> bool:
        """Publish and settle when it is time; False where the disk refuses, and then it is tried again next time."""
        moment = time.monotonic()
        try:
            if now or moment - self._published_at >= PUBLISH_AFTER:
                self._published_at = moment
                self.log.publish()
            self._settler.turn(self.log)
        except OSError:
            return False  # nothing is lost: the journal has everything that was acknowledged
        return True

    def publish(self) -> None:
        """Let readers see everything that was acknowledged. Raises LedgerUnavailable."""
        try:
            self.log.publish()
        except OSError as error:
            raise LedgerUnavailable(
                f"cannot publish: {error.strerror}", hint="nothing that was acknowledged is lost; make room"
            ) from error

    def rotate(self, new: Ed25519PrivateKey) -> HandOver:
        """Hand the ledger over to another key. Raises LedgerUnavailable; the next start then does what is left of it.

        The description names the new key first, so that it is known who has to sign, whatever happens then; the entry that
        both keys signed is the first that the new one vouches for.
        """
        self.publish()
        said, log = self._description, self.log
        one = HandOver.make(said.origin, log=log.name, index=log.size, old=self._signer, new=new, at=self._clock())
        described = Description(said.origin, one.new, (*said.handovers, one))
        Chain.of(described.origin, described.public, described.handovers)
        try:
            write_durably(self.folder / DESCRIPTION, described.encode())
        except OSError as error:
            raise LedgerUnavailable(f"cannot write {self.folder / DESCRIPTION}: {error.strerror}") from error
        self._description, self._signer = described, new
        log.hand_over(new, described.verifier(log.name))
        self._finish_hand_over()
        self.publish()
        return one

    def close(self) -> None:
        """Publish and give the lock back."""
        self._settler.close()
        self.log.close()
        give_back(self._lock)

    def _open(self, name: str) -> Log:
        try:
            return Log(
                self.folder / "logs" / name,
                self.folder / "journal" / name,
                name=name,
                origin=self._description.origin_of(name),
                signer=self._signer,
                verifier=self._description.verifier(name),
                second=self._second,
                sm2=self._sm2,
            )
        except OSError as error:
            raise LedgerUnavailable(f"cannot open log {name} in {self.folder}: {error.strerror}") from error

    def _must_roll(self, year: str) -> bool:
        """A closed log stays closed, also where its successor could not be begun and the clock was set back since."""
        return year > self.log.name or _closed_for(self.log) is not None

    def _roll(self, year: str) -> None:
        """Close the current log and begin the next. Can be called again after it failed anywhere."""
        if _closed_for(self.log) is None:
            self._say(self.log, {"act": CLOSED, "log": self.log.name, "next": year})
        before, self.log = self.log, self._begin(_closed_for(self.log) or year, self.log)
        before.close()

    def _mend(self, older: list[str]) -> None:
        """Publish what a crash left unpublished, and finish a change of the year that it cut short."""
        if self.log.size == 0:
            before = self._open(older[-1]) if older else None
            self._write_begun(self.log, before)
            if before is not None:
                before.close()
        elif (year := _closed_for(self.log)) is not None:
            before, self.log = self.log, self._begin(year, self.log)
            before.close()
        self.after_commit(now=True)

    def _begin(self, year: str, before: Log) -> Log:
        """The next log. The one before is complete on disk by then, because nobody will open it for writing again."""
        try:
            self._settler.finish()
            before.settle()
        except OSError as error:
            raise LedgerUnavailable(f"cannot finish log {before.name}: {error.strerror}", hint="make room") from error
        log = self._open(year)
        if log.size == 0:
            self._write_begun(log, before)
        with contextlib.suppress(OSError):  # else with the next entries
            log.publish()
        return log

    def _write_begun(self, log: Log, before: Log | None) -> None:
        """The first entry of a log names the one before; what each producer sent last is carried over."""
        if before is not None:
            log.follow(before)
        root = before.edge.root().hex() if before else None
        previous = {"log": before.name, "size": before.size, "root": root} if before else None
        self._say(log, {"act": BEGUN, "log": log.name, "previous": previous})

    def _finish_hand_over(self) -> None:
        """Write the entry of the newest hand-over, where a crash left it to us."""
        one = next(reversed(self._description.handovers), None)
        if one is None or one.log != self.log.name or one.index < self.log.size:
            return
        if one.index > self.log.size:
            raise LedgerDamaged(
                f"log {self.log.name} ends at {self.log.size}, before the hand-over of its key at {one.index}"
            )
        self._append(self.log, one.body())

    def _say(self, log: Log, act: dict[str, object]) -> None:
        self._append(log, act_leaf({**act, "at": self._clock().isoformat()}))

    def _append(self, log: Log, body: bytes) -> None:
        last = log.last(SELF)
        (answer,) = log.commit([Request(SELF, last[0] + 1 if last else 0, [body])])
        if isinstance(answer, LedgerError):
            raise answer


def _closed_for(log: Log) -> str | None:
    """The year that the log's last entry hands over to, None where the log is open."""
    if not is_act(log.last_body) or log.producers[SELF][3] != log.size - 1 or log.producers[SELF][0] != log.name:
        return None
    act = json.loads(log.last_body)
    return str(act["next"]) if act.get("act") == CLOSED else None
