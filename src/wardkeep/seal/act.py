# SPDX-License-Identifier: Apache-2.0
"""`action(...)`: the only way to write a sealed row. The row and its act commit together, or neither does.

    with action("case:outcome:set", actor=user, at=now, patients=case.patients) as act:
        outcome.save()          # its digest goes into the act
        act.fact("outcome", outcome.code)

An act is named `subject:object:verb`. What it says is for everyone who may read the ledger: pseudonyms, codes, digests;
never a name, a number or free text. The rows hold those, and the act holds the rows' digests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from wardkeep.ledger import act_leaf
from wardkeep.seal.digest import mac, pseudonym, row_digest
from wardkeep.seal.errors import ActTooLarge

if TYPE_CHECKING:
    from wardkeep.seal.models import Sealed

ACT_NAME = re.compile(r"[a-z_]+(:[a-z_]+){1,3}")
#: Rows and patients named by one act; the others go into further parts of it. Of the 64 KB of an entry 400 rows take
#: about 46 KB, 250 patients 6 KB.
ROWS_A_PART = 400
PATIENTS_A_PART = 250
MAX_FACTS = 10_000

_current: ContextVar[Act | None] = ContextVar("wardkeep_act", default=None)


def current_act() -> Act | None:
    """The action that is running in this context, or None."""
    return _current.get()


class Act:
    """What one action did, collected while it runs."""

    def __init__(self, name: str, *, actor: str, role: str | None, at: datetime, patients: Iterable[str]) -> None:
        if not ACT_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of an act: write subject:object:verb")
        self.name = name
        self.actor = actor
        self.role = role
        self.at = at
        self.patients = sorted({pseudonym("patient", p) for p in patients})
        self.facts: dict[str, Any] = {}
        self._rows: dict[tuple[str, str], Sealed] = {}
        self._gone: set[tuple[str, str]] = set()

    def fact(self, name: str, value: object) -> None:
        """Say something in the entry itself: a code, a count, a hash. Never free text, never an identity, no float."""
        self.facts[name] = value

    def row(self, row: Sealed) -> None:
        """Seal `row` as it stands when the action ends. `save()` calls this."""
        self._rows[row._meta.db_table, str(row.pk)] = row
        self._gone.discard((row._meta.db_table, str(row.pk)))

    def gone(self, row: Sealed) -> None:
        """Seal that `row` was deleted."""
        self._rows.pop((row._meta.db_table, str(row.pk)), None)
        self._gone.add((row._meta.db_table, str(row.pk)))

    def bodies(self) -> Iterator[dict[str, Any]]:
        """The act as one or more parts, each small enough for an entry."""
        rows = [[table, pk, row_digest(row, bytes(row.seal_columns))] for (table, pk), row in self._rows.items()]
        gone = [[table, pk, None] for table, pk in sorted(self._gone)]
        if len(json.dumps(self.facts)) > MAX_FACTS:
            raise ActTooLarge(self.name)
        everything = rows + gone
        count = max(1, -(-len(everything) // ROWS_A_PART), -(-len(self.patients) // PATIENTS_A_PART))
        micros = (self.at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // datetime.resolution
        for number in range(count):
            part = everything[number * ROWS_A_PART : (number + 1) * ROWS_A_PART]
            body: dict[str, Any] = {"v": 1, "act": self.name, "at": micros, "actor": self.actor, "rows": part}
            if self.role:
                body["role"] = self.role
            if number == 0 and self.facts:
                body["facts"] = self.facts
            if patients := self.patients[number * PATIENTS_A_PART : (number + 1) * PATIENTS_A_PART]:
                body["patients"] = patients
            if count > 1:
                body["part"] = [number + 1, count]
            act_leaf(body)  # refuses floats and the like here, where the caller is, and not in the drainer
            yield body


@contextmanager
def action(name: str, *, actor: Any, at: datetime, patients: Iterable[str] = ()) -> Iterator[Act]:
    """Run a block of writes as one act.

    actor: an account (`govern.identity.User`), or a word such as `cli`, `jobs` for what no person did.
    at: the moment, aware of its zone. patients: numbers of the patients concerned; only pseudonyms leave.
    """
    from wardkeep.seal.models import Outbox  # noqa: PLC0415 - models need the app registry
    from wardkeep.seal.outbox import incarnation, wake  # noqa: PLC0415

    if at.tzinfo is None:
        raise ValueError(f"the moment of {name} has no zone")
    if (outer := current_act()) is not None:
        # A row that both write would be sealed by the outer one last, in the state that it knew.
        raise ValueError(f"{name} cannot begin inside {outer.name}: end that first, or write into it")
    person = actor if isinstance(actor, str) else f"user:{actor.pk}"
    with transaction.atomic():
        act = Act(name, actor=person, role=getattr(actor, "role", None), at=at, patients=patients)
        token = _current.set(act)
        try:
            yield act
        finally:
            _current.reset(token)
        life = incarnation()
        waiting = [
            Outbox(incarnation=life, body=json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")))
            for body in act.bodies()
        ]
        for row in waiting:
            row.mac = mac(row)
        Outbox.objects.bulk_create(waiting)
        transaction.on_commit(wake)
