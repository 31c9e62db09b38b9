# SPDX-License-Identifier: Apache-2.0
"""The process that judges what is heard as soon as it is durable, keeps the alerts, and makes a notice of them.

It reads the raw spools while they are written. The listeners do not know of it: where it is slow or down they go on, and it
reads on from the number where it was; what the store has taken meanwhile is counted, said, and judged late from the store.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.db import close_old_connections

from wardkeep.govern.alerts import actions, reading
from wardkeep.home import Home, now
from wardkeep.jobs.alerting.catching import missed_rows
from wardkeep.jobs.alerting.status import Place, place_in, says_in
from wardkeep.jobs.alerting.surroundings import Learned, known_of, learned_of, state_of
from wardkeep.jobs.listen.following import Follower
from wardkeep.jobs.listen.places import ALERTING, live_folder, spool_key
from wardkeep.jobs.listen.status import said_in
from wardkeep.jobs.listen.taking import Taker
from wardkeep.jobs.listening import write_status
from wardkeep.jobs.storing import mapping_of
from wardkeep.jobs.telling import announce_alerts
from wardkeep.watch.live import Alert, Known, Live, counted
from wardkeep.watch.store import StoreError

LOG = logging.getLogger("wardkeep.jobs")
#: Seconds between two looks into the spools, where nothing came.
LOOK = 0.1
#: Seconds between two looks whether the tables changed, and between two learnings.
TABLES_EVERY, LEARN_EVERY = 5.0, 6 * 3600.0
#: Seconds for which the first event may wait for what is learned.
PATIENCE = 20.0
#: Seconds between two signs of life, and what a restart judges again at most.
SAY_EVERY = 1.0
#: Memory that learning and catching up may use.
MEMORY = "1GB"
#: What is kept in one act at most.
AT_ONCE = 500


@dataclass(slots=True)
class Heard:
    """One listener, as it is read."""

    follower: Follower
    taker: Taker
    #: Messages that the store had taken before they were read, and that were judged late.
    missed: int = 0
    #: The number after the last message whose alerts are kept.
    kept: int = 0


class Alerting:
    """Belongs to one thread."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._folder = live_folder(home)
        self._store = home.store()
        self._store.remember()
        self._settings = home.settings.live
        limits = self._settings.all_limits()
        self._live = Live(limits, Known())
        self._live.remember(reading.said_since(now() - timedelta(minutes=limits.quiet_minutes)))
        said = said_in(self._folder / ALERTING)
        self.heard = {name: self._opened(name, place_in(said, name)) for name in home.settings.intake.listeners}
        self._live.says.update(says_in(said))
        self._counts: dict[str, int] = {}
        self.judged, self.alerts, self.trouble = 0, 0, ""
        self._state: tuple[str, ...] | None = None
        self._learned, self._learning = Learned(), False
        self._fresh: Learned | None = None
        self._tables_at = self._learn_at = self._said_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Until told to stop."""
        self._say("", anyway=True)  # where it begins is known also where it is killed before it has read anything
        self._begin(stop)
        while not stop.is_set():
            try:
                found = self.turn(stop)
                trouble = ""
            except (StoreError, OSError, DatabaseError) as error:
                # Fails open, said aloud: what is heard is stored and judged at night whatever becomes of this.
                found, trouble = 0, f"{type(error).__name__}"
            self._say(trouble)
            if not found:
                stop.wait(1.0 if trouble else LOOK)
        self._say(self.trouble, anyway=True)
        for one in self.heard.values():
            one.follower.close()

    def _begin(self, stop: threading.Event) -> None:
        """Give learning a while before the first event is judged: without it what is usual for a role looks like much."""
        until = time.monotonic() + PATIENCE
        try:
            self._look_around()
            while self._learning and time.monotonic() < until and not stop.wait(LOOK):
                for one in self.heard.values():
                    one.follower.hold()
        except (StoreError, OSError):
            return  # the first turn says so

    def turn(self, stop: threading.Event) -> int:
        """Judge what came since the last turn; how many events."""
        self._look_around()
        before = self.judged
        for name, one in self.heard.items():
            found: list[Alert] = []
            for group in one.follower.look():
                for heard_us, rows in one.taker.rows(group):
                    found += self._live.judge(rows, heard_us=heard_us)
                    self.judged += len(rows)
            self._keep(found, stop)
            one.kept = one.follower.number
            while one.follower.gaps:
                self._catch_up(name, one, one.follower.gaps[0], stop)
                one.follower.gaps.pop(0)
        return self.judged - before

    def _catch_up(self, name: str, one: Heard, span: tuple[int, int], stop: threading.Event) -> None:
        count = span[1] - span[0]
        found: list[Alert] = []
        for received_us, rows in missed_rows(self._store, name, span, at=now(), memory_limit=MEMORY):
            found += self._live.judge(rows, heard_us=received_us)
            self.judged += len(rows)
        self._keep(found, stop)
        one.missed += count
        LOG.warning("alerting: %d messages of %s were stored before they were judged; judged late", count, name)

    def _keep(self, found: Sequence[Alert], stop: threading.Event) -> None:
        """Keep alerts and make a notice of them; waits for a database that is away."""
        if found:
            close_old_connections()  # it may have been long since the last one
        for begin in range(0, len(found), AT_ONCE):
            part = found[begin : begin + AT_ONCE]
            self._until_done(lambda part=part: actions.keep(part, at=now()), stop)  # type: ignore[misc]
            self.alerts += len(part)
        if found:
            self._until_done(lambda: announce_alerts(self._home, at=now()), stop)

    def _until_done(self, do: Callable[[], Any], stop: threading.Event) -> None:
        while True:
            try:
                do()
                return
            except DatabaseError as error:
                self._say(type(error).__name__)
                close_old_connections()
                if stop.wait(1.0):
                    raise

    def _look_around(self) -> None:
        """Make the snapshot anew where the tables changed or something was learned."""
        clock = time.monotonic()
        if clock >= self._learn_at and not self._learning:
            self._learn_at, self._learning = clock + LEARN_EVERY, True
            threading.Thread(target=self._learn, name="learn", daemon=True).start()
        if clock < self._tables_at and self._fresh is None:
            return
        self._tables_at = clock + TABLES_EVERY
        state = state_of(self._store)
        if self._fresh is None and state == self._state:
            return
        if self._fresh is not None:
            self._learned, self._fresh = self._fresh, None
        zone = self._home.settings.hospital.timezone
        known = known_of(self._store, self._settings, self._learned, zone=zone)
        self._live.know(known)
        self._state, self._counts = state, counted(known)

    def _learn(self) -> None:
        """In a thread with a store of its own: days of events must not keep what is heard waiting."""
        try:
            self._fresh = learned_of(self._home.store(), self._settings, at=now(), memory_limit=MEMORY)
        except Exception as error:  # fails open, said aloud: without it fewer things are looked for
            LOG.warning("alerting: nothing is learned of the last days: %s", type(error).__name__)
        finally:
            self._learning = False

    def _opened(self, name: str, place: Place) -> Heard:
        settings = self._home.settings
        wants = settings.intake.listeners[name]
        follower = Follower(self._folder / name, kek=spool_key(self._home, name), number=place.next)
        follower.gaps = list(place.gaps)
        taker = Taker(name, wants, zone=settings.hospital.timezone, mapping=mapping_of(self._home, wants))
        return Heard(follower, taker, missed=place.missed, kept=follower.number)

    def _say(self, trouble: str, *, anyway: bool = False) -> None:
        if trouble != self.trouble:
            LOG.warning("alerting: %s", trouble or "well again")
        elif time.monotonic() < self._said_at and not anyway:
            return
        self.trouble, self._said_at = trouble, time.monotonic() + SAY_EVERY
        listeners = {
            name: {"next": one.kept, "missed": one.missed, "gaps": one.follower.gaps}
            for name, one in self.heard.items()
        }
        held_back = {code.value: count for code, count in sorted(self._live.held_back.items())}
        said = {"judged": self.judged, "alerts": self.alerts, "held_back": held_back, "trouble": trouble}
        said |= {"known": self._counts, "says": dict(self._live.says)}
        write_status(self._folder / ALERTING, {"at": now().isoformat(), **said, "listeners": listeners})


def alert_until(home: Home, stop: threading.Event) -> None:
    """Judge what is heard until told to stop."""
    Alerting(home).run(stop)
