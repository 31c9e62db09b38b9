# SPDX-License-Identifier: Apache-2.0
"""In which form times are written, and in which zone. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wardkeep.watch.intake.proposing.proposal import Because, Proposed
from wardkeep.watch.intake.timeformat import parser
from wardkeep.watch.intake.times import BadTime, Zone

#: Forms that are tried, the plainest first.
FORMS = (
    "iso", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S",
    "%Y%m%d %H%M%S", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H时%M分%S秒", "%Y.%m.%d %H:%M:%S", "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%d-%b-%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S",
    "%d-%b-%y %I.%M.%S.%f %p", "epoch-ms", "epoch",
)  # fmt: skip
_TWINS = {"%d/%m/%Y %H:%M:%S": "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M": "%m/%d/%Y %H:%M"}
_PART = re.compile(r"\d{4}[-/.年]?\d{1,2}[-/.月]?\d{1,2}日?|\d{1,2}[/.]\d{1,2}[/.]\d{4}")
_OFFSET = re.compile(r"(?:[zZ]|[+-]\d\d:?\d\d)$")
#: A number of seconds counts as a time only in these years: else every number would.
_EPOCH = re.compile(r"1[4-9]\d{8}(?:\d{3})?(?:\.\d+)?")


def looks_like_time(values: Sequence[str], *, part: bool = False) -> bool:
    """Whether all of the values are times; with `part` a day is enough."""
    if part and all(_PART.match(value) for value in values):
        return True
    return bool(values) and form_of(values) is not None


def form_of(values: Sequence[str]) -> str | None:
    """The first form that fits every value."""
    return next((form for form in FORMS if _fits(form, values)), None)


def _fits(form: str, values: Sequence[str]) -> bool:
    if form.startswith("epoch"):
        digits = 13 if form == "epoch-ms" else 10
        if not all(_EPOCH.fullmatch(v) and len(v.partition(".")[0]) == digits for v in values):
            return False
    parse = parser([form], Zone("UTC"))
    try:
        for value in values:
            parse(value)
    except BadTime:
        return False
    return True


def moments(values: Sequence[str], zone: str) -> tuple[str | None, list[Proposed]]:
    """The form of times, and the reasons for it and for the zone."""
    form = form_of(values)
    if form is None:
        return None, []
    twin = _TWINS.get(form)
    if twin and _fits(twin, values):
        why = Because("日和月无法区分：请核对", "day and month cannot be told apart in these rows: please check")
        parts = [Proposed(key="time_format", value=form, because=why, confidence=0.4)]
    else:
        why = Because(f"前 {len(values)} 行都符合", f"all of the first {len(values)} rows fit")
        parts = [Proposed(key="time_format", value=form, because=why, confidence=0.95)]
    if form.startswith("epoch") or all(_OFFSET.search(value) for value in values):
        return form, parts
    why = Because("时间不带时区：按医院所在时区", "the times have no offset: the hospital's zone is taken")
    return form, [*parts, Proposed(key="zone", value=zone, because=why, confidence=0.6)]
