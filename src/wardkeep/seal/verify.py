# SPDX-License-Identifier: Apache-2.0
"""Every sealed row against its last act: an edited, deleted or inserted row is named, to the column where possible.

The ledger is the authority: each act carries its incarnation and a dense number, so that an act that is left out of the
index here is missed. The index (`Placed`) only says where to look; a wrong one is itself a problem that is named.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connection, models, transaction

from wardkeep.ledger import LedgerError, UnknownEntry
from wardkeep.seal.digest import COLUMN_BYTES, column_digests, column_of, mac, row_digest, sealed_columns
from wardkeep.seal.models import Outbox, Placed, Sealed
from wardkeep.seal.outbox import lives


class Reader(Protocol):
    """What of a ledger reader is needed here."""

    def body(self, log: str, n: int) -> bytes: ...


#: Seconds after which the ledger's readers see what was acknowledged.
PUBLISHED_WITHIN = 0.5
#: What reading a value that its column cannot hold raises.
_UNREADABLE = (ValueError, TypeError, ArithmeticError, ValidationError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A row that is not as its last act says."""

    #: `edited`, `deleted`, `inserted`, `unreadable`, or for the index `act_missing`, `act_differs`.
    kind: str
    table: str
    #: The primary key, or the number of the act.
    key: str
    #: The columns that were edited; empty where that cannot be told.
    columns: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The smallest unit that can be named, as one word: `cases_case/<key>/<column>,...`."""
        return "/".join(filter(None, (self.table, self.key, ",".join(self.columns))))


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What a verification of the rows found."""

    acts: int
    rows: int
    problems: tuple[Problem, ...]


def sealed_models() -> list[type[Sealed]]:
    """Every model whose rows are sealed."""
    return [m for m in apps.get_models() if issubclass(m, Sealed)]


def verify_rows(reader: Reader, *, last: int | None = None) -> Verified:
    """Compare all sealed rows with their acts. Acts that still wait in the outbox count as said.

    last: the number of the newest act of this incarnation that the ledger knows, where the caller asked it before; acts
    beyond the index are then missed too. Others may go on writing meanwhile.
    """
    with _one_state():
        return _verify(reader, last)


@contextmanager
def _one_state() -> Iterator[None]:
    """Read as of one moment: a change that is committed meanwhile is seen whole, row and act, or not at all."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Django's own transactions are immediate here and would keep every writer out for as long as this takes.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def _verify(reader: Reader, last: int | None) -> Verified:
    problems: list[Problem] = []
    said: dict[tuple[str, str], str | None] = {}
    acts = 0
    for act in _acts(reader, problems, last):
        acts += 1
        for table, pk, digest in act["rows"]:
            said[table, pk] = digest
    rows = 0
    for model in sealed_models():
        table = model._meta.db_table
        before = len(problems)
        for row in _all(model, problems):
            rows += 1
            problem = _compare(row, said.pop((table, str(row.pk)), None))
            if problem is not None:
                problems.append(problem)
        for problem in problems[before:]:
            said.pop((table, problem.key), None)
    problems += [
        Problem(kind="deleted", table=table, key=pk) for (table, pk), digest in said.items() if digest is not None
    ]
    return Verified(acts=acts, rows=rows, problems=tuple(problems))


def _acts(reader: Reader, problems: list[Problem], last: int | None) -> Iterator[dict[str, Any]]:
    """Every act of every incarnation in the order of its making, each checked against its place."""
    everyone = _lives()
    for life in everyone:
        following = 1
        for placed in Placed.objects.filter(incarnation=life).order_by("seq"):
            problems += [_missing(life, number) for number in range(following, min(placed.seq, following + 1000))]
            act = _read(reader, placed)
            if act is None:
                problems.append(Problem(kind="act_differs", table=Placed._meta.db_table, key=f"{life}:{placed.seq}"))
            else:
                yield act
            following = placed.seq + 1
        waiting = list(Outbox.objects.filter(incarnation=life).order_by("order"))
        numbered = sorted((row.seq, row) for row in waiting if row.seq is not None and row.seq >= following)
        for number, row in numbered:
            problems += [_missing(life, missed) for missed in range(following, min(number, following + 1000))]
            following = number + 1
            yield from _said(row, problems)
        if life == everyone[-1] and last is not None:
            problems += [_missing(life, number) for number in range(following, last + 1)]
        for row in waiting:
            if row.seq is None:
                yield from _said(row, problems)


def _lives() -> list[uuid.UUID]:
    """Every incarnation that rows or acts speak of, oldest first."""
    try:
        known = lives()
    except _UNREADABLE:
        known = []  # somebody wrote there, which is named when the rows are read; their identifiers sort by time
    spoken = set(Placed.objects.values_list("incarnation", flat=True))
    spoken |= set(Outbox.objects.values_list("incarnation", flat=True))
    return sorted(spoken - set(known)) + known


def _said(row: Outbox, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    """An act that still waits, if it is as it was committed."""
    if row.mac == mac(row):
        yield json.loads(row.body)
    else:
        problems.append(Problem(kind="edited", table=Outbox._meta.db_table, key=str(row.order)))


def _missing(life: uuid.UUID, number: int) -> Problem:
    return Problem(kind="act_missing", table=Placed._meta.db_table, key=f"{life}:{number}")


def _read(reader: Reader, placed: Placed) -> dict[str, Any] | None:
    """The act at its place, or None where another entry lies there."""
    try:
        act = json.loads(_body(reader, placed))
    except (ValueError, LookupError, OSError, LedgerError):
        return None
    if not isinstance(act, dict) or (act.get("inc"), act.get("seq")) != (str(placed.incarnation), placed.seq):
        return None
    return act if act.get("act") == placed.act else None


def _body(reader: Reader, placed: Placed) -> bytes:
    """The entry; one that was appended a moment ago is published a moment later."""
    try:
        return reader.body(placed.log, placed.index)
    except UnknownEntry:
        time.sleep(PUBLISHED_WITHIN)
        return reader.body(placed.log, placed.index)


def _all(model: type[Sealed], problems: list[Problem]) -> Iterator[Sealed]:
    """Every row that can be read; one whose columns hold what their type cannot is named instead."""
    plain: models.QuerySet[Sealed] = models.QuerySet(model)
    try:
        rows = list(plain.order_by("pk"))
    except _UNREADABLE:
        rows = []
        for pk in _raw_keys(model):
            try:
                rows.append(plain.get(pk=pk))
            except (*_UNREADABLE, ObjectDoesNotExist):
                problems.append(
                    Problem(
                        kind="unreadable",
                        table=model._meta.db_table,
                        key=_shown_key(pk),
                        columns=_unreadable(model, pk),
                    )
                )
    yield from rows


def _raw_keys(model: type[Sealed]) -> list[Any]:
    """Primary keys as the database holds them, whatever that is."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {quote('id')} FROM {quote(model._meta.db_table)}")  # noqa: S608 - our own names
        return [row[0] for row in cursor.fetchall()]


def _unreadable(model: type[Sealed], pk: Any) -> tuple[str, ...]:
    """The columns of one row that hold what their type cannot."""
    plain: models.QuerySet[Sealed] = models.QuerySet(model)
    found = []
    for field in (model._meta.pk, *sealed_columns(model)):
        try:
            plain.filter(pk=pk).values_list(field.attname).first()
        except _UNREADABLE:
            found.append(column_of(field))
    return tuple(found)


def _shown_key(pk: Any) -> str:
    try:
        return str(uuid.UUID(str(pk)))
    except ValueError:
        return str(pk)


def _compare(row: Sealed, digest: str | None) -> Problem | None:
    table, key = row._meta.db_table, str(row.pk)
    if digest is None:
        return Problem(kind="inserted", table=table, key=key)
    kept = bytes(row.seal_columns)
    found = column_digests(row)
    if kept == found:
        if row_digest(row, kept) == digest:
            return None
        # Whole and consistent, but not what the act says: an older state of the row, put back.
        return Problem(kind="edited", table=table, key=key)
    if row_digest(row, found) == digest:
        return Problem(kind="edited", table=table, key=key, columns=("seal_columns",))
    names = [column_of(f) for f in sealed_columns(type(row))]
    if row_digest(row, kept) != digest or len(kept) != len(names) * COLUMN_BYTES:
        return Problem(kind="edited", table=table, key=key)
    edited = tuple(
        name
        for i, name in enumerate(names)
        if kept[i * COLUMN_BYTES : (i + 1) * COLUMN_BYTES] != found[i * COLUMN_BYTES : (i + 1) * COLUMN_BYTES]
    )
    return Problem(kind="edited", table=table, key=key, columns=edited)
