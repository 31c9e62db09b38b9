# SPDX-License-Identifier: Apache-2.0
"""Which evidence becomes a case, on which local day: a budget of slots a day, shared over families of detections. Pure.

Days are gone through in order, as they passed: what is decided on a day rests on evidence that was complete by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf

from wardkeep.watch.detect.described import Family
from wardkeep.watch.rank.item import Item, Opened, Score

Draw = Callable[[int, Sequence[str]], Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """The reviewers' limits; names and units as in `Thresholds`."""

    cases_a_day: int
    random_share: float
    family_share: float
    backlog_days: int
    case_gap_days: int
    settling_days: int
    #: Log-odds below which nothing opens a case, however free the day.
    floor: float = -inf

    def lots(self, day: int) -> int:
        """Slots of a day for cases drawn by lot: `random_share` of all, evened out over days."""
        share = self.random_share * self.cases_a_day
        return min(self.cases_a_day, int(share * (day + 1)) - int(share * day))

    def picks(self, day: int) -> int:
        """Of these, every other one: drawn among what the ranking passed over. The rest is drawn among quiet days."""
        first = int(self.random_share * self.cases_a_day * day)
        return sum(number % 2 for number in range(first, first + self.lots(day)))

    def slots(self, day: int) -> int:
        """Slots of a day for cases that were found."""
        return self.cases_a_day - self.lots(day)


def open_cases(
    items: Iterable[Item],
    *,
    budget: Budget,
    score: Callable[[Sequence[Item]], Score],
    known: Sequence[Opened] = (),
    taken: Mapping[int, int] | None = None,
    draw: Draw | None = None,
) -> list[Opened]:
    """Every case, with its day. `known` cases hold their items already; `taken`: slots used by day (known cases, all).

    draw: from a day and the accounts that the ranking passed over on it, those that the lot picks.
    """
    opened = list(known)
    by_account: dict[str, list[Opened]] = {}
    for case in opened:
        by_account.setdefault(case.account, []).append(case)
    used = dict(taken or {})
    waiting: dict[str, list[Item]] = {}
    arriving: dict[int, list[Item]] = {}
    for item in items:
        arriving.setdefault(item.day, []).append(item)
    if not arriving:
        return opened
    for day in range(min(arriving), max(arriving) + budget.backlog_days + 1):
        for item in arriving.get(day, ()):
            if (before := _continued(by_account.get(item.account, ()), item, budget)) is not None:
                before.items.append(item)
            else:
                waiting.setdefault(item.account, []).append(item)
        for account in list(waiting):
            waiting[account] = [i for i in waiting[account] if day - i.day <= budget.backlog_days]
            if not waiting[account]:
                del waiting[account]
        if day > max(arriving):
            break
        free = budget.slots(day) - used.get(day, 0)
        for account, found in _chosen(waiting, free, score, budget):
            case = Opened(account=account, a=found[0].a, day=day, items=found)
            opened.append(case)
            by_account.setdefault(account, []).append(case)
            used[day] = used.get(day, 0) + 1
            del waiting[account]
        for account in draw(day, _passed_over(waiting, day, score, budget)) if draw else ():
            found = waiting.pop(account)
            case = Opened(account=account, a=found[0].a, day=day, items=found, picked=True)
            opened.append(case)
            by_account.setdefault(account, []).append(case)
    return opened


def _passed_over(
    waiting: Mapping[str, list[Item]], day: int, score: Callable[[Sequence[Item]], Score], budget: Budget
) -> list[str]:
    """Accounts whose evidence became complete on this day, would open a case, and found no place: each once."""
    return sorted(
        account
        for account, found in waiting.items()
        if max(item.day for item in found) == day and score(found).logit >= budget.floor
    )


def _continued(cases: Iterable[Opened], item: Item, budget: Budget) -> Opened | None:
    """The case that an item belongs to without a slot of its own: found before the case settles, or more of the same."""
    for case in sorted(cases, key=lambda c: -c.day):
        if case.day <= item.day <= case.day + budget.settling_days:
            return case
        same = [i for i in case.items if i.key == item.key]
        if same and item.first_day - max(i.last_day for i in same) <= budget.case_gap_days:
            return case
    return None


def _chosen(
    waiting: Mapping[str, list[Item]], free: int, score: Callable[[Sequence[Item]], Score], budget: Budget
) -> list[tuple[str, list[Item]]]:
    """The best of what waits, no family above its share while another waits."""
    if free <= 0 or not waiting:
        return []
    ranked = sorted(
        ((score(found), account, found) for account, found in waiting.items()), key=lambda r: (-r[0].score, r[1])
    )
    limit = max(1, ceil(budget.family_share * budget.cases_a_day))
    chosen: list[tuple[str, list[Item]]] = []
    passed: list[tuple[str, list[Item]]] = []
    counts = dict.fromkeys(Family, 0)
    for value, account, found in ranked:
        if len(chosen) == free:
            break
        if value.logit < budget.floor:
            continue
        if counts[value.family] >= limit:
            passed.append((account, found))
            continue
        counts[value.family] += 1
        chosen.append((account, found))
    return chosen + passed[: free - len(chosen)]
