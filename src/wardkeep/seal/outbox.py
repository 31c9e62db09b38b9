# SPDX-License-Identifier: Apache-2.0
"""The way of committed acts into the ledger: numbered densely by one drainer, appended, then deleted here.

A crash anywhere repeats the last step and changes nothing: a number once given stays, and the ledger answers a repeated
(incarnation, number, body) with the receipt that it gave before.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Max

from wardkeep.ledger import KeyConflict, act_leaf
from wardkeep.seal.act import action
from wardkeep.seal.digest import mac
from wardkeep.seal.errors import SealError
from wardkeep.seal.models import Incarnation, Outbox, Placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wardkeep.ledger import Ledger

#: PostgreSQL's advisory lock of the drainer: any constant that nobody else uses.
LOCK = 0x57415244
#: Acts taken in one turn.
TURN = 500

_listeners: list[Callable[[], None]] = []
_life: dict[str, uuid.UUID] = {}
_drains_here = threading.Lock()


class NoIncarnation(SealError):
    """The database has no incarnation: it was not made by `wardkeep init`."""


class OlderRows(SealError):
    """The ledger knows this number with another act: the rows are an older copy, put back."""

    hint = "nothing is lost, and nothing more can be sealed: run `wardkeep ledger reconcile`"


class EditedAct(SealError):
    """An act that waits for the ledger is not as it was committed; it is not appended."""

    hint = "someone wrote into the outbox; `wardkeep doctor` names the row"


def begin_incarnation(at: datetime) -> uuid.UUID:
    """Start a new life of the database: at init, and after a restore. It follows the one before, where there is one."""
    before = lives()
    _life.clear()
    with action("database:incarnation:begun", actor="system", at=at):
        row = Incarnation(began_at=at, follows=before[-1] if before else None)
        row.save()
    return uuid.UUID(str(row.id))


def lives() -> list[uuid.UUID]:
    """The incarnations of this database, oldest first: each behind the one that it follows, whatever the clock said."""
    follows: dict[uuid.UUID, uuid.UUID | None] = dict(
        Incarnation.objects.order_by("began_at", "id").values_list("id", "follows")
    )
    followed = set(follows.values())
    chain: list[uuid.UUID] = []
    at = next((life for life in reversed(follows) if life not in followed), None)
    while at is not None and at in follows and at not in chain:
        chain.append(at)
        at = follows[at]
    return [life for life in follows if life not in chain] + chain[::-1]


def incarnation() -> uuid.UUID:
    """The producer under which this database's acts are appended. Raises NoIncarnation."""
    name = str(connection.settings_dict["NAME"])
    if name not in _life:
        known = lives()
        if not known:
            raise NoIncarnation()
        _life[name] = known[-1]
    return _life[name]


def wake() -> None:
    """Tell whoever drains in this process that an act was committed."""
    for listener in _listeners:
        listener()


def on_commit(listener: Callable[[], None]) -> None:
    """Call `listener` after each committed action of this process."""
    _listeners.append(listener)


def waiting() -> int:
    """Acts that are committed here and not yet in the ledger."""
    return Outbox.objects.count()


def body_of(row: Outbox) -> dict[str, Any]:
    """The act as it goes into the ledger: with its incarnation and number, so that no act can be left out unseen."""
    return {**json.loads(row.body), "id": str(row.id), "inc": str(row.incarnation), "seq": row.seq}


def about(act: dict[str, Any]) -> str:
    """The key of what an act is about, so that a page finds the acts of a case, a run, an account or a package."""
    facts = act.get("facts", {})
    return str(facts.get("run") or facts.get("case") or facts.get("user") or facts.get("package") or "")


def drain(ledger: Ledger) -> int:
    """Append every committed act; returns how many went. Raises OlderRows, EditedAct and what the ledger raises.

    Nothing is lost then: the acts wait where they are.
    """
    sent = 0
    with _drains_here:
        while True:
            _number()
            rows = list(Outbox.objects.exclude(seq=None).order_by("incarnation", "seq")[:TURN])
            if not rows:
                return sent
            placed = []
            for row in rows:
                if row.seq is None or row.mac != mac(row):
                    raise EditedAct(str(row.order))
                try:
                    receipt = ledger.append(str(row.incarnation), row.seq, [act_leaf(body_of(row))])
                except KeyConflict:
                    raise OlderRows(f"act {row.seq} of {row.incarnation} is another one in the ledger") from None
                act = json.loads(row.body)
                placed.append(
                    Placed(
                        incarnation=row.incarnation,
                        seq=row.seq,
                        log=receipt.log,
                        index=receipt.first,
                        act=act["act"],
                        about=about(act),
                    )
                )
            with transaction.atomic():
                Placed.objects.bulk_create(placed, ignore_conflicts=True)
                Outbox.objects.filter(pk__in=[row.pk for row in rows]).delete()
            sent += len(rows)


def _number() -> None:
    """Give each unnumbered act the next number of its incarnation, in the order of their making."""
    with transaction.atomic(), _only_drainer():
        fresh = list(Outbox.objects.filter(seq=None).order_by("order")[:TURN])
        last: dict[uuid.UUID, int] = {}
        for row in fresh:
            if row.incarnation not in last:
                # The outbox first: a drainer moves acts from there to the index meanwhile, and none may be missed.
                last[row.incarnation] = max(_last(Outbox, row.incarnation), _last(Placed, row.incarnation))
            last[row.incarnation] += 1
            row.seq = last[row.incarnation]
        Outbox.objects.bulk_update(fresh, ["seq"])


def _last(model: type[Outbox] | type[Placed], life: uuid.UUID) -> int:
    found = model.objects.filter(incarnation=life).aggregate(last=Max("seq"))["last"]
    return int(found) if found is not None else 0


@contextmanager
def _only_drainer() -> Iterator[None]:
    """Within a transaction: no other process numbers meanwhile. SQLite's immediate transaction says the same."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    yield
