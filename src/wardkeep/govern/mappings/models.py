# SPDX-License-Identifier: Apache-2.0
"""Versions of mappings. Only `actions.py` writes these rows; none is ever deleted."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from wardkeep.seal.models import Sealed

PERSON = settings.AUTH_USER_MODEL


class MappingVersion(Sealed):
    """One version of a mapping. In force is the newest of its name that was not taken back."""

    name = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    #: The mapping file as it was confirmed.
    text = models.TextField()
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    taken_back_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["name", "version"], name="mapping_version_once")]

    def __str__(self) -> str:
        return f"{self.name}:{self.version}"
