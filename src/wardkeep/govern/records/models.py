# SPDX-License-Identifier: Apache-2.0
"""Checks of signed records and what differed. Only `actions.py` writes these rows. No content of a record is in them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from wardkeep.govern.records.standing import Outcome, Standing
from wardkeep.seal.models import Sealed
from wardkeep.watch.integrity import Problem

PERSON = settings.AUTH_USER_MODEL


class RecordCheck(Sealed):
    """One check of one source."""

    #: The name of the source; `files` where files were held against what is sealed.
    source = models.CharField(max_length=64)
    system = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=20, choices=[(o.value, o.value) for o in Outcome])
    #: Why it was not evaluated, as the program says it.
    reason = models.CharField(max_length=400, blank=True)
    sealed = models.PositiveIntegerField(default=0)
    compared = models.PositiveIntegerField(default=0)
    intact = models.PositiveIntegerField(default=0)
    #: Records that differ, and those of them that were not known to.
    different = models.PositiveIntegerField(default=0)
    fresh = models.PositiveIntegerField(default=0)
    #: Records that could not be asked for.
    unaskable = models.PositiveIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["source", "-at"], name="record_check_newest")]

    def __str__(self) -> str:
        return f"{self.source}:{self.outcome}"


class RecordDifference(Sealed):
    """One record that is not as it was sealed. It is to be verified, whatever its state."""

    source = models.CharField(max_length=64)
    system = models.CharField(max_length=200)
    record = models.CharField(max_length=400)
    kind = models.CharField(max_length=200)
    patient_id = models.CharField(max_length=200, blank=True)
    problem = models.CharField(max_length=20, choices=[(p.value, p.value) for p in Problem])
    #: The digest of what the source says instead; empty where it says nothing.
    digest = models.CharField(max_length=64, blank=True)
    sealed_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()
    standing = models.CharField(max_length=20, choices=[(s.value, s.value) for s in Standing], default=Standing.OPEN)
    mended_at = models.DateTimeField(null=True)
    explained_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    explained_at = models.DateTimeField(null=True)
    #: Why it is lawful, in the person's words.
    reason = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["system", "record", "problem", "digest"], name="record_difference_once")
        ]
        indexes: ClassVar = [models.Index(fields=["standing", "-seen_at"], name="record_difference_standing")]

    def __str__(self) -> str:
        return f"{self.problem}:{self.pk}"
