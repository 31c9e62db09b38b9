# SPDX-License-Identifier: Apache-2.0
"""What is heard live, for a command and a page: the settings, and what the two processes say of themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wardkeep.jobs.listen.places import LISTENING, STORING, live_folder

if TYPE_CHECKING:
    from wardkeep.home import Home

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: A process that has said nothing for so long does not run.
SILENT = timedelta(seconds=20)


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """One listener. Counts are since the process that listens began, what is stored is since the home was made."""

    name: str
    protocol: str
    system: str
    #: Where it listens; None while it does not.
    address: str | None
    #: Messages a second over the last minute.
    rate: float
    last_message: datetime | None
    #: Seconds between hearing a message and its sealing, of the oldest one of the last round.
    delay_s: float | None
    kept: int
    broken: int
    #: Not taken, and the sender was told so or could not send; lost datagrams; turned away at the door.
    refused: int
    dropped: int
    turned_away: int
    connections: int
    spool_bytes: int
    spool_limit: int
    #: Stored messages, and pieces that were set aside.
    stored: int
    quarantined: int
    trouble: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveStatus:
    """All of it."""

    #: Whether the process that listens, and the one that stores, have said something just now.
    listening: bool
    storing: bool
    trouble: str
    read: int
    accepted: int
    duplicates: int
    quarantined: int
    listeners: tuple[Heard, ...]


def live_status(home: Home, *, at: datetime) -> LiveStatus:
    """How live intake is. Never raises for what a status file holds: it is then as if it were not there."""
    folder = live_folder(home)
    hears, stores = said_in(folder / LISTENING), said_in(folder / STORING)
    found = []
    for name, wants in home.settings.intake.listeners.items():
        heard = _below(hears, "listeners", name) if is_fresh(hears, at) else {}
        stored = _below(stores, "listeners", name)
        lasts = [us for us in (heard.get("last_us"), stored.get("last_us")) if us]
        found.append(
            Heard(
                name=name,
                protocol=wants.protocol,
                system=wants.system,
                address=heard.get("address"),
                rate=heard.get("rate", 0.0),
                last_message=EPOCH + timedelta(microseconds=max(lasts)) if lasts else None,
                delay_s=stored.get("delay_s"),
                kept=heard.get("kept", 0),
                broken=heard.get("broken", 0),
                refused=heard.get("refused", 0),
                dropped=heard.get("dropped", 0),
                turned_away=heard.get("turned_away", 0),
                connections=heard.get("connections", 0),
                spool_bytes=heard.get("spool_bytes", 0),
                spool_limit=heard.get("spool_limit", 0),
                stored=stored.get("messages", 0),
                quarantined=stored.get("set_aside", 0),
                trouble=heard.get("trouble", ""),
            )
        )
    return LiveStatus(
        listening=is_fresh(hears, at),
        storing=is_fresh(stores, at),
        trouble=str(stores.get("trouble", "")),
        read=stores.get("read", 0),
        accepted=stores.get("accepted", 0),
        duplicates=stores.get("duplicates", 0),
        quarantined=stores.get("quarantined", 0),
        listeners=tuple(found),
    )


def said_in(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _below(said: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        said = said.get(name) or {}
    return said


def is_fresh(said: Mapping[str, Any], at: datetime) -> bool:
    try:
        return at - datetime.fromisoformat(said["at"]) < SILENT
    except (KeyError, ValueError, TypeError):
        return False
