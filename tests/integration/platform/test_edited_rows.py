# SPDX-License-Identifier: Apache-2.0
"""Whatever is changed in the database behind our back is named by table, row and, where it can be told, column."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.fakes import FakeLedger
from tests.rows import populate

SHORT, FULL = 60, 1000


def test_sixty_random_edits_are_each_named(both_rows: str, ledger: FakeLedger) -> None:
    edit_and_verify(ledger, SHORT, seed=1)


@pytest.mark.soak
def test_a_thousand_random_edits_are_each_named(both_rows: str, ledger: FakeLedger) -> None:
    edit_and_verify(ledger, FULL, seed=2)


def test_an_older_state_put_back_is_named(both_rows: str, ledger: FakeLedger) -> None:
    from wardkeep.govern.identity.actions import set_active
    from wardkeep.govern.identity.models import User
    from wardkeep.seal.outbox import drain
    from wardkeep.seal.verify import verify_rows

    populate()
    li = User.objects.get(name="li")
    table = Raw(User._meta.db_table)
    before = table.row(li.pk)
    set_active(li, False, by="cli", at=NOON)
    drain(ledger)
    assert verify_rows(ledger).problems == ()
    table.write(before)
    assert [(p.kind, p.where) for p in verify_rows(ledger).problems] == [("edited", f"identity_user/{li.pk}")]


def test_acts_cut_off_at_the_end_of_the_index_are_missed(both_rows: str, ledger: FakeLedger) -> None:
    from wardkeep.seal.models import Placed
    from wardkeep.seal.outbox import drain, incarnation
    from wardkeep.seal.verify import verify_rows

    populate()
    drain(ledger)
    known = ledger.last(str(incarnation()))
    assert known is not None
    Placed.objects.filter(seq__gt=known[0] - 2).delete()
    missed = [p for p in verify_rows(ledger, last=known[0]).problems if p.kind == "act_missing"]
    assert [p.key.rpartition(":")[2] for p in missed] == [str(known[0] - 1), str(known[0])]


def edit_and_verify(ledger: FakeLedger, rounds: int, *, seed: int) -> None:
    """Make one edit, expect exactly it to be named, undo it; `rounds` times."""
    from django.db import connection

    from wardkeep.seal.models import Placed
    from wardkeep.seal.outbox import drain
    from wardkeep.seal.verify import sealed_models, verify_rows

    populate()
    drain(ledger)
    assert verify_rows(ledger).problems == ()
    rng = random.Random(seed)
    tables = [Raw(m._meta.db_table) for m in sealed_models() if m._default_manager.exists()]
    assert len(tables) >= 10, "too few tables have rows for this to mean anything"
    unsealed = {("identity_user", "last_login")}
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints=ON")
            cursor.execute("PRAGMA foreign_keys=OFF")
        else:
            cursor.execute("SET session_replication_role = replica")
    for number in range(rounds):
        table = rng.choice(tables)
        key = rng.choice(table.keys())
        before = table.row(key)
        shown = str(uuid.UUID(str(key)))
        kind = rng.choice(("column", "column", "column", "delete", "insert", "index"))
        if kind == "column":
            column = rng.choice([c for c in before if c != "id" and (table.name, c) not in unsealed])
            changed = {**before, column: other(before[column], rng)}
            if not table.try_write(changed):
                continue  # the database itself refuses it: a constraint, or a type
            expected = ("edited", f"{table.name}/{shown}/{column}")
        elif kind == "delete":
            table.delete(key)
            expected = ("deleted", f"{table.name}/{shown}")
        elif kind == "insert":
            fresh = uuid.uuid4()
            copy = {**before, "id": fresh.hex if connection.vendor == "sqlite" else fresh}
            for name in table.unique:
                copy[name] = other(copy[name], rng)
            if not table.try_insert(copy):
                continue
            expected = ("inserted", f"{table.name}/{fresh}")
        else:
            placed = rng.choice(list(Placed.objects.all()))
            Placed.objects.filter(pk=placed.pk).update(index=placed.index + rng.choice((1, -1, 10**6)))
            expected = ("act_differs", f"seal_placed/{placed.incarnation}:{placed.seq}")
        found = [(p.kind, p.where) for p in verify_rows(ledger).problems]
        if kind == "index":
            assert expected in found, (number, expected, found)
            Placed.objects.filter(pk=placed.pk).update(index=placed.index)
            continue
        acceptable = [expected]
        if kind == "column":
            # What the column's type cannot hold is named as unreadable.
            acceptable.append(("unreadable", expected[1]))
        assert len(found) == 1 and found[0] in acceptable, (number, expected, found)
        if kind == "insert":
            table.delete(copy["id"])
        elif kind == "delete":
            assert table.try_insert(before)
        else:
            table.write(before)
    assert verify_rows(ledger).problems == ()


def other(value: Any, rng: random.Random) -> Any:
    """A value of the same kind that means something else."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return 1 - value if value in (0, 1) else value + rng.randint(1, 1000)
    if isinstance(value, float):
        return value + rng.choice((0.5, -0.25, 1e-9))
    if isinstance(value, bytes | memoryview):
        raw = bytearray(bytes(value))
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        return bytes(raw)
    if isinstance(value, uuid.UUID):
        return uuid.uuid4()
    if hasattr(value, "isoformat"):
        return value + timedelta(days=rng.randint(1, 9))
    if isinstance(value, str) and value:
        at = rng.randrange(len(value))
        return value[:at] + ("0" if value[at] != "0" else "1") + value[at + 1 :]
    return "x" if value == "" else "2001-01-01 00:00:00"


class Raw:
    """A table as someone with the database's password sees it."""

    def __init__(self, name: str) -> None:
        from django.apps import apps

        self.name = name
        model = next(m for m in apps.get_models() if m._meta.db_table == name)
        self.unique = [f.column for f in model._meta.concrete_fields if f.unique and not f.primary_key]
        self.unique += {"cases_casepatient": ["patient_id"], "cases_assignment": ["case_id"]}.get(name, [])

    def keys(self) -> list[Any]:
        return [row[0] for row in self._run(f'SELECT id FROM "{self.name}" ORDER BY id')]

    def row(self, key: Any) -> dict[str, Any]:
        from django.db import connection

        if connection.vendor == "sqlite" and isinstance(key, uuid.UUID):
            key = key.hex
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{self.name}" WHERE id = %s', [key])
            names = [c.name if hasattr(c, "name") else c[0] for c in cursor.description]
            return dict(zip(names, cursor.fetchone(), strict=True))

    def write(self, row: dict[str, Any]) -> None:
        names = [n for n in row if n != "id"]
        sets = ", ".join(f'"{n}" = %s' for n in names)
        self._run(f'UPDATE "{self.name}" SET {sets} WHERE id = %s', [*(row[n] for n in names), row["id"]])

    def try_write(self, row: dict[str, Any]) -> bool:
        return self._try(lambda: self.write(row))

    def try_insert(self, row: dict[str, Any]) -> bool:
        names = ", ".join(f'"{n}"' for n in row)
        places = ", ".join("%s" for _ in row)
        values = list(row.values())
        return self._try(lambda: self._run(f'INSERT INTO "{self.name}" ({names}) VALUES ({places})', values))

    def delete(self, key: Any) -> None:
        self._run(f'DELETE FROM "{self.name}" WHERE id = %s', [key])

    def _try(self, write: Any) -> bool:
        from django.db import Error, transaction

        try:
            with transaction.atomic():
                write()
        except (Error, ValueError):
            return False
        return True

    def _run(self, sql: str, values: list[Any] | None = None) -> list[Any]:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(sql, values or [])
            return list(cursor.fetchall()) if cursor.description else []
