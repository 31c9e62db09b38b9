# SPDX-License-Identifier: Apache-2.0
"""The clerk: carries acts into the ledger within a second, and does what is due by the clock."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import close_old_connections

from wardkeep.home import Home, now
from wardkeep.jobs.dated import keep_today
from wardkeep.jobs.draining import drain_here
from wardkeep.jobs.feeding import EPOCH, feed_touches
from wardkeep.jobs.telling import tell
from wardkeep.watch.cases.run_actions import settle
from wardkeep.watch.event import OWN_SYSTEM

LOG = logging.getLogger("wardkeep.jobs")
DRAIN_EVERY = timedelta(seconds=1)
FEED_EVERY = timedelta(seconds=60)
SETTLE_EVERY = timedelta(minutes=10)
#: Between two looks whether small segments are worth joining.
COMPACT_EVERY = timedelta(minutes=10)
#: Between two looks whether the checkpoint of the day is kept and stamped.
DATE_EVERY = timedelta(minutes=15)
#: Between two looks whether signed records are to be checked tonight.
RECORDS_EVERY = timedelta(seconds=30)
#: Between two looks whether somebody has to be told of something.
TELL_EVERY = timedelta(seconds=30)
#: A nightly pass that was missed (the machine was off) runs within this time of the day; else it waits for its night.
CATCH_UP = timedelta(hours=6)
#: One that failed is tried again after this long: a cause such as a full disk seldom goes away by itself.
AGAIN_AFTER = timedelta(hours=1)


@dataclass
class Duty:
    """Something that is done again and again."""

    name: str
    every: timedelta
    do: Callable[[], object]
    next: datetime


class Clerk:
    """Runs its duties one after another until told to stop. A duty that fails is logged and tried again."""

    def __init__(self, home: Home) -> None:
        self.home = home
        at = now()
        self.nightly: subprocess.Popen[bytes] | None = None
        self.compacting: subprocess.Popen[bytes] | None = None
        self.checking: subprocess.Popen[bytes] | None = None
        self.checking_not_before: datetime | None = None
        self.dating: threading.Thread | None = None
        self.telling: threading.Thread | None = None
        self.nightly_not_before: datetime | None = None
        self.duties = [
            Duty("drain", DRAIN_EVERY, lambda: drain_here(home, wait=5.0), at),
            Duty("feed", FEED_EVERY, lambda: feed_touches(home, at=now()), at + FEED_EVERY),
            Duty("settle", SETTLE_EVERY, lambda: settle(at=now()), at),
            Duty("nightly", timedelta(seconds=30), self.judge_when_due, at + timedelta(seconds=30)),
            Duty("compact", COMPACT_EVERY, self.compact_when_worth, at + COMPACT_EVERY),
            Duty("daily", DATE_EVERY, self.keep_the_day, at + timedelta(seconds=30)),
            Duty("records", RECORDS_EVERY, self.check_records_when_due, at + timedelta(seconds=5)),
            Duty("doubts", SETTLE_EVERY, self.show_doubts, at + timedelta(seconds=10)),
            Duty("tell", TELL_EVERY, self.tell_people, at + TELL_EVERY),
        ]

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set; what is committed then is carried once more."""
        while not stop.wait(0.2):
            self.turn(now())
        for child in (self.nightly, self.compacting, self.checking):
            if child is not None and child.poll() is None:
                child.send_signal(signal.SIGTERM)
                try:
                    child.wait(timeout=2)
                except subprocess.TimeoutExpired:
                    child.kill()
        self._do(self.duties[0])

    def turn(self, at: datetime) -> None:
        """Do each duty whose time has come."""
        for duty in self.duties:
            if at >= duty.next:
                self._do(duty)
                duty.next = at + duty.every

    def _do(self, duty: Duty) -> None:
        try:
            duty.do()
        except Exception as exc:
            # Fails open, said aloud: one duty's fault must not stop the others. The name only: a message may hold a
            # patient's data.
            LOG.error("%s failed: %s", duty.name, type(exc).__name__)
        finally:
            close_old_connections()

    def keep_the_day(self) -> None:
        """In a thread: an authority that does not answer must not keep acts from the ledger."""
        if self.dating is None or not self.dating.is_alive():
            self.dating = threading.Thread(target=_keep_the_day, args=(self.home,), name="daily", daemon=True)
            self.dating.start()

    def tell_people(self) -> None:
        """In a thread: a mail server that does not answer must not keep acts from the ledger."""
        if self.telling is None or not self.telling.is_alive():
            self.telling = threading.Thread(target=_tell_people, args=(self.home,), name="tell", daemon=True)
            self.telling.start()

    def compact_when_worth(self) -> None:
        """Join small segments in a process of its own. Where it is killed the next session ends what it began."""
        from wardkeep.watch.store.compaction import due  # noqa: PLC0415

        if (self.compacting is None or self.compacting.poll() is not None) and due(self.home.store()):
            self.compacting = self._start("store", "compact", "--json")

    def check_records_when_due(self) -> None:
        """Check sources of signed records in a process of its own: a database that does not answer stops nothing here."""
        from wardkeep.jobs.records_nightly import AGAIN_AFTER as LATER  # noqa: PLC0415
        from wardkeep.jobs.records_nightly import due  # noqa: PLC0415

        at = now()
        held = self.checking_not_before is not None and at < self.checking_not_before
        if held or (self.checking is not None and self.checking.poll() is None) or not due(self.home, at):
            return
        self.checking_not_before = at + LATER  # one that ends without a word is not begun at once again
        self.checking = self._start("records", "nightly", "--only-due", "--json")

    def show_doubts(self) -> None:
        """What messages told of signed records that a person should look at."""
        from wardkeep.jobs.records import keep_doubts  # noqa: PLC0415

        keep_doubts(self.home, at=now(), actor="jobs")

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        """A command of ours on this home, so that its memory is given back."""
        return subprocess.Popen(
            [sys.executable, "-m", "wardkeep", *words, "--home", str(self.home.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=_passphrase_descriptors(),
        )

    def judge_when_due(self) -> None:
        """Start the nightly pass in a process of its own, so that its memory is given back."""
        if self.nightly is not None and self.nightly.poll() is None:
            return
        at = now()
        held = self.nightly_not_before is not None and at < self.nightly_not_before
        if held or not nightly_due(self.home, at):
            return
        self.nightly_not_before = at + AGAIN_AFTER
        words = [sys.executable, "-m", "wardkeep", "judge", "--home", str(self.home.path), "--json"]
        words += ["--trigger", "nightly"]
        if (since := nightly_since(self.home, at)) is not None:
            words += ["--from", since.isoformat()]
        self.nightly = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=_passphrase_descriptors()
        )


def _keep_the_day(home: Home) -> None:
    try:
        keep_today(home, now())
    except Exception as exc:  # fails open, said aloud, and is tried again
        LOG.error("daily failed: %s", type(exc).__name__)


def _tell_people(home: Home) -> None:
    try:
        tell(home, at=now())
    except Exception as exc:  # fails open, said aloud, and is tried again
        LOG.error("tell failed: %s", type(exc).__name__)
    finally:
        close_old_connections()


def nightly_due(home: Home, at: datetime) -> bool:
    """True where tonight's pass should have begun, not long ago, and has not."""
    from wardkeep.watch.cases.models import Run  # noqa: PLC0415

    zone = ZoneInfo(home.settings.hospital.timezone)
    hour, minute = map(int, home.settings.judging.nightly_at.split(":"))
    local = at.astimezone(zone)
    begins = datetime.combine(local.date(), time(hour, minute), zone)
    if not begins <= local < begins + CATCH_UP:
        return False
    return not Run.objects.filter(trigger="nightly", started_at__gte=begins).exists()


def nightly_since(home: Home, at: datetime) -> datetime | None:
    """Where the nightly pass begins: so many days before the newest event of the hospital; None for everything.

    Where nothing arrives any more the last days are judged on, and not a window that slides out of what there is.
    """
    from wardkeep.watch.cases.models import Run  # noqa: PLC0415

    last = Run.objects.order_by("-finished_at").first()
    known = [us for name, us in (last.summary.get("last_event_us", {}) if last else {}).items() if name != OWN_SYSTEM]
    if not known:
        return None
    newest = min(at, EPOCH + timedelta(microseconds=max(known)))
    return newest - timedelta(days=home.settings.judging.window_days)


def _passphrase_descriptors() -> list[int]:
    number = os.environ.get("WARDKEEP_PASSPHRASE_FD")
    return [int(number)] if number else []
