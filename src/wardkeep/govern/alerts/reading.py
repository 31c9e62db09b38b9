# SPDX-License-Identifier: Apache-2.0
"""Live alerts as they are listed: newest first, and none about whoever reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from wardkeep.govern.alerts.models import LiveAlert
from wardkeep.govern.identity.permission import about
from wardkeep.watch.live import Alert, LiveDetection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NoSuchAlert(LookupError):
    """There is no such alert, or it is about whoever asks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One page of a list."""

    lines: Sequence[LiveAlert]
    total: int
    page: int
    pages: int


def listed(actor: Any, *, state: str = "", detection: str = "", page: int = 1, size: int = 50) -> Listed:
    """The alerts that `actor` may see (None: the machine's operator), narrowed down where a state or detection is named."""
    found = LiveAlert.objects.exclude(_about(actor))
    if state:
        found = found.filter(state=state)
    if detection:
        found = found.filter(detection=detection)
    total = found.count()
    pages = max(1, -(-total // size))
    page = min(max(1, page), pages)
    rows = found.select_related("seen_by", "dismissed_by").order_by("-made_at", "-id")[(page - 1) * size : page * size]
    return Listed(lines=list(rows), total=total, page=page, pages=pages)


def one(actor: Any, key: Any) -> LiveAlert:
    """One alert. Raises NoSuchAlert."""
    try:
        found: LiveAlert = LiveAlert.objects.exclude(_about(actor)).get(pk=key)
    except LiveAlert.DoesNotExist:
        raise NoSuchAlert(str(key)) from None
    return found


def any_alert() -> bool:
    return LiveAlert.objects.exists()


def said_since(moment: datetime) -> list[Alert]:
    """What was said since then, as far as it keeps the same from being said again."""
    rows = LiveAlert.objects.filter(made_at__gte=moment).order_by("happened_at")
    return [
        Alert(
            detection=LiveDetection(row.detection), account=row.account, patient_id=row.patient_id or None,
            at_us=(row.happened_at - _EPOCH) // timedelta(microseconds=1), heard_us=0, system=row.system,
            workstation=row.workstation, ip=row.ip,
        )
        for row in rows
        if row.detection in set(LiveDetection)
    ]  # fmt: skip


def _about(actor: Any) -> Q:
    """Those about whoever asks: nobody decides about himself, or learns early what was seen."""
    return Q(pk__in=[]) if actor is None else about(actor)
