# SPDX-License-Identifier: Apache-2.0
"""Samples of files for which a mapping is being made: in this process's memory, few, small, and not for long.

They hold patients and are never written down: not in the session, not in a file, not in the log. A restart forgets them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from wardkeep.home import now

if TYPE_CHECKING:
    from wardkeep.watch.intake.proposing.draft import Written
    from wardkeep.watch.intake.proposing.proposal import Proposal
    from wardkeep.watch.intake.proposing.sampling import Sample
    from wardkeep.web.intake.choices import Choices

#: Samples of all people together; each person has one. A sample is a quarter of a MiB (proposing/sampling.py).
MOST = 16
#: How long one is kept after it was last looked at.
LIFE = timedelta(minutes=30)


class Full(Exception):
    """As many people as there is room for are making mappings."""


class Gone(Exception):
    """No such sample is held: it was confirmed or given up, it is too old, or the console was started anew."""


@dataclass
class Held:
    """A sample in work."""

    sample: Sample
    #: What the person chose so far; at first what was proposed.
    choices: Choices
    #: What was proposed for the text as it is written: the first proposal, and the last one.
    proposals: dict[Written, Proposal]
    owner: Any
    used_at: datetime
    key: UUID = field(default_factory=uuid4)


class Samples:
    """All of them. `_lock` guards `_held` and `_watched`; each `Held` belongs to its owner alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[UUID, Held] = {}
        #: Whether a timer runs that will look for old ones.
        self._watched = False

    def put(self, sample: Sample, proposal: Proposal, choices: Choices, *, owner: Any, at: datetime) -> Held:
        """Hold a sample in place of the owner's earlier one. Raises Full."""
        with self._lock:
            self._forget(at)
            for key in [key for key, held in self._held.items() if held.owner == owner]:
                del self._held[key]
            if len(self._held) >= MOST:
                raise Full
            self._watch()
            held = Held(sample=sample, choices=choices, proposals={choices.written: proposal}, owner=owner, used_at=at)
            self._held[held.key] = held
            return held

    def get(self, key: UUID, *, owner: Any, at: datetime) -> Held:
        """The owner's sample. Raises Gone, for another's as for none."""
        with self._lock:
            self._forget(at)
            held = self._held.get(key)
            if held is None or held.owner != owner:
                raise Gone
            held.used_at = at
            return held

    def drop(self, key: UUID, *, owner: Any) -> None:
        """Forget the owner's sample."""
        with self._lock:
            held = self._held.get(key)
            if held is not None and held.owner == owner:
                del self._held[key]

    def forget(self, at: datetime) -> None:
        """Forget those that are too old."""
        with self._lock:
            self._forget(at)

    def __len__(self) -> int:
        with self._lock:
            return len(self._held)

    def _watch(self) -> None:
        """Look after the old ones also where nobody asks any more; called with the lock."""
        if not self._watched:
            self._watched = True
            timer = threading.Timer(LIFE.total_seconds(), self._look)
            timer.daemon = True
            timer.start()

    def _look(self) -> None:
        with self._lock:
            self._watched = False
            self._forget(now())
            if self._held:
                self._watch()

    def _forget(self, at: datetime) -> None:
        for key in [key for key, held in self._held.items() if at - held.used_at > LIFE]:
            del self._held[key]


SAMPLES = Samples()
