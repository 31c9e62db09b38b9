# SPDX-License-Identifier: Apache-2.0
"""After an older copy of the rows was put back: which acts the ledger has beyond it, and a new incarnation for it.

Numbers of the old incarnation are spent: the ledger knows them with other bodies, and refuses them. So an act of a restored
database goes under a new incarnation, and one act says which numbers of the old one the rows do not know.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from wardkeep.ledger import LedgerReader, format_index, is_act
from wardkeep.seal.act import action
from wardkeep.seal.digest import mac
from wardkeep.seal.models import Outbox, Placed
from wardkeep.seal.outbox import EditedAct, about, begin_incarnation, incarnation

#: Entries read at once.
STRIDE = 16_384


@dataclass(frozen=True, kw_only=True, slots=True)
class Younger:
    """An act that the ledger has of this database, and the database has not."""

    seq: int
    index: str
    act: str
    #: Microseconds since 1970, UTC.
    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What lies in the ledger beyond the rows."""

    life: uuid.UUID
    #: The last number that the rows know a place for.
    placed: int
    #: The last number that the ledger knows.
    last: int
    younger: tuple[Younger, ...]


def compare(reader: LedgerReader) -> Found:
    """Look for acts of this incarnation that are younger than the rows. Acts that wait in the outbox are not."""
    life = incarnation()
    end = Placed.objects.filter(incarnation=life).order_by("seq").last()
    placed = end.seq if end else 0
    last = reader.last_number(str(life)) or 0
    younger = []
    if last > placed:
        waiting = {str(known) for known in Outbox.objects.values_list("id", flat=True)}
        younger = [
            Younger(seq=act["seq"], index=format_index(log, n), act=act["act"], at=act["at"])
            for log, n, act in _acts_of(reader, life, end)
            if act["id"] not in waiting
        ]
    return Found(life=life, placed=placed, last=last, younger=tuple(younger))


def begin_again(reader: LedgerReader, *, actor: Any, at: datetime) -> Found:
    """Give restored rows a new incarnation, with one act that says so. Nobody else may write meanwhile.

    Acts that waited in the copy and reached the ledger since get their place; the others go under the new incarnation.
    """
    found = compare(reader)
    with transaction.atomic():
        known = {str(row.id): row for row in Outbox.objects.filter(incarnation=found.life).order_by("order")}
        for row in known.values():
            if row.mac != mac(row):
                raise EditedAct(str(row.order))
        end = Placed.objects.filter(incarnation=found.life).order_by("seq").last()
        for log, n, act in _acts_of(reader, found.life, end):
            if act["id"] in known:
                row = known.pop(act["id"])
                place = {"log": log, "index": n, "act": act["act"], "about": about(act)}
                Placed.objects.create(incarnation=found.life, seq=act["seq"], **place)
                row.delete()
        new = begin_incarnation(at)
        for row in known.values():
            row.incarnation, row.seq = new, None
            row.mac = mac(row)
            row.save()
        with action("database:rows:restored", actor=actor, at=at) as said:
            said.fact("from", str(found.life))
            said.fact("placed", found.placed)
            said.fact("last", found.last)
            said.fact("younger", len(found.younger))
    return found


def _acts_of(reader: LedgerReader, life: uuid.UUID, behind: Placed | None) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Every act of an incarnation that lies behind a place: log, index, act."""
    for log in reader.logs():
        if behind is not None and log < behind.log:
            continue
        first = behind.index + 1 if behind is not None and log == behind.log else 0
        size = reader.size(log)
        while first < size:
            last = min(first + STRIDE, size) - 1
            for n, body in enumerate(reader.bodies(log, first, last), start=first):
                if is_act(body):
                    act = json.loads(body)
                    if act.get("inc") == str(life):
                        yield log, n, act
            first = last + 1
