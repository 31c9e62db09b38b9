# SPDX-License-Identifier: Apache-2.0
"""What the last run kept beside its cases."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from wardkeep.watch.cases.models import Run
from wardkeep.watch.store import NotStored


def last_kept(name: str) -> list[dict[str, Any]]:
    """The rows of an artifact; none where nothing was judged yet, or by a run that kept none. Raises StoreDamaged."""
    run = Run.objects.order_by("-finished_at").first()
    if run is None:
        return []
    try:
        rows: list[dict[str, Any]] = settings.WARDKEEP_HOME.store().load_run(str(run.id), name).to_pylist()
    except NotStored:
        return []
    return rows
