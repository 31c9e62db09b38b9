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

if TYPE_CHECKING:
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
    owner: Any
    used_at: datetime
    key: UUID = field(default_factory=uuid4)


class Samples:
    """All of them. `_lock` guards `_held`; each `Held` belongs to its owner alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[UUID, Held] = {}

    def put(self, sample: Sample, choices: Choices, *, owner: Any, at: datetime) -> Held:
        """Hold a sample in place of the owner's earlier one. Raises Full."""
        with self._lock:
            self._forget(at)
            for key in [key for key, held in self._held.items() if held.owner == owner]:
                del self._held[key]
            if len(self._held) >= MOST:
                raise Full
            held = Held(sample=sample, choices=choices, owner=owner, used_at=at)
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

    def _forget(self, at: datetime) -> None:
        for key in [key for key, held in self._held.items() if at - held.used_at > LIFE]:
            del self._held[key]


SAMPLES = Samples()
