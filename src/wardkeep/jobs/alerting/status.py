# SPDX-License-Identifier: Apache-2.0
"""How live alerting is, for a page and a command: what the process says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from wardkeep.jobs.listen.places import ALERTING, live_folder
from wardkeep.jobs.listen.status import is_fresh, said_in
from wardkeep.watch.live import Looking, looking

if TYPE_CHECKING:
    from wardkeep.home import Home


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertingStatus:
    """Counts are since the process began; `missed` is since the home was made."""

    #: Whether the process has said something just now.
    runs: bool
    judged: int
    #: Messages that were judged late, after the store had taken them; those that wait for it.
    missed: int
    waiting: int
    #: Alerts that were not said, because too many of their kind came within a minute.
    held_back: int
    trouble: str
    #: Each detection with the systems whose events it looks at, or why it looks at none. None where the process never ran.
    looking: tuple[Looking, ...] | None = None


def alerting_status(home: Home, *, at: datetime) -> AlertingStatus:
    """Never raises for what the status file holds."""
    said = said_in(live_folder(home) / ALERTING)
    listeners = [one for one in (said.get("listeners") or {}).values() if isinstance(one, dict)]
    return AlertingStatus(
        runs=is_fresh(said, at),
        judged=said.get("judged", 0),
        missed=sum(one.get("missed", 0) for one in listeners),
        waiting=sum(end - begin for one in listeners for begin, end in one.get("gaps", ())),
        held_back=sum((said.get("held_back") or {}).values()),
        trouble=str(said.get("trouble", "")),
        looking=tuple(looking(_numbers(said.get("known")), says_in(said))) if said.get("known") else None,
    )


def says_in(said: Mapping[str, Any]) -> dict[str, int]:
    """What each system's events were seen to say, as the process noted it; kept over its restarts."""
    return _numbers(said.get("says"))


class Place(msgspec.Struct, frozen=True):
    """How far a listener was judged."""

    #: The number of the message that comes next.
    next: int = 0
    missed: int = 0
    gaps: list[tuple[int, int]] = []


def place_in(said: Mapping[str, Any], name: str) -> Place:
    """Where the process was with a listener, as it noted it; the begin where that cannot be read."""
    listeners = said.get("listeners")
    try:
        return msgspec.convert(listeners.get(name, {}) if isinstance(listeners, dict) else {}, Place)
    except (msgspec.ValidationError, UnicodeError):
        return Place()


def _numbers(found: Any) -> dict[str, int]:
    return {name: n for name, n in found.items() if isinstance(n, int)} if isinstance(found, dict) else {}
