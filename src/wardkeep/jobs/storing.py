# SPDX-License-Identifier: Apache-2.0
"""The process that stores what was heard: every few seconds the raw spools go into the store, as one small batch.

A spool's file is removed after its batch is sealed, and not before. A crash in between reads it again, and the store knows each
of its events: numbers, ids and the bytes of the messages are the same ones.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from wardkeep.home import Home, now
from wardkeep.jobs.ingesting import mapping_named
from wardkeep.jobs.listen.places import STORING, live_folder, spool_key
from wardkeep.jobs.listen.rawspool import read, waiting
from wardkeep.jobs.listen.taking import FORMAT, Taken, Taker
from wardkeep.jobs.listening import write_status
from wardkeep.jobs.messages import load_messages
from wardkeep.keys.errors import SealedError
from wardkeep.keys.sealed import sync_folder
from wardkeep.ledger import LedgerError
from wardkeep.listeners import Listener
from wardkeep.watch.event import Rejected
from wardkeep.watch.intake.batch import Batch, columns_of
from wardkeep.watch.intake.errors import IntakeError
from wardkeep.watch.intake.limits import KEEP
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.store import Report, Store, StoreError

LOG = logging.getLogger("wardkeep.jobs")
#: Bytes of raw spool that are taken at once. Who is killed, or finds the disk full, loses the work of no more than that.
AT_ONCE = 16 << 20
#: Seconds to wait for another command that stores; then the next round comes.
PATIENCE = 5.0
COUNTED = ("read", "accepted", "duplicates", "quarantined", "rounds")
#: A pause after a failure, up to so much.
LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class Tally:
    """What came of one listener so far, also over restarts."""

    messages: int = 0
    set_aside: int = 0
    bytes: int = 0
    #: Between hearing a message and its sealing: of the oldest one of the last round.
    delay_s: float | None = None
    last_us: int | None = None
    #: What of it waits: files, and since when the oldest.
    waiting: int = 0
    #: The number of the message that comes next.
    next: int | None = None


@dataclass(slots=True)
class Totals:
    """What came of all of them."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    rounds: int = 0
    trouble: str = ""
    listeners: dict[str, Tally] = field(default_factory=dict)


class Storing:
    """Takes the raw spools of one home into its store."""

    def __init__(self, home: Home, *, store: Store | None = None) -> None:
        self._home = home
        self._folder = live_folder(home)
        self._store = store or home.store()
        self._store.remember()
        self._takers: dict[str, Taker] = {}
        #: When the messages of a listener were last loaded into the hospital's tables.
        self._loaded: dict[str, float] = {}
        self.totals = _remembered(self._folder / STORING)

    def run(self, stop: threading.Event) -> None:
        """Round after round until told to stop. What fails is said and tried again: nothing is removed before it is sealed."""
        every = float(self._home.settings.intake.every)
        pause = every
        while not stop.wait(pause):
            began = time.monotonic()
            try:
                more = self.round()
                self._tell("")
                pause = 0.05 if more else max(0.2, every - (time.monotonic() - began))
            except (StoreError, LedgerError, IntakeError, OSError) as error:
                self._tell(str(error))
                pause = min(LONGEST_PAUSE, max(every, 2 * pause))

    def round(self) -> bool:
        """Store what waits now, or as much as goes at once; whether more waits. Raises StoreError, LedgerError."""
        files = self._waiting()
        if not files:
            return False
        at = now()
        taken: list[tuple[str, Path, Taken]] = []
        size = 0
        with (
            self._home.connect_ledger(wait=PATIENCE) as ledger,
            self._store.intake(ledger, received_at=at, wait=PATIENCE) as intake,
        ):
            for name, path in files:
                size += path.stat().st_size
                if taken and size > AT_ONCE:
                    break
                before = [its.next for its_name, _, its in taken if its_name == name]
                found = self._take(name, path, before[-1] if before else self.totals.listeners[name].next)
                load_messages(intake, self._store, found.care, zone=self._home.settings.hospital.timezone, source=name)
                for batch in found.batches:
                    intake.file([batch], messages=True)
                taken.append((name, path, found))
            left = {name for name, _ in files[len(taken) :]}
            for name in dict.fromkeys(name for name, _, found in taken if found.hl7):
                messages = [one for its, _, found in taken if its == name for one in found.hl7]
                zone = self._home.settings.hospital.timezone
                load_messages(intake, self._store, messages, zone=zone, source=name)
                if name in left:  # what is behind goes on at once
                    self._loaded.pop(name, None)
                else:
                    self._loaded[name] = time.monotonic()
            report = intake.report()
        # Before they are removed: who dies in between must not take for lost what was stored.
        for name, _, found in taken:
            self.totals.listeners[name].next = found.next
        self._tell(self.totals.trouble)
        for folder in {path.parent for _, path, _ in taken}:
            for _, path, _ in taken:
                if path.parent == folder:
                    path.unlink(missing_ok=True)
            sync_folder(folder)
        self._count(report, taken)
        return len(taken) < len(files)

    def _waiting(self) -> list[tuple[str, Path]]:
        """What waits of all listeners, also of those that are no longer in the settings; the oldest files first."""
        found = []
        for folder in sorted(self._folder.iterdir()) if self._folder.is_dir() else []:
            if folder.is_dir():
                paths = waiting(folder)
                self.totals.listeners.setdefault(folder.name, Tally()).waiting = len(paths)
                loaded = self._loaded.get(folder.name)
                if loaded is not None and time.monotonic() < loaded + self._home.settings.intake.load_every:
                    continue
                found += [(folder.name, path) for path in paths]
        # One listener that has much must not keep the others waiting: one file of each, then the next of each.
        turn: dict[str, int] = {}
        order = {}
        for name, path in found:
            order[path] = turn[name] = turn.get(name, 0) + 1
        return sorted(found, key=lambda one: order[one[1]])

    def _take(self, name: str, path: Path, follows: int | None) -> Taken:
        try:
            return self._taker(name).take(read(path, kek=spool_key(self._home, name)), follows=follows)
        except SealedError as error:
            # The whole file cannot be opened: it is named in quarantine and kept beside, so that no byte of it is lost.
            aside = path.with_name(f"{path.stem}.damaged")
            raw = path.read_bytes()
            with aside.open("wb") as file:  # the file itself goes when its piece is sealed
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            piece = Rejected(
                reason=f"spool-damaged: {type(error).__name__}: {aside.name} in the raw spool of {name} cannot be opened",
                format=FORMAT, source=name, position=path.stem, raw=raw[:KEEP], truncated=len(raw) > KEEP,
            )  # fmt: skip
            events, rejected, records = columns_of([piece], name)
            batch = Batch(events=events, rejected=tuple(rejected), records=records, source=name, done=0, size=0)
            return Taken(set_aside=1, batches=[batch], next=follows)

    def _taker(self, name: str) -> Taker:
        if name not in self._takers:
            settings = self._home.settings
            wants = settings.intake.listeners.get(name)
            mapping = mapping_of(self._home, wants) if wants is not None else None
            self._takers[name] = Taker(name, wants, zone=settings.hospital.timezone, mapping=mapping)
        return self._takers[name]

    def _count(self, report: Report, taken: list[tuple[str, Path, Taken]]) -> None:
        totals = self.totals
        totals.rounds += 1
        for what in COUNTED[:-1]:
            setattr(totals, what, getattr(totals, what) + getattr(report, what))
        sealed = now().timestamp()
        for name in {name for name, _, _ in taken}:
            tally = totals.listeners.setdefault(name, Tally())
            its = [found for its_name, _, found in taken if its_name == name]
            tally.messages += sum(found.messages for found in its)
            tally.set_aside += sum(found.set_aside for found in its)
            tally.bytes += sum(found.size for found in its)
            tally.waiting = max(0, tally.waiting - len(its))
            firsts = [found.first_us for found in its if found.first_us is not None]
            lasts = [found.last_us for found in its if found.last_us is not None]
            if firsts:
                tally.delay_s = round(max(0.0, sealed - min(firsts) / 1e6), 3)
                tally.last_us = max(lasts)

    def _tell(self, trouble: str) -> None:
        if trouble != self.totals.trouble:
            LOG.warning("storing what was heard: %s", trouble or "well again")
        self.totals.trouble = trouble
        write_status(self._folder / STORING, {"at": now().isoformat(), **_shown(self.totals)})


def store_until(home: Home, stop: threading.Event) -> None:
    """Take the raw spools into the store until told to stop, and once more then."""
    storing = Storing(home)
    storing.run(stop)
    with suppress(StoreError, LedgerError, IntakeError, OSError):  # it is taken at the next start
        storing.round()


def mapping_of(home: Home, wants: Listener) -> Mapping | None:
    """The mapping of a listener's delimited messages. Raises IntakeError."""
    if not wants.mapping:
        return None
    beside = home.path / wants.mapping
    return mapping_named(str(beside) if beside.exists() else wants.mapping)


def _shown(totals: Totals) -> dict[str, Any]:
    names = (*COUNTED, "trouble")
    tallies = {
        name: {key: getattr(tally, key) for key in Tally.__slots__} for name, tally in sorted(totals.listeners.items())
    }
    return {name: getattr(totals, name) for name in names} | {"listeners": tallies}


def _remembered(path: Path) -> Totals:
    """The totals as they were when the process last wrote them; anew where they cannot be read."""
    try:
        return replace(msgspec.json.decode(path.read_bytes(), type=Totals), trouble="")
    except (OSError, ValueError, msgspec.DecodeError, RecursionError):
        return Totals()
