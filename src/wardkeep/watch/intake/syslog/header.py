# SPDX-License-Identifier: Apache-2.0
"""The header of a syslog message: RFC 5424, and the many shapes that came before it (RFC 3164 describes some).

A legacy time has neither zone nor, mostly, a year. The year is the one that lies nearest before a moment that is known.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from wardkeep.watch.intake.times import DAY, BadTime, Moment, Zone, clock_of, day_of, iso

_5424 = re.compile(rb"<(\d{1,3})>[1-9]\d{0,2} (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32})(?: |\Z)")
_STRUCTURED = re.compile(rb'(?:\[[^\s\]="]{1,64}(?: +[^\s\]="]{1,64}="(?:[^"\\]|\\.)*")* ?\])+', re.DOTALL)
_MONTHS = {m: i for i, m in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
#: `Mar  2 08:15:00`, with a year before or behind the time of day; or a full date.
STAMP = re.compile(
    rb"(?:(%b) {1,2}(\d{1,2})(?: (\d{4}))? (\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(?: (\d{4})(?= ))?"
    rb"|(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?))(?::? +|\Z)" % _MONTH
)
_PRIORITY = re.compile(rb"<(\d{1,3})>(?:\d{1,10}: )? ?\*?")
_TAG = re.compile(rb"([^\s:\[\]<>]{1,128})(?:\[([^\]\s]{0,64})\])?:(?: |\Z)")
_HOST = re.compile(rb"([^\s:<>\[\]]{1,255}|[0-9A-Fa-f:.]{2,45}) ")
_NIL = b"-"


#: What stands before an audit message nearly always; the machine that sent it.
_USUAL = re.compile(
    rb"<(?:[1-9]?\d|1[0-8]\d|19[01])>[1-9]\d{0,2} \S{1,64} (\S{1,255}) \S{1,48} \S{1,128} \S{1,32} - (?:\xef\xbb\xbf)?(?=<)"
)


class Header(NamedTuple):
    """What stands before the message, and where that begins; texts as they stand, None where there is none."""

    at: int
    priority: int | None
    #: The time as RFC 5424 or ISO 8601 writes it, or (month, day, year or None, time of day).
    time: str | tuple[int, int, int | None, str] | None
    host: str | None = None
    app: str | None = None
    process: str | None = None
    subject: str | None = None
    structured: str | None = None
    legacy: bool = False


class BadHeader(ValueError):
    """Why the bytes have no header; never with a value of them."""


def before_xml(raw: bytes) -> tuple[int, str | None] | None:
    """Where the XML behind a header without structured data begins, and the machine; None where it is another build."""
    match = _USUAL.match(raw)
    return None if match is None else (match.end(), _text(match[1]))


def header(raw: bytes) -> Header:
    """The header of a message. Raises BadHeader."""
    match = _5424.match(raw)
    if match is None:
        return _legacy(raw)
    priority, time, host, app, process, subject = match.groups()
    at, structured = match.end(), None
    if raw[at : at + 1] == b"-" and raw[at + 1 : at + 2] in (b" ", b""):
        at += 2
    elif raw[at : at + 1] == b"[":
        found = _STRUCTURED.match(raw, at)
        if found is None:
            raise BadHeader("bad-header: structured data that does not come out")
        structured = _text(found[0])
        at = found.end() + raw.startswith(b" ", found.end())
    return Header(
        at, _priority(priority), _text(time), _text(host), _text(app), _text(process), _text(subject), structured
    )


def _legacy(raw: bytes) -> Header:
    at, priority = 0, None
    if match := _PRIORITY.match(raw):
        at, priority = match.end(), _priority(match[1])
    stamp = STAMP.match(raw, at)
    if stamp is None and priority is None:
        raise BadHeader("no-header: neither a priority nor a time before the text")
    time: str | tuple[int, int, int | None, str] | None = None
    if stamp is not None:
        at = stamp.end()
        month, day, before, clock, behind, full = stamp.groups()
        year = before or behind
        time = full.decode() if full else (_MONTHS[month], int(day), int(year) if year else None, clock.decode())
    host = app = process = None
    if stamp is not None and _TAG.match(raw, at) is None and (match := _HOST.match(raw, at)):
        host, at = _text(match[1]), match.end()
    if match := _TAG.match(raw, at):
        app, process, at = _text(match[1]), _text(match[2] or _NIL), match.end()
    return Header(at, priority, time, host, app, process, legacy=True)


def _priority(written: bytes) -> int:
    found = int(written)
    if found > 191:
        raise BadHeader("bad-header: a priority over 191")
    return found


def _text(written: bytes) -> str | None:
    return None if written == _NIL else written.decode("utf-8", "backslashreplace")


def moment(header: Header, zone: Zone, near: int | None) -> Moment:
    """When the header was written; a time without a year lies in the year before a day after `near`. Raises BadTime."""
    if header.time is None:
        raise BadTime("the header has no time")
    if isinstance(header.time, str):
        return iso(header.time, zone)
    month, day, year, clock = header.time
    if year is not None:
        return zone.moment(day_of(f"{year:04}-{month:02}-{day:02}") + clock_of(clock))
    if near is None:
        raise BadTime("a legacy header without a year, in a file whose name has no date (messages-20260302)")
    latest = 1970 + (near + DAY) // (365 * DAY + DAY // 4)
    for guess in (latest + 1, latest, latest - 1, latest - 2, latest - 3, latest - 4):  # a 29th of February is far off
        try:
            found = zone.moment(day_of(f"{guess:04}-{month:02}-{day:02}") + clock_of(clock))
        except BadTime:
            continue
        if found[0] <= near + DAY:
            return found
    raise BadTime("no such day")
