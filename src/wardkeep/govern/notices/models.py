# SPDX-License-Identifier: Apache-2.0
"""What was told, and how far each channel is with it. Only `actions.py` writes these rows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from wardkeep.govern.notices.notice import Channel, Delivery, Kind, Notice
from wardkeep.seal.models import Sealed


class Told(Sealed):
    """One notice, made once."""

    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in Kind])
    about = models.CharField(max_length=200)
    count = models.PositiveIntegerField(default=1)
    system = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "about"], name="told_once")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.about}"

    @property
    def notice(self) -> Notice:
        return Notice(kind=Kind(self.kind), about=self.about, count=self.count, system=self.system)


class Sending(Sealed):
    """One channel's part in it. Tries that failed change the row without an act; the end of it is one."""

    unsealed: ClassVar[frozenset[str]] = frozenset({"tries", "next_at", "problem", "taken"})

    told = models.ForeignKey(Told, models.PROTECT, related_name="sendings")
    channel = models.CharField(max_length=20, choices=[(c.value, c.value) for c in Channel])
    state = models.CharField(max_length=20, choices=[(d.value, d.value) for d in Delivery], default=Delivery.WAITING)
    ended_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    #: Why the last try failed, as the program says it: a status, an error's name.
    problem = models.CharField(max_length=200, blank=True)
    #: Pseudonyms of the addresses and numbers that have it while others of the channel have not.
    taken = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["told", "channel"], name="sending_once")]

    def __str__(self) -> str:
        return f"{self.told} by {self.channel}"
