# SPDX-License-Identifier: Apache-2.0
"""Whether a text of SQL ends within a string, a quoted name or a comment, so that what follows it belongs to it. Pure.

Read in one pass: a log may hold megabytes of quotes.
"""

from __future__ import annotations

import re

#: In what a text stands at its end: the sign that opened it, or nothing.
Within = bytes
#: The rest of what each sign opened, up to its end.
_REST = {
    b"'": re.compile(rb"(?:[^'\\]++|\\.)*+'", re.DOTALL),
    b'"': re.compile(rb"(?:[^\"\\]++|\\.)*+\"", re.DOTALL),
    b"`": re.compile(rb"[^`]*+`"),
    b"/*": re.compile(rb"(?:[^*]++|\*(?!/))*+\*/"),
}


def _closed(comment: bytes) -> re.Pattern[bytes]:
    """As much of a text as is closed; `comment` is what opens one."""
    return re.compile(
        rb"(?:[^'\"`/#-]++|'(?:[^'\\]++|\\.)*+'|\"(?:[^\"\\]++|\\.)*+\"|`[^`]*+`"
        rb"|#[^\n]*+|--(?=[\x00-\x20]|\Z)[^\n]*+|-"
        rb"|" + comment + rb"(?:[^*]++|\*(?!/))*+\*/|/(?!" + comment[1:] + rb"))*+",
        re.DOTALL,
    )


#: MySQL runs what stands in `/*! */` where it is new enough, and skips it where not: both readings are held.
_SKIPPED, _RUN = _closed(rb"/\*"), _closed(rb"/\*(?!!)")


def unclosed(text: bytes) -> tuple[Within, Within]:
    """In what a statement ends: as MySQL reads it without, and with, what stands in `/*! */`."""
    first = _end(text, 0, _SKIPPED)
    return first, _end(text, 0, _RUN) if b"/*!" in text else first


def going_on(text: bytes, within: tuple[Within, Within]) -> tuple[Within, Within]:
    """In what a text ends that begins `within` something. A reading in which the statement had its end stays so."""
    first = _rest(text, within[0], _SKIPPED)
    return first, first if within[0] == within[1] and b"/*!" not in text else _rest(text, within[1], _RUN)


def _rest(text: bytes, within: Within, closed: re.Pattern[bytes]) -> Within:
    if not within:
        return b""
    rest = _REST[within].match(text)
    return within if rest is None else _end(text, rest.end(), closed)


def _end(text: bytes, begin: int, closed: re.Pattern[bytes]) -> Within:
    found = closed.match(text, begin)
    end = found.end() if found is not None else begin
    if end == len(text):
        return b""
    return text[end : end + 2] if text[end : end + 1] == b"/" else text[end : end + 1]
