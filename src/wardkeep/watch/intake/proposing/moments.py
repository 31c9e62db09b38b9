# SPDX-License-Identifier: Apache-2.0
"""In which form times are written, and in which zone. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from wardkeep.watch.intake.headings import offset_of
from wardkeep.watch.intake.proposing.proposal import Because, Proposed
from wardkeep.watch.intake.timeformat import parser
from wardkeep.watch.intake.times import BadTime, Zone

_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y.%m.%d", "%Y%m%d")
_CLOCKS = (
    "%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%H%M%S", "%H时%M分%S秒", "%H时%M分", "%p %I:%M:%S", "%p %I:%M",
    "%p%I:%M:%S", "%p%I:%M", "%I:%M:%S %p", "%I:%M %p",
)  # fmt: skip
#: What a column of days says of the time of day that stands in another column.
_MIDNIGHTS = ("0:00:00", "00:00:00", "0:00", "00:00", "00:00:00.0")
#: Forms that are usual, the plainest first.
USUAL = (
    "iso", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S",
    "%Y%m%d %H%M%S", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H时%M分%S秒", "%Y.%m.%d %H:%M:%S", "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%d-%b-%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S",
    "%d-%b-%y %I.%M.%S.%f %p", "%Y/%m/%d %p %I:%M:%S", "%Y-%m-%d %p %I:%M:%S", "%Y/%m/%d %p%I:%M", "%Y-%m-%d %p%I:%M",
)  # fmt: skip
#: Those that are tried.
FORMS = tuple(dict.fromkeys((
    *USUAL, *(f"{day} {clock}" for clock in _CLOCKS for day in _DAYS), "%m/%d/%Y %I:%M %p",
    *(f"{day} {zero} {clock}" for zero in _MIDNIGHTS for clock in _CLOCKS for day in _DAYS[:2]), "epoch-ms", "epoch",
)))  # fmt: skip
_TWINS = {"%d/%m/%Y %H:%M:%S": "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M": "%m/%d/%Y %H:%M"}
_PART = re.compile(r"\d{4}[-/.年]?\d{1,2}[-/.月]?\d{1,2}日?|\d{1,2}[/.]\d{1,2}[/.]\d{4}")
_CLOCK = re.compile(
    r"(?:(?:上午|下午|[AaPp][Mm]) ?)?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?|\d{1,2}时\d{1,2}分(?:\d{1,2}秒)?"
)
_PLAIN_CLOCK = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d[0-5]\d")
_DAY_ONLY = re.compile(r"\d{4}(?:[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{4})(?:[ T]0?0:00(?::00(?:\.0+)?)?)?")
_OFFSET = re.compile(r"(?:[zZ]|[+-]\d\d:?\d\d)$")
#: The share of values that a form has to fit, and after how many misses in a row from the first on it is given up.
NEARLY, PROBE = 0.9, 5
#: A number of seconds counts as a time only in these years: else every number would.
_EPOCH = re.compile(r"1[4-9]\d{8}(?:\d{3})?(?:\.\d+)?")


def looks_like_time(values: Sequence[str], *, part: bool = False) -> bool:
    """Whether nearly all of the values are times; with `part` a day is enough."""
    if part and all(_PART.match(value) for value in values):
        return True
    return bool(values) and form_of(values) is not None


def looks_like_clock(values: Sequence[str], *, named: bool = False) -> bool:
    """Whether the values are times of day; in a column that is `named` so, six digits are one too."""
    forms = (_CLOCK, _PLAIN_CLOCK) if named else (_CLOCK,)
    return bool(values) and any(all(form.fullmatch(value) for value in values) for form in forms)


def says_no_clock(values: Sequence[str]) -> bool:
    """Whether the values are days, with midnight behind each or without."""
    return bool(values) and all(_DAY_ONLY.fullmatch(value) for value in values)


def form_of(values: Sequence[str]) -> str | None:
    """The first form that fits every value; else the first that fits nearly all of them, for a log has torn lines."""
    nearly = None
    for form in FORMS:
        if (count := fitting(form, values)) == len(values):
            return form
        if nearly is None and count >= max(1.0, NEARLY * len(values)):
            nearly = form
    return nearly


def fitting(form: str, values: Sequence[str]) -> int:
    """How many of the values have that form."""
    digits = {"epoch-ms": 13, "epoch": 10}.get(form)
    parse = parser([form], Zone("UTC"))
    found = 0
    for number, value in enumerate(values):
        if number >= PROBE and not found:
            return 0
        if digits and not (_EPOCH.fullmatch(value) and len(value.partition(".")[0]) == digits):
            continue
        try:
            parse(value)
        except BadTime:
            continue
        found += 1
    return found


def zone_said(names: Sequence[str]) -> str | None:
    """The zone that one of the columns of a time says in its name, as zones are called; None where none does."""
    found = next((offset for name in names if (offset := offset_of(name)) is not None), None)
    if found is None or found % timedelta(hours=1):
        return None
    hours = found // timedelta(hours=1)
    # Etc/GMT-8 is eight hours ahead.
    return "UTC" if not hours else f"Etc/GMT{-hours:+d}"


def moments(values: Sequence[str], zone: str, names: Sequence[str] = ()) -> tuple[str | None, list[Proposed]]:
    """The form of times, and the reasons for it and for the zone; `names` are those of their columns."""
    form = form_of(values)
    if form is None:
        return None, []
    twin = _TWINS.get(form)
    fit = fitting(form, values)
    if twin and fitting(twin, values) == fit:
        why = Because("日和月无法区分：请核对", "day and month cannot be told apart in these rows: please check")
        parts = [Proposed(key="time_format", value=form, because=why, confidence=0.4)]
    elif fit < len(values):
        why = Because(f"前 {len(values)} 行中有 {fit} 行符合", f"{fit} of the first {len(values)} rows fit")
        parts = [Proposed(key="time_format", value=form, because=why, confidence=0.8 * fit / len(values))]
    else:
        why = Because(f"前 {len(values)} 行都符合", f"all of the first {len(values)} rows fit")
        parts = [Proposed(key="time_format", value=form, because=why, confidence=0.95)]
    if form.startswith("epoch") or all(_OFFSET.search(value) for value in values if fitting(form, [value])):
        return form, parts
    if said := zone_said(names):
        why = Because("列名说明了时区", "the name of the column says the zone")
        return form, [*parts, Proposed(key="zone", value=said, because=why, confidence=0.9)]
    why = Because("时间不带时区：按医院所在时区", "the times have no offset: the hospital's zone is taken")
    return form, [*parts, Proposed(key="zone", value=zone, because=why, confidence=0.6)]
