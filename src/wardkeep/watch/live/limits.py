# SPDX-License-Identifier: Apache-2.0
"""`Limits`: what the live detections are held against, each with its unit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class LimitError(ValueError):
    """A limit has a value that makes no sense; the message lists every fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The name or the comment gives the unit."""

    #: Minutes in which the same thing (detection, account, patient) is not said again.
    quiet_minutes: int = 60
    #: Different patients of one account within `batch_minutes`, and times the peers' usual top (99th percentile of the
    #: role): the larger of the two counts.
    batch_patients: int = 30
    batch_minutes: int = 10
    batch_peer_factor: float = 2.0
    #: Failed sign-ins of one account within `failed_minutes`.
    failed_logins: int = 10
    failed_minutes: int = 10
    #: Different accounts whose sign-in failed from one address within `spray_minutes`.
    spray_accounts: int = 15
    spray_minutes: int = 10
    #: Minutes within which one person's account at a workstation, at another and at the first again is two people.
    overlap_minutes: int = 10
    #: Minutes within which one person cannot be at two sites.
    travel_minutes: int = 20
    #: Minutes by which clocks may differ: added to tickets on both sides.
    clock_minutes: int = 15
    #: Hours for which a sign-in without a sign-out says who is at a place.
    session_hours: int = 12
    #: Alerts of one detection in one minute; more are counted and not said.
    most_a_minute: int = 100

    def __post_init__(self) -> None:
        faults = []
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                faults.append(f"{item.name} = {value!r}: use a number")
            elif isinstance(item.default, int) and not isinstance(value, int):
                faults.append(f"{item.name} = {value!r}: use a whole number")
            elif not 0 < value <= 100_000:
                faults.append(f"{item.name} = {value!r}: out of range")
        if faults:
            raise LimitError("; ".join(faults))

    @classmethod
    def of(cls, named: Mapping[str, Any]) -> Limits:
        """The defaults, changed where `named` says so. Raises LimitError."""
        known = {f.name for f in dataclasses.fields(cls)}
        if unknown := sorted(set(named) - known):
            raise LimitError(f"no such limit: {', '.join(unknown)}; the names are in docs/reference/live-alerts.md")
        return cls(**named)
