# SPDX-License-Identifier: Apache-2.0
"""The shape of a statement: its text without what differs from call to call, so that it is parsed once. Pure and fast.

Kept are names, structure, single digits (positions in GROUP BY), strings that are code for something that runs strings, and
whether a string speaks of goods or matches everything. Lists of values keep only whether they are short.
"""

from __future__ import annotations

import hashlib
import re

from wardkeep.watch.intake.database.undress import caches, letters, put_together, without_comments

#: Where one of these stands, strings may be code, or pieces of it (`_may_be_odd` asks first: it is ten times as quick).
_ODD = re.compile(
    r"0x[0-9a-f]{8}|chr?\s*\(|(?<!to_)char\s*\(|\|\||'\s*[+&]|[+&]\s*n?'|u&[\"']|q'|\$\w*\$|/\*!|exec|prepare|open|"
    r"dblink|dbms_sql|crosstab|psql|query_to_xml|\bcall\b|declare|concat"
)
#: Command lines of the databases' tools.
COMMAND = re.compile(
    r"\s*(?:[$#>]\s*)?(?:sudo\s+(?:-\S+\s+\w+\s+)?)?(?:\S*[/\\])?(?:expdp|exp|impdp|imp|mysqldump|mysqlpump|mydumper|"
    r"pg_dump|pg_dumpall|pg_restore|bcp|mysql|psql|sqlcmd|sqlplus|isql)(?:\.exe)?\s",
    re.IGNORECASE,
)
_STRING = re.compile(r"[nN]?'[^']*(?:''[^']*)*(?:'|\Z)")
_ESCAPED = re.compile(r"[nN]?'[^'\\]*(?:(?:''|\\.)[^'\\]*)*(?:'|\Z)", re.DOTALL)
#: Strings, comments, numbers, and data in the double quotes of MySQL and SQL Server. Every branch begins with a sign of its
#: own, so that the search runs over letters without a stop.
_REST = (
    r"|--[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)|[0-9](?<![\w$#@.\"\]][0-9])[0-9.]+(?:[eE][+-]?[0-9]+)?(?![\w$#])"
    r"|\"[\d\-:/. %,]*\""
)
_PLACES = re.compile(r"'[^']*(?:''[^']*)*(?:'|\Z)" + _REST)
_PLACES_ESCAPED = re.compile(r"'[^'\\]*(?:(?:''|\\.)[^'\\]*)*(?:'|\Z)" + _REST, re.DOTALL)
_NUMBER = re.compile(r"(?<![\w$#@.\"\]])[0-9][0-9.]+(?:[eE][+-]?[0-9]+)?(?![\w$#])")
_LIST = re.compile(r"\((?:\s*(?:'\?'|'药'|'%'|-?[0-9])\s*,)+\s*(?:'\?'|'药'|'%'|-?[0-9])\s*\)")
#: A list of at most so many values is of a round, not of everybody.
FEW = 5
_CODE = re.compile(r"\b(?:select|insert|exec|execute|call|create\s+table|begin|with)\b", re.IGNORECASE)
_GOODS_INSIDE = re.compile(r"药|耗材|试剂|高值|注射|胶囊")


def shape(text: str, *, escapes: bool = False) -> str:
    """The text without literals, comments and superfluous space. Two calls of one statement have one shape.

    escapes: a backslash in a string keeps the quote after it, as in MySQL; elsewhere it is a letter.
    """
    text = letters(text)
    if COMMAND.match(text):
        # `--where` and `user/***` are no comments on a command line.
        return " ".join(_NUMBER.sub("0", text).split())
    text = caches(text)
    if "#" in text or "//" in text:
        text = without_comments(text)
    lower = text.lower()
    if _may_be_odd(lower) and _ODD.search(lower):
        text = without_comments(put_together(without_comments(text)))
        text = (_ESCAPED if escapes else _STRING).sub(_kept, text)
        text = _NUMBER.sub("0", text)
    else:
        text = (_PLACES_ESCAPED if escapes else _PLACES).sub(_placed, text)
    if "," in text:
        text = _LIST.sub(_list, text)
    return " ".join(text.split())


def _may_be_odd(s: str) -> bool:
    """Whether `_ODD` can match: plain looks for its parts, written out because a loop costs more than they do."""
    # fmt: off
    return (
        "0x" in s or "char" in s or "chr" in s or "||" in s or "'+" in s or "' +" in s or "'&" in s or "' &" in s or "+'" in s
        or "+ '" in s or "+n'" in s or "+ n'" in s or "u&" in s or "q'" in s or "$" in s or "/*!" in s or "exec" in s
        or "prepare" in s or "open" in s or "dblink" in s or "dbms_sql" in s or "crosstab" in s or "psql" in s
        or "query_to_xml" in s or "call" in s or "declare" in s or "concat" in s
    )
    # fmt: on


def slim(text: str) -> str:
    """A huge text without what its strings and comments hold, which is most of it as a rule."""
    return text if "\\'" in text else _PLACES.sub(_placed, text)


def fingerprint(shaped: str) -> str:
    """A short name of a shape, the same whatever the case of its letters."""
    return hashlib.sha256(shaped.lower().encode("utf-8", "surrogatepass")).hexdigest()[:16]


def values(text: str) -> tuple[str, ...]:
    """The literals of a statement, in order: what differs between two calls of one shape."""
    return tuple(m[0].strip("'\"") for m in _PLACES.finditer(letters(text)) if m[0][0] not in "-/")


def _placed(match: re.Match[str]) -> str:
    value = match[0]
    first = value[0]
    if first == "'":
        return "'?'" if value.isascii() and value != "'%'" else _said(value)
    if first == '"':
        return "'?'"
    return " " if first in "-/" else "0"


def _said(value: str) -> str:
    """A string of data: whether it speaks of goods, or matches everything."""
    if value.strip("nN'") == "%":
        return "'%'"
    return "'药'" if _GOODS_INSIDE.search(value) else "'?'"


def _kept(match: re.Match[str]) -> str:
    """The same, where a string may be code: that is kept whole."""
    return match[0] if _CODE.search(match[0]) else _said(match[0])


def _list(match: re.Match[str]) -> str:
    n = match[0].count(",") + 1
    mark = "'药'" if "'药'" in match[0] else "'?'"
    return f"({mark}, '?')" if n <= FEW else f"({mark}, '?', '*')"
