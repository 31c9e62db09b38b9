# SPDX-License-Identifier: Apache-2.0
"""The shape of a statement: its text without what differs from call to call, so that it is parsed once. Pure and fast.

Kept are names, structure, single digits (positions in GROUP BY), strings that are code for something that runs strings, and
whether a string speaks of goods or matches everything. Lists of values keep only whether they are short.
"""

from __future__ import annotations

import hashlib
import re

from wardkeep.watch.statistics.undress import caches, letters, put_together, without_comments

#: Where one of these stands, strings may be code, or pieces of it.
_ODD = re.compile(
    r"0x[0-9a-f]{8}|chr?\s*\(|char\s*\(|\|\||'\s*[+&]|[+&]\s*n?'|u&[\"']|q'|\$\w*\$|/\*!|exec|prepare|openquery|openrowset|"
    r"dblink|dbms_sql|crosstab|queryout|sqlcmd|psql|mysql|bcp|dump|query_to_xml|\bopen\b|\bcall\b|declare",
    re.IGNORECASE,
)
#: Command lines of the databases' tools.
COMMAND = re.compile(
    r"\s*(?:[$#>]\s*)?(?:sudo\s+(?:-\S+\s+\w+\s+)?)?(?:\S*[/\\])?"
    r"(?:expdp|exp|impdp|imp|mysqldump|mysqlpump|mydumper|pg_dump|pg_dumpall|pg_restore|bcp|mysql|psql|sqlcmd|sqlplus|isql)(?:\.exe)?\s",
    re.IGNORECASE,
)
_STRING = re.compile(r"[nN]?'(?:[^'\\]|''|\\.)*(?:'|\Z)")
#: Strings that hold data, in the double quotes of MySQL and SQL Server: numbers, dates, times.
_DATA = re.compile(r'"[\d\-:/. %,]*"')
_NUMBER = re.compile(r"(?<![\w.$#@\"\]])-?\d*\.?\d+(?:e[+-]?\d+)?\b(?![\w$#])", re.IGNORECASE)
_LIST = re.compile(r"\((?:\s*(?:'\?'|'药'|'%'|[09])\s*,)+\s*(?:'\?'|'药'|'%'|[09])\s*\)")
#: A list of at most so many values is of a round, not of everybody.
FEW = 5
_CODE = re.compile(r"\b(?:select|insert|exec|execute|call|create\s+table|begin|with)\b", re.IGNORECASE)
_GOODS_INSIDE = re.compile(r"药|耗材|试剂|高值|注射|胶囊")


def shape(text: str) -> str:
    """The text without literals, comments and superfluous space. Two calls of one statement have one shape."""
    text = letters(text)
    if COMMAND.match(text):
        # `--where` and `user/***` are no comments on a command line.
        return " ".join(_NUMBER.sub(_number, text).split())
    text = without_comments(caches(text))
    if _ODD.search(text):
        text = _STRING.sub(_kept, without_comments(put_together(text)))
    elif "'" in text:
        text = _STRING.sub(_said if not text.isascii() or "%" in text else "'?'", text)
    if '"' in text:
        text = _DATA.sub("'?'", text)
    text = _NUMBER.sub(_number, text)
    if "," in text:
        text = _LIST.sub(_list, text)
    return " ".join(text.split())


def fingerprint(shaped: str) -> str:
    """A short name of a shape, the same whatever the case of its letters."""
    return hashlib.sha256(shaped.lower().encode("utf-8", "surrogatepass")).hexdigest()[:16]


def values(text: str) -> tuple[str, ...]:
    """The literals of a statement, in order: what differs between two calls of one shape."""
    text = without_comments(letters(text))
    return tuple(m[0].strip("nN'\"") for m in _VALUE.finditer(text))


_VALUE = re.compile(rf"{_STRING.pattern}|{_DATA.pattern}|{_NUMBER.pattern}", re.IGNORECASE)


def _said(match: re.Match[str]) -> str:
    """A string of data: whether it speaks of goods, or matches everything."""
    value = match[0]
    if value.strip("nN'") == "%":
        return "'%'"
    return "'药'" if _GOODS_INSIDE.search(value) else "'?'"


def _kept(match: re.Match[str]) -> str:
    """The same, where a string may be code: that is kept whole."""
    return match[0] if _CODE.search(match[0]) else _said(match)


def _number(match: re.Match[str]) -> str:
    return match[0] if len(match[0]) == 1 else "0"


def _list(match: re.Match[str]) -> str:
    n = match[0].count(",") + 1
    mark = "'药'" if "'药'" in match[0] else "'?'"
    return f"({mark}, '?')" if n <= FEW else f"({mark}, '?', '*')"
