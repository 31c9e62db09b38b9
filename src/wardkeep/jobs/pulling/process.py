# SPDX-License-Identifier: Apache-2.0
"""The process that pulls: a thread for each source of the settings, so that none waits for another one's database.

A source file, its mapping and its password are read anew for every pull: what was mended counts from the next one on. What
fails is said and tried again, more and more seldom. When told to stop, statements are ended on their servers; a thread that
a database still keeps is left behind, for nothing counts as read before it is sealed.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from wardkeep.home import Home, now
from wardkeep.jobs.listen.places import PULLING, live_folder
from wardkeep.jobs.listen.status import said_in
from wardkeep.jobs.listening import write_status
from wardkeep.jobs.pulling.database import View
from wardkeep.jobs.pulling.lock import PullBusy
from wardkeep.jobs.pulling.pulling import Pulled, Source, pull_source, source_named, state_file
from wardkeep.jobs.pulling.status import Tally, remembered
from wardkeep.watch.pull import PullError, pause_after, read_state

LOG = logging.getLogger("wardkeep.jobs")
#: Seconds between two looks whether there is something to say, and between two signs of life where there is not.
SAY_EVERY, ALIVE_EVERY = 1.0, 5.0
#: Seconds that threads get to end; the supervisor waits a little longer.
GRACE = 3.0
#: Seconds until the next look, where another command pulls the source.
BUSY = 5.0
#: Characters of what went wrong that are kept.
TOLD = 300


class SourceThread(threading.Thread):
    """Pulls one source again and again. The tally is written here alone, and read by the thread that says it."""

    def __init__(self, home: Home, file: str, stop: threading.Event, tally: Tally) -> None:
        super().__init__(name=f"pull {file}", daemon=True)
        self._home, self._stop_event = home, stop
        self.file, self.tally = file, tally
        self._view: View | None = None
        self._ending: threading.Thread | None = None

    def run(self) -> None:
        """Until told to stop."""
        while not self._stop_event.is_set():
            pause = self.turn()
            self.tally.next_at = _later(pause)
            self._stop_event.wait(pause)
        self.tally.next_at = None

    def turn(self) -> float:
        """One pull; seconds until the next."""
        tally = self.tally
        tally.first_try = tally.first_try or now()
        tally.next_at = None
        counted = _Counted(tally)
        try:
            given = source_named(self._home.path / self.file)
            source = given.source
            tally.name, tally.system, tally.view = source.name, given.mapping.system or "", source.view
            tally.every = source.every
            done = pull_source(
                self._home,
                given,
                at=now(),
                stop=self._stop_event.is_set,
                progress=lambda pulled: self._count(counted, pulled, given),
                opened=self._opened,
                wait=0.0,
            )
        except PullBusy:
            return min(BUSY, float(tally.every))  # what another command reads is read
        except Exception as error:
            # Fails open, said aloud: no fault of one source may stop another.
            return self._failed(error, brought=counted.new > 0)
        finally:
            self._view = None
        self._count(counted, done, given)
        tally.without_watermark = done.without_watermark
        if not done.stopped:
            tally.last_success, tally.failures = now(), 0
            self._say_trouble("")
        return float(tally.every)

    def end(self) -> None:
        """Have the statement at hand ended, without waiting for the server."""
        view = self._view
        if view is not None and (self._ending is None or not self._ending.is_alive()):
            self._ending = threading.Thread(target=view.give_up, daemon=True)
            self._ending.start()

    def _opened(self, view: View) -> None:
        self._view = view

    def _failed(self, error: Exception, *, brought: bool) -> float:
        if self._stop_event.is_set():
            return 0.0
        if not isinstance(getattr(type(error), "exit_status", None), int) and not isinstance(error, OSError):
            # Places, no values: an exception's message may carry what a record said.
            places = " < ".join(
                f"{Path(one.filename).name}:{one.lineno}" for one in reversed(extract_tb(error.__traceback__))
            )
            LOG.error("pulling %s failed: %s at %s", self.file, type(error).__name__, places)
        # One that brings rows before it is lost is no worse than a slow one.
        self.tally.failures = 1 if brought else self.tally.failures + 1
        self._say_trouble(told(error))
        return float(pause_after(self.tally.failures, self.tally.every))

    def _say_trouble(self, trouble: str) -> None:
        if trouble != self.tally.trouble:
            LOG.warning("pulling %s: %s", self.file, trouble or "well again")
        self.tally.trouble = trouble

    def _count(self, counted: _Counted, pulled: Pulled, given: Source) -> None:
        tally = self.tally
        if counted.add(pulled):
            tally.last_row = now()
        if pulled.watermark is not None and pulled.watermark != tally.watermark:
            tally.watermark = pulled.watermark
            tally.watermark_at = _moment_of(self._home, given)


class _Counted:
    """What of the pull at hand is in the tally already."""

    def __init__(self, tally: Tally) -> None:
        self._tally, self._begun = tally, time.monotonic()
        self.new = self._known = self._aside = self._read = 0

    def add(self, pulled: Pulled) -> bool:
        """Count what came since the last call; whether a new row was among it."""
        tally, more = self._tally, pulled.accepted > self.new
        tally.rows += pulled.accepted - self.new
        tally.duplicates += pulled.duplicates - self._known
        tally.quarantined += pulled.quarantined - self._aside
        if pulled.read > self._read:
            tally.rate = round(pulled.read / max(0.001, time.monotonic() - self._begun), 2)
        self.new, self._known, self._aside, self._read = (
            pulled.accepted, pulled.duplicates, pulled.quarantined, pulled.read,
        )  # fmt: skip
        return more


def pull_until(home: Home, stop: threading.Event) -> bool:
    """Pull the sources of the settings until told to stop; whether every thread ended by itself."""
    home.keyring()  # opened once, before threads share it
    status = live_folder(home) / PULLING
    tallies = remembered(said_in(status))
    threads = [SourceThread(home, file, stop, tallies.get(file, Tally())) for file in home.settings.intake.pulls]
    for thread in threads:
        thread.start()
    said, due = _shown(threads), 0.0
    while not stop.wait(SAY_EVERY):
        if (found := _shown(threads)) != said or time.monotonic() >= due:
            said, due = found, time.monotonic() + ALIVE_EVERY
            _say(status, said)
    until = time.monotonic() + GRACE
    while (left := [thread for thread in threads if thread.is_alive()]) and time.monotonic() < until:
        for thread in left:
            thread.end()
        left[0].join(0.2)
    _say(status, _shown(threads))
    return not left


def told(error: Exception) -> str:
    """What went wrong, without what a record said: our own errors hold no value of one; of others the kind is told."""
    if isinstance(getattr(type(error), "exit_status", None), int):
        return " ".join(str(error).split())[:TOLD]
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}: {error.filename or ''}".rstrip(": ")[:TOLD]
    return f"{type(error).__name__} (a fault in Wardkeep)"


def _shown(threads: list[SourceThread]) -> dict[str, Any]:
    return {thread.file: msgspec.to_builtins(thread.tally) for thread in threads}


def _say(path: Path, sources: dict[str, Any]) -> None:
    write_status(path, {"at": now().isoformat(), "sources": sources})


def _moment_of(home: Home, given: Source) -> datetime | None:
    """The watermark that is kept, as a moment; None where it is a number or cannot be read."""
    with suppress(PullError):
        state = read_state(state_file(home, given.source.name))
        if state is not None and isinstance(mark := state.mark, datetime):
            zone = ZoneInfo(given.mapping.zone or home.settings.hospital.timezone)
            return (mark if mark.tzinfo else mark.replace(tzinfo=zone)).astimezone(UTC)
    return None


def _later(seconds: float) -> datetime:
    return datetime.fromtimestamp(now().timestamp() + seconds, UTC)
