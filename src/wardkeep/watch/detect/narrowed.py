# SPDX-License-Identifier: Apache-2.0
"""Whether a deletion is narrowed: by a WHERE that does not hold for every row anyway. Pure.

Only what holds whatever the table holds is seen through: constants, a column against itself, patterns that fit everything. All
else is a condition. What a text says without its values is read once for all texts of its shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from wardkeep.watch.detect.always import Holds, holds
from wardkeep.watch.intake.database.coded import code
from wardkeep.watch.intake.database.statement import does
from wardkeep.watch.intake.database.undress import LONGEST, letters, put_together, without_comments
from wardkeep.watch.statistics.parsing import parsed

#: Shapes and texts that are remembered.
_SHAPES, _TEXTS = 32_768, 4_096
#: Deletions of one text that are looked at, and strings that run strings that are followed.
_MOST, _DEEPEST = 200, 4
_PART = re.compile(
    r"'[^']*(?:''[^']*)*(?:'|\Z)|\"[^\"]*\"|`[^`]*`|\[[^\]\n]{1,128}\]|[^\W\d][\w$#]*|\d[\w.]*|[^\s\w]", re.DOTALL
)
#: Words before which `delete` names a right, an event or a column, and those that no deletion goes on with.
_NAMED = frozenset({".", ",", "on", "for", "or", "after", "before", "of", "grant", "revoke", "deny"})
_NO_TABLE = frozenset({";", ")", ",", "=", "on", "where", "when", "end", "then", "of", "cascade", "restrict", "set"})
#: Words before which a statement ends where nobody wrote a semicolon.
_ENDS = frozenset({
    "select", "insert", "update", "delete", "merge", "truncate", "begin", "commit", "rollback", "go", "exec", "execute", "call",
    "declare", "drop", "create", "alter", "return", "print", "loop", "while",
})  # fmt: skip
#: Where a condition ends.
_BEHIND = frozenset({"returning", "order", "limit", "option"})
_JOINS = frozenset({"join", "using", ","})
_COMPARES = re.compile(r"[=<>]|\A[\s(]*\d+[\s)]*\Z|\blike\b|\btrue\b", re.IGNORECASE)


def is_narrowed(text: str, shaped: str) -> bool:
    """Whether each deletion of a text spares rows; `shaped` is its shape."""
    if "where" not in text.lower():
        return False
    # A shape keeps no string that is run if nothing in it reads.
    said = _of_shape(shaped) if "where" in shaped.lower() else Holds.MAYBE
    return (_of_text(text) if said is Holds.MAYBE else said) is not Holds.ALWAYS


@lru_cache(maxsize=_SHAPES)
def _of_shape(shaped: str) -> Holds:
    return _worst(shaped, 0, shape=True)


@lru_cache(maxsize=_TEXTS)
def _of_text(text: str) -> Holds:
    plain = without_comments(letters(text))
    return _worst(put_together(plain) if len(plain) <= LONGEST else plain, 0, shape=False)


def _worst(text: str, depth: int, *, shape: bool) -> Holds:
    """Of the least narrowed deletion."""
    found = [_condition(condition, alone, shape=shape) for condition, alone in _conditions(text)]
    if depth < _DEEPEST:
        found += [_worst(inside, depth + 1, shape=shape) for inside in code(text)]
    return max(found, default=Holds.NOT)


def _conditions(text: str) -> Iterator[tuple[str | None, bool]]:
    """The condition of each deletion, None where it has none, and whether it is about one table alone."""
    parts = [(match[0].lower(), match.start(), match.end()) for match in _PART.finditer(text)]
    deletions = [
        n
        for n, (word, _, _) in enumerate(parts[:-1])
        if word == "delete" and (n == 0 or parts[n - 1][0] not in _NAMED) and parts[n + 1][0] not in _NO_TABLE
    ]
    for n in deletions[:_MOST]:
        where, behind, end, alone = _parts_of(parts, n, len(text))
        # What is done to scratch tables empties none.
        if does(text[parts[n][1] : end]) == "delete":
            yield (None if where is None else text[where:behind]), alone


def _parts_of(parts: list[tuple[str, int, int]], at: int, end: int) -> tuple[int | None, int, int, bool]:
    """Of the deletion that begins there: where its condition begins and ends, where it ends itself, and whether it is about one
    table."""
    where, behind, depth, cases, alone = None, None, 0, 0, True
    for word, start, after in parts[at + 1 :]:
        if word == "(":
            depth += 1
        elif word == ")":
            depth -= 1
        cases += (word == "case") - (word == "end" and cases > 0)
        if depth < 0 or (depth == 0 and (word in (";", "}") or word in _ENDS or (word == "end" and not cases))):
            end = start
            break
        if depth:
            continue
        if word == "where" and where is None:
            where = after
        elif where is None:
            alone = alone and word not in _JOINS
        elif word in _BEHIND and behind is None:
            behind = start
    return where, end if behind is None else behind, end, alone


def _condition(condition: str | None, alone: bool, *, shape: bool) -> Holds:
    if condition is None:
        return Holds.ALWAYS
    found = _read(condition, alone, shape=shape)
    if found is not Holds.ALWAYS and "||" in condition and all(map(_COMPARES.search, condition.split("||"))):
        # MySQL's OR; elsewhere it joins strings, and no comparisons.
        found = max(found, _read(condition.replace("||", " or "), alone, shape=shape))
    return found


def _read(condition: str, alone: bool, *, shape: bool) -> Holds:
    tree = parsed(f"SELECT 1 FROM x WHERE {condition}")  # noqa: S608 - never run
    # What no parser knows, or nobody reads to its depth, is believed to be a condition.
    where = tree.args.get("where") if tree is not None else None
    try:
        return holds(where.this, alone=alone, shape=shape) if where is not None else Holds.NOT
    except RecursionError:
        return Holds.NOT
