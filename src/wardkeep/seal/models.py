# SPDX-License-Identifier: Apache-2.0
"""`Sealed`: a row that only an action may write; and the tables that carry acts from the database to the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, cast

from django.db import models

from wardkeep.seal.act import current_act
from wardkeep.seal.digest import column_digests, sealed_columns
from wardkeep.seal.errors import NotAllowed, NotInAnAction
from wardkeep.seal.uuid7 import uuid7


class SealedQuerySet(models.QuerySet[Any]):
    """Refuses every bulk write that would leave rows without their entry."""

    def update(self, **kwargs: Any) -> int:
        raise NotAllowed(f"update() on {self.model._meta.db_table}")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise NotAllowed(f"delete() on {self.model._meta.db_table}")

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Save many changed rows whole, in one action; `fields` is taken as all of them."""
        act = current_act()
        if act is None:
            raise NotInAnAction(self.model._meta.db_table)
        rows = list(objs)
        for row in rows:
            row.seal_columns = column_digests(row)
        # The plain queryset underneath: Django's bulk_update calls update() itself.
        plain: models.QuerySet[Any] = models.QuerySet(self.model, using=self.db)
        columns = [f.name for f in sealed_columns(cast("type[models.Model]", self.model))]
        changed = plain.bulk_update(rows, [*columns, "seal_columns"], batch_size or 200)
        for row in rows:
            act.row(row)
        return changed

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        act = current_act()
        if act is None:
            raise NotInAnAction(self.model._meta.db_table)
        if any(args[1:]) or any(value for name, value in kwargs.items() if name != "batch_size"):
            # Whether a conflicting row was written, and how, the database alone would know.
            raise NotAllowed(f"bulk_create() with anything but batch_size on {self.model._meta.db_table}")
        rows = list(objs)
        for row in rows:
            row.seal_columns = column_digests(row)
        made = super().bulk_create(rows, *args, **kwargs)
        for row in made:
            act.row(row)
        return made


class Sealed(models.Model):
    """A row whose digest is in the ledger. Its primary key is a UUID, so that an entry can name it and say nothing."""

    #: Columns that change without an act (a session's trace, a counter) and are therefore not vouched for.
    unsealed: ClassVar[frozenset[str]] = frozenset()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    #: One keyed digest per column, in the order of the columns' names: tells which column was edited.
    seal_columns = models.BinaryField(editable=False, default=bytes)

    objects = SealedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        act = current_act()
        if act is None:
            fields = kwargs.get("update_fields")
            if fields and set(fields) <= self.unsealed:
                super().save(*args, **kwargs)
                return
            raise NotInAnAction(self._meta.db_table)
        self.seal_columns = column_digests(self)
        # The digests are of the whole row, so the whole row is written.
        kwargs.pop("update_fields", None)
        super().save(*args, **kwargs)
        act.row(self)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        act = current_act()
        if act is None:
            raise NotInAnAction(self._meta.db_table)
        act.gone(self)
        return super().delete(*args, **kwargs)


class Incarnation(Sealed):
    """One life of this database: new at init and at each restore. The newest is the producer's name in the ledger."""

    began_at = models.DateTimeField()
    #: The incarnation that this database was restored from, where there is one.
    follows = models.UUIDField(null=True)

    def __str__(self) -> str:
        return str(self.id)


class Outbox(models.Model):
    """An act that is committed with its rows and waits for its place in the ledger."""

    #: The order of making: two acts on one row are numbered in the order in which they held it.
    order = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True, default=uuid7, editable=False)
    incarnation = models.UUIDField()
    #: Dense within the incarnation; given by the drainer, never changed after.
    seq = models.BigIntegerField(null=True)
    #: The act as canonical JSON, still without its incarnation and number.
    body = models.TextField()
    #: Keyed: an act is appended as it was committed, or not at all.
    mac = models.CharField(max_length=43)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incarnation", "seq"], name="outbox_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.incarnation}:{self.seq}"


class Placed(models.Model):
    """Where an act lies in the ledger: an index that can be rebuilt from the ledger, trusted for nothing."""

    incarnation = models.UUIDField()
    seq = models.BigIntegerField()
    log = models.CharField(max_length=16)
    index = models.BigIntegerField()
    act = models.CharField(max_length=80)
    #: The key of the run, case or account that the act is about; empty where it is about none.
    about = models.CharField(max_length=64, blank=True, db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["incarnation", "seq"], name="placed_once")]

    def __str__(self) -> str:
        return f"{self.log}:{self.index}"
