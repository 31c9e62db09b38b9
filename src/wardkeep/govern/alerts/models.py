# SPDX-License-Identifier: Apache-2.0
"""What was seen while it happened, and what a person did about it. Only `actions.py` writes these rows."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardkeep.govern.alerts.standing import State
from wardkeep.seal.models import Sealed

STATE_NAMES = {State.NEW: _("new"), State.SEEN: _("seen"), State.DISMISSED: _("dismissed")}
PERSON = settings.AUTH_USER_MODEL


class LiveAlert(Sealed):
    """One alert. It is to be verified, whatever its state."""

    detection = models.CharField(max_length=40)
    #: As the source names it; empty where the alert is about an address.
    account = models.CharField(max_length=200, blank=True)
    person = models.CharField(max_length=200, blank=True)
    patient_id = models.CharField(max_length=200, blank=True)
    #: By the source's clock, when we heard of it, and when this row was made.
    happened_at = models.DateTimeField()
    heard_at = models.DateTimeField()
    made_at = models.DateTimeField()
    system = models.CharField(max_length=200, blank=True)
    workstation = models.CharField(max_length=200, blank=True)
    ip = models.CharField(max_length=200, blank=True)
    #: The event that completed it: the source's id where it has one, and SHA-256 of its bytes.
    event_id = models.CharField(max_length=200, blank=True)
    raw_sha256 = models.CharField(max_length=64, blank=True)
    #: What was seen, and the limits of the same names.
    observed = models.JSONField(default=dict)
    limits = models.JSONField(default=dict)
    state = models.CharField(max_length=20, choices=[(s.value, s.value) for s in State], default=State.NEW)
    seen_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    seen_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    dismissed_at = models.DateTimeField(null=True)
    #: Why nothing is to be done, in the person's words.
    reason = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-made_at"], name="alert_newest"),
            models.Index(fields=["state", "-made_at"], name="alert_state"),
        ]

    def __str__(self) -> str:
        return f"{self.detection}:{self.pk}"
