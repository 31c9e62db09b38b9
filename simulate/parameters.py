# SPDX-License-Identifier: Apache-2.0
"""What a simulated hospital is asked for: size, seed, disorder, and the prevalence and mix of misuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

DAY = 86_400
HOUR = 3_600
MINUTE = 60
#: The hospital's zone: one offset the year round.
UTC_OFFSET_S = 8 * HOUR

#: Told now and then how far a long call is: (share done 0..1, what is being done).
Progress = Callable[[float, str], None]

#: Kinds of misuse that snoop, with their share as reported (Protenus, first quarter of 2018: family 77.1 %).
SNOOPING: dict[str, float] = {
    "family": 0.77,
    "coworker": 0.07,
    "neighbour": 0.05,
    "vip": 0.03,
    "acquaintance": 0.03,
    "self": 0.02,
    "manager": 0.015,
    "deceased": 0.01,
    "curiosity": 0.005,
}
#: Kinds that are no snooping on somebody known, in equal parts.
OTHER: tuple[str, ...] = (
    "crowd",
    "batch",
    "slow",
    "leaver",
    "dormant",
    "vendor",
    "borrowed",
    "breakglass",
    "enumeration",
    "statistics",
    "export",
    "honey",
    "gossip",
)
KINDS: tuple[str, ...] = (*SNOOPING, *OTHER)

#: Cases per 300 staff and 30 days.
CASES = {"A": 250, "B": 36, "C": 75, "none": 0}
#: Share of cases in A and B that snoop.
SNOOPING_SHARE = 0.75
#: Share of hard targets where the target can be chosen.
HARD_SHARE = {"A": 0.35, "B": 0.35, "C": 0.67, "none": 0.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameters:
    """The arguments of `build`, checked together. Raises ValueError naming the argument, its value and what is allowed."""

    seed: int = 1
    staff: int = 300
    patients: int = 20_000
    days: int = 30
    setting: str = "B"
    undocumented: float = 0.20
    wrong_addresses: float = 0.20
    shared: float = 0.33
    late: float = 0.15
    first_day: date = date(2026, 3, 2)
    #: Whether the sources beyond the clinical systems' logs are simulated too.
    sources: bool = False

    def __post_init__(self) -> None:
        limits = {"staff": (60, 200_000), "patients": (500, 50_000_000), "days": (1, 400)}
        for name, (least, most) in limits.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} is {getattr(self, name)}: give {least} to {most}")
        for name in ("undocumented", "wrong_addresses", "shared", "late"):
            if not 0 <= getattr(self, name) <= 0.6:
                raise ValueError(f"{name} is {getattr(self, name)}: give a share of 0 to 0.6")
        if self.setting not in CASES:
            raise ValueError(f"setting is {self.setting!r}: give one of {', '.join(CASES)}")
        if self.patients < 10 * self.staff:
            raise ValueError(f"patients is {self.patients}: give at least ten a staff member ({10 * self.staff})")

    @property
    def first_second(self) -> int:
        """Seconds since 1970 UTC at the first local midnight; every other second in the simulator counts from it."""
        return (self.first_day - date(1970, 1, 1)).days * DAY - UTC_OFFSET_S

    @property
    def cases(self) -> int:
        """How many cases of misuse this size and setting have."""
        return round(CASES[self.setting] * self.staff / 300 * self.days / 30)

    def weekday(self, day: int) -> int:
        """0 for Monday, of the day counted from the first."""
        return (self.first_day.weekday() + day) % 7
