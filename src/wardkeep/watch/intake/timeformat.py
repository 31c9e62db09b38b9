# SPDX-License-Identifier: Apache-2.0
"""Time formats as a mapping names them: `iso`, seconds since an epoch, or a pattern of strftime's letters.

iso                  2026-03-02T08:15:00+08:00, also with a blank for the T and without an offset
epoch epoch-ms epoch-us      seconds, milliseconds, microseconds since 1970-01-01 UTC
epic-instant         seconds since 1840-12-31 00:00 in the mapping's zone
%Y/%m/%d %H:%M:%S    any pattern of %Y %y %m %d %b %H %I %p %M %S %f %z %T %F %D and literal text
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from wardkeep.watch.intake import times
from wardkeep.watch.intake.times import DAY, FIRST_DAY, OFFSET, SECOND, BadTime, Moment, Zone

Parse = Callable[[str], Moment]

MONTHS = {
    m: i for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_PIECES = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r" ?(?P<d>\d{1,2})",
    "b": r"(?P<b>[A-Za-z]{3})[a-z]*",
    "H": r" ?(?P<H>\d{1,2})",
    "I": r" ?(?P<I>\d{1,2})",
    "p": r"(?P<p>[AaPp]\.?[Mm]\.?|上午|下午)",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "f": r"(?P<f>\d{1,9})",
    "z": r"(?P<z>[Zz]|[+-]\d\d(?::?\d\d)?)",
    "%": "%",
}
_CLOCK = "HIMSpf"
_SHORT = {"T": "%H:%M:%S", "F": "%Y-%m-%d", "D": "%m/%d/%y", "R": "%H:%M"}
_EPOCHS = {"epoch": SECOND, "epoch-ms": 1000, "epoch-us": 1}
_EPIC_DAY = (date(1840, 12, 31).toordinal() - FIRST_DAY) * DAY
_NUMBER = re.compile(r"(\d{1,18})(?:\.(\d{1,9}))?", re.ASCII)


def parser(formats: list[str], zone: Zone | None) -> Parse:
    """What reads a time in the first of the formats that fits. Raises ValueError naming a format that is none."""
    parsers = [_parser(f, zone) for f in formats]
    if len(parsers) == 1:
        return parsers[0]

    def parse(text: str) -> Moment:
        for attempt in parsers:
            try:
                return attempt(text)
            except BadTime:
                continue
        raise BadTime("in none of the mapping's time formats")

    return parse


def _parser(form: str, zone: Zone | None) -> Parse:
    if form == "iso":
        return lambda text: times.iso(text, zone)
    if form in _EPOCHS:
        unit = _EPOCHS[form]
        return lambda text: (times.checked(_count(text, unit)), OFFSET)
    if form == "epic-instant":
        return lambda text: _local(_EPIC_DAY + _count(text, SECOND), zone)
    if "%" not in form:
        raise ValueError(f"time format {form!r} is unknown: give iso, {', '.join(_EPOCHS)}, epic-instant or a pattern")
    return _pattern(form, zone)


def _count(text: str, unit: int) -> int:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise BadTime("no count of seconds")
    whole, part = match.groups()
    return int(whole) * unit + (int(part.ljust(9, "0")) * unit // 1_000_000_000 if part else 0)


def _local(local: int, zone: Zone | None) -> Moment:
    if zone is None:
        raise BadTime("no offset from UTC")
    return zone.moment(times.checked(local))


def _pattern(form: str, zone: Zone | None) -> Parse:
    expression = _expression(form)
    days: dict[str, int] = {}
    clocks: dict[str, int] = {}
    split = _split(form)

    def parse(text: str) -> Moment:
        day, clock = days.get(text[:split]), clocks.get(text[split:])
        if day is not None and clock is not None and zone is not None:
            return zone.moment(day + clock)
        match = expression.fullmatch(text)
        if match is None:
            raise BadTime("not in the mapping's time format")
        found = match.groupdict()
        day, clock = _day(found), _clock(found)
        offset = found.get("z")
        if offset:
            return times.checked(day + clock - times.offset_of(offset)), OFFSET
        moment = _local(day + clock, zone)
        if split and _begin(match) == split and times.EARLIEST + times.DAY <= day < times.LATEST - 2 * times.DAY:
            times.remember(days, text[:split], day)
            times.remember(clocks, text[split:], clock)
        return moment

    return parse


def _split(form: str) -> int:
    """Where the time of day begins in a text of the format that is written in full; 0 where days do not come first."""
    for short, longer in _SHORT.items():
        form = form.replace(f"%{short}", longer)
    letters = [match[1] for match in re.finditer("%(.)", form)]
    first = next((i for i, letter in enumerate(letters) if letter in _CLOCK), len(letters))
    if any(letter not in _CLOCK for letter in letters[first:]) or first == len(letters):
        return 0
    before = form[: [match.start() for match in re.finditer("%(.)", form)][first]]
    return len(re.sub("%[mdy]", "00", before.replace("%Y", "0000").replace("%b", "Jan").replace("%%", "%")))


def _begin(match: re.Match[str]) -> int:
    """Where the time of day begins in this text."""
    found = [match.start(letter) for letter in _CLOCK if letter in match.re.groupindex]
    return min((at for at in found if at >= 0), default=-1)


def _expression(form: str) -> re.Pattern[str]:
    for letter, longer in _SHORT.items():
        form = form.replace(f"%{letter}", longer)
    pieces, seen, at = [], set(), 0
    for match in re.finditer(r"%(.)", form, re.DOTALL):
        letter = match[1]
        if letter not in _PIECES:
            raise ValueError(f"time format {form!r} has %{letter}, which is unknown")
        if letter in seen:
            raise ValueError(f"time format {form!r} has %{letter} twice")
        if letter != "%":
            seen.add(letter)
        pieces += [re.escape(form[at : match.start()]), _PIECES[letter]]
        at = match.end()
    pieces.append(re.escape(form[at:]))
    if not ({"Y", "y"} & seen and {"m", "b"} & seen and "d" in seen):
        raise ValueError(f"time format {form!r} does not say year, month and day")
    if "I" in seen and "p" not in seen:
        raise ValueError(f"time format {form!r} has %I without %p")
    return re.compile("".join(pieces), re.ASCII)


def _day(found: dict[str, str]) -> int:
    year = int(found["Y"]) if found.get("Y") else 2000 + int(found["y"])
    month = int(found["m"]) if found.get("m") else MONTHS.get(found["b"].lower(), 0)
    try:
        return (date(year, month, int(found["d"])).toordinal() - FIRST_DAY) * DAY
    except ValueError:
        raise BadTime("no such day") from None


def _clock(found: dict[str, str]) -> int:
    hour = int(found.get("H") or 0)
    if found.get("I"):
        hour = int(found["I"])
        if not 1 <= hour <= 12:
            raise BadTime("no such time of day")
        hour = hour % 12 + (12 if found["p"][0] in "pP下" else 0)
    minute, second = int(found.get("M") or 0), int(found.get("S") or 0)
    if not (hour < 24 and minute < 60 and second <= 60):
        raise BadTime("no such time of day")
    fraction = found.get("f")
    return ((hour * 60 + minute) * 60 + second) * SECOND + (int(fraction[:6].ljust(6, "0")) if fraction else 0)
