# SPDX-License-Identifier: Apache-2.0
"""Confirming a mapping and taking it back: the row and its act together. None asks for permission; none writes a file."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from wardkeep.govern.mappings.models import MappingVersion
from wardkeep.seal.act import action


class NotInForce(Exception):
    """Another version is in force by now, or none: look again."""


def confirm(name: str, text: str, *, by: Any, at: datetime) -> MappingVersion:
    """A new version, in force from now on; the earlier ones stay."""
    with action("intake:mapping:confirmed", actor=by, at=at) as act:
        newest = MappingVersion.objects.select_for_update().filter(name=name).order_by("-version").first()
        row = MappingVersion(name=name, version=newest.version + 1 if newest else 1, text=text, by=by, at=at)
        row.save()
        _say(act, row)
    return row


def take_back(row: MappingVersion, *, by: Any, at: datetime) -> MappingVersion | None:
    """End the version that is in force; the one before it that was not taken back comes into force. Raises NotInForce."""
    with action("intake:mapping:taken_back", actor=by, at=at) as act:
        standing = MappingVersion.objects.select_for_update().filter(name=row.name, taken_back_at=None)
        held = standing.order_by("-version").first()
        if held is None or held.pk != row.pk:
            raise NotInForce
        held.taken_back_by, held.taken_back_at = by, at
        held.save()
        _say(act, held)
    return in_force().get(row.name)


def in_force() -> dict[str, MappingVersion]:
    """Of each name the version that counts."""
    found = MappingVersion.objects.filter(taken_back_at=None).select_related("by").order_by("name", "version")
    return {row.name: row for row in found}


def _say(act: Any, row: MappingVersion) -> None:
    # The name is a code of small letters and digits, checked before it comes here.
    act.fact("mapping", row.name)
    act.fact("version", row.version)
    act.fact("sha256", hashlib.sha256(row.text.encode()).hexdigest())
