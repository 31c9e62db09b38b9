# SPDX-License-Identifier: Apache-2.0
"""Taking a text apart: the statements in it, and the procedures that it calls. Pure.

Anonymous blocks, bodies of procedures, cursors, several statements in one line: whatever stands around them, the queries are
cut out and judged one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PART = re.compile(r"'(?:[^']|'')*(?:'|\Z)|\"[^\"]*\"|`[^`]*`|\[[^\]\n]{1,128}\]|[^\W\d][\w$#]*|[();{}]")
_STARTS = frozenset({"select", "with", "insert", "merge", "create", "copy", "table"})
#: Words before which a statement ends where nobody wrote a semicolon.
_ENDS = frozenset(
    {"end", "loop", "go", "exec", "execute", "open", "fetch", "close", "return", "declare", "deallocate", "begin"}
)
_JOINS = frozenset({"union", "all", "except", "minus", "intersect", "as", "distinct", "exists", "any", "some", "in"})
#: A text is cut into so many statements at most.
MOST = 200


def statements(text: str) -> Iterator[str]:
    """The queries in a text, each without what stands around it."""
    start, base, word, before, cases, depth, found = -1, 0, "", "", 0, 0, 0
    for match in _PART.finditer(text):
        part = match[0].lower()
        if part == "(":
            depth += 1
        elif part == ")":
            depth -= 1
            if start >= 0 and depth < base:
                yield text[start : match.start()]
                start, found = -1, found + 1
        elif start < 0:
            if part in _STARTS and _begins(text, match.start(), part, before):
                start, base, word, cases = match.start(), depth, part, 0
        elif part == "case":
            cases += 1
        elif part == "end" and cases:
            cases -= 1
        elif depth <= base and (
            part in ";{}"
            or (part in _ENDS and word != "create" and before != "as")
            or (part == "select" and word == "select" and before not in _JOINS and before != "(")
        ):
            yield text[start : match.start()]
            start, found = -1, found + 1
            if part == "select":
                start, base, word, cases = match.start(), depth, part, 0
        if found >= MOST:
            return
        before = part
    if start >= 0:
        yield text[start:]


def _begins(text: str, at: int, part: str, before: str) -> bool:
    """Whether a statement begins with this word. Procedures are made of statements, and begin none."""
    if part == "table":
        return before not in ("create", "drop", "alter", "truncate", "lock", "temporary", "temp")
    return part != "create" or _MADE.match(text, at) is not None


_MADE = re.compile(
    r"create\s+(?:or\s+replace\s+)?(?:(?:global|local|temporary|temp|unlogged|materialized|force|editionable|private|external)\s+)*"
    r"(?:table|view)\b",
    re.IGNORECASE,
)
_NAME = r"(?:\[[^\]\n]{1,128}\]|\"[^\"\n]{1,128}\"|[^\W\d][\w$#]{0,127})"
_DOTTED = rf"{_NAME}(?:\.+{_NAME}){{0,3}}"
_CALL = re.compile(
    rf"(?<!grant )(?<!revoke )(?<!deny )(?<!, )(?<!with )(?<![\w$#@.,])"
    rf"(?:execute|exec|call)\s+(?:[@:]?\w+\s*=\s*)?({_DOTTED})(?!\s*\.)",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?:;|\bbegin\b|\bthen\b|\belse\b|\bloop\b)\s*({_DOTTED})\s*(?=[(;])(?!\s*:=)", re.IGNORECASE)
_BLOCK = re.compile(r"\A\s*(?:declare|begin|create|procedure|function|<<)", re.IGNORECASE)
_NO_CALL = frozenset(
    [
        "end",
        "begin",
        "commit",
        "rollback",
        "null",
        "return",
        "exit",
        "continue",
        "if",
        "for",
        "while",
        "case",
        "select",
        "insert",
        "update",
        "delete",
        "open",
        "fetch",
        "close",
        "raise",
        "loop",
        "declare",
        "exception",
        "immediate",
        "into",
        "values",
        "set",
        "exec",
        "execute",
        "call",
        "else",
        "elsif",
        "goto",
        "savepoint",
        "as",
        "is",
        "with",
        "prepare",
        "do",
        "print",
        "grant",
        "revoke",
        "drop",
        "truncate",
        "alter",
        "create",
        "merge",
        "lock",
        "deallocate",
        "pragma",
        "forall",
        "sp_executesql",
        "dbms_sql.parse",
        "using",
        "from",
        "go",
        "dbms_output.put_line",
        "tran",
        "transaction",
        "work",
        "atomic",
        "on",
    ]
)
_M_CALL = re.compile(r"(?:\A|\s|\.)D(?:O)?(?::\S+)?\s+((?:[%A-Za-z]\w*)?\^%?[A-Za-z]\w*|##class\(%?[\w.]+\)\.\w+)")
_M_FUNCTION = re.compile(r"\$\$\w*\^%?[A-Za-z]\w*|##class\((?!%SQL|%Library)%?[\w.]+\)\.\w+")
_STRING = re.compile(r"[nN]?'((?:[^']|'')*)'")


def calls(text: str) -> list[str]:
    """Names of the procedures that a text calls, without its strings."""
    bare = _STRING.sub("''", text)
    found = [m[1] for m in _CALL.finditer(bare)]
    if _BLOCK.match(bare):
        found += [m[1] for m in _BARE.finditer(bare)]
    if "^" in bare or "##" in bare:
        found += [m[1] for m in _M_CALL.finditer(bare)] + [m[0] for m in _M_FUNCTION.finditer(bare)]
    names = dict.fromkeys(name.translate(_NO_QUOTES) for name in found)
    return [name for name in names if name.lower() not in _NO_CALL]


_NO_QUOTES = str.maketrans("", "", '"[]')
