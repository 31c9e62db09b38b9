# SPDX-License-Identifier: Apache-2.0
"""What was looked for, gathered by what became of it."""

from __future__ import annotations

from collections.abc import Iterable

from wardkeep.watch.cases.pages import FindingShown, LookedFor

STATES = ("not_found", "found", "not_available")
Gathered = dict[str, list[LookedFor]]


def gathered(looked_for: Iterable[LookedFor]) -> Gathered:
    """state -> the reasons in it; empty where nothing was looked for."""
    found: Gathered = {}
    for looked in looked_for:
        found.setdefault(looked.state, []).append(looked)
    return found


def once(findings: Iterable[FindingShown]) -> list[Gathered]:
    """For each finding what was looked for, empty where an earlier one shows the very same."""
    shown: list[list[LookedFor]] = []
    result: list[Gathered] = []
    for finding in findings:
        looked = list(finding.looked_for)
        result.append({} if looked in shown else gathered(looked))
        shown.append(looked)
    return result
