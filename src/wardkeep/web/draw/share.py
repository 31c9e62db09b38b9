# SPDX-License-Identifier: Apache-2.0
"""Shares as bars: explained of all, and an estimate with its interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A part of a whole; widths are percentages of the drawing."""

    part: int
    rest: int
    width: str
    rest_x: str
    rest_width: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Whisker:
    at: str
    low: str
    width: str
    high: str


def draw_share(part: int, whole: int) -> Share | None:
    """None where there is nothing to share."""
    if not whole:
        return None
    share = part / whole
    # A sliver that is there is seen.
    width = min(share, 0.995) if part < whole else 1.0
    return Share(
        part=part,
        rest=whole - part,
        width=percent(width),
        rest_x=percent(width),
        rest_width=percent(1 - width),
    )


def draw_whisker(share: float, low: float, high: float) -> Whisker:
    """An estimate between 0 and 1 with its interval."""
    return Whisker(at=percent(share), low=percent(low), width=percent(high - low), high=percent(high))


def percent(share: float) -> str:
    return f"{share * 100:.2f}%"
