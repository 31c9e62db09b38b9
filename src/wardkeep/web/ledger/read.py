# SPDX-License-Identifier: Apache-2.0
"""The ledger's state and a run whole, for pages that show where a number comes from."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings

from wardkeep.jobs.dated import UNSIGNED, Dated, dated
from wardkeep.jobs.verified import Verified, read_verified
from wardkeep.jobs.witnessed import Standing, standing
from wardkeep.ledger import LedgerError, UnknownEntry
from wardkeep.ledger.daily import dailies
from wardkeep.ledger.sidecar import SIDECAR, Sidecar, State
from wardkeep.seal.models import Outbox, Placed
from wardkeep.watch.cases.casebook import NotFound
from wardkeep.watch.cases.models import Run

RUNS_SHOWN = 100
DAYS_SHOWN = 7
DAYS_DRAWN = 61


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerState:
    """The newest log as its last checkpoint has it."""

    log: str
    size: int
    root: str
    #: The signed checkpoint, and the key that checks it.
    checkpoint: str
    vkey: str
    #: Acts that are committed and wait for their place.
    waiting: int
    #: Why the ledger could not be read, None where it could.
    problem: str | None = None


def ledger_state() -> LedgerState:
    """The state of the newest log; a ledger that cannot be read is said, not hidden."""
    waiting = Outbox.objects.count()
    try:
        reader = settings.WARDKEEP_HOME.ledger_reader()
        log = reader.logs()[-1]
        root = reader.root(log)
        return LedgerState(
            log=log,
            size=reader.size(log),
            root=root.hex() if isinstance(root, bytes) else str(root),
            checkpoint=str(reader.note(log)),
            vkey=reader.vkey(log),
            waiting=waiting,
        )
    except Exception as exc:
        return LedgerState(
            log="–", size=0, root="", checkpoint="", vkey="", waiting=waiting, problem=type(exc).__name__
        )


def sidecar() -> Sidecar:
    """What the signature with SM2 beside the newest checkpoint is worth; one that cannot be read does not hold."""
    home = settings.WARDKEEP_HOME
    try:
        reader = home.ledger_reader()
        log = reader.logs()[-1]
        there = (home.ledger_folder / "logs" / log / SIDECAR).exists()
        found: Sidecar = reader.sidecar(log) if there else UNSIGNED
    except (LedgerError, OSError) as error:
        return Sidecar(State.FAILS, why=type(error).__name__)
    return found


def days() -> list[Dated]:
    """The kept checkpoints of the last days; none where the ledger cannot be read, which `ledger_state` says."""
    home = settings.WARDKEEP_HOME
    try:
        return dated(home, home.ledger_reader(), most=DAYS_SHOWN)
    except (LedgerError, OSError):
        return []


def sizes() -> list[tuple[date, int]]:
    """Kept days and the size of the log on each, oldest first; a day that cannot be read is left out (`days` says it)."""
    found = []
    for one in dailies(settings.WARDKEEP_HOME.ledger_folder)[:DAYS_DRAWN]:
        with contextlib.suppress(LedgerError, OSError):
            found.append((one.day, one.checkpoint.size))
    return found[::-1]


def verified() -> Verified:
    """The last verification; none where what was remembered of it cannot be read."""
    try:
        return read_verified(settings.WARDKEEP_HOME)
    except LedgerError:
        return Verified()


def witnesses() -> Standing | None:
    """What the witnesses say; None where the ledger cannot be read, which `ledger_state` says."""
    home = settings.WARDKEEP_HOME
    try:
        return standing(home, home.ledger_reader())
    except (LedgerError, OSError):
        return None


def runs() -> list[tuple[Run, str | None]]:
    """The last stored runs and their entries, newest first."""
    found = list(Run.objects.order_by("-finished_at")[:RUNS_SHOWN])
    places = {
        about: f"{log}:{index}"
        for about, log, index in Placed.objects.filter(
            act="judgement:run:stored", about__in=[str(run.pk) for run in found]
        ).values_list("about", "log", "index")
    }
    return [(run, places.get(str(run.pk))) for run in found]


def run_of(run_id: UUID) -> tuple[Run, str | None]:
    """One run and its entry. Raises NotFound."""
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound(str(run_id))
    place: Any = Placed.objects.filter(act="judgement:run:stored", about=str(run_id)).first()
    return run, f"{place.log}:{place.index}" if place else None


def entry_body(log: str, index: int) -> bytes:
    """The bytes of an entry. Raises NotFound."""
    try:
        body: bytes = settings.WARDKEEP_HOME.ledger_reader().body(log, index)
    except (LookupError, UnknownEntry) as exc:
        raise NotFound(f"{log}:{index}") from exc
    return body
