# SPDX-License-Identifier: Apache-2.0
"""Statements about tables that take records away or put others in their place: DROP, ALTER TABLE … DROP, RENAME, FLASHBACK and
the like. Making tables and giving rights is none of them. Pure; reads what `acts` made bare of strings and comments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from wardkeep.watch.intake.database.scratch import Scratch, is_scratch

#: Words without one of which a text holds no such statement.
STRUCTURE = ("drop", "rename", "alter", "flashback", "updatetext", "writetext")
_WORD = re.compile(
    r";|(?<![\w$#@.:])(?:alter|drop|rename|flashback|updatetext|writetext|exchange|switch|unused)(?![\w$#])"
    r"|(?<![\w$#@])sp_rename(?![\w$#])"
)
_TABLE = r"([\w$#@\"][\w$#@\".]*)"
_ALTERED = re.compile(rf"\s+(?:ignore\s+|online\s+|foreign\s+)*table\s+(?:if\s+exists\s+|only\s+)*{_TABLE}")
_DROPPED = re.compile(
    rf"\s+(temporary\s+)?(table|database|schema|tablespace|owned|user)(?![\w$#])\s*(?:by\s+)?(?:if\s+exists\s+)?{_TABLE}?"
)
#: What can be dropped that holds no record: `DROP INDEX i`, and parts of a table.
_OTHER_OBJECT = re.compile(
    r"\s+(?:(?:constraint|index|key|primary|foreign|default|not|check|unique|fulltext|identity|expression|masked|persisted|"
    r"supplemental|statistics|trigger)(?![\w$#])|(?:procedure|proc|function|view|type|sequence|synonym|role|login|user|package|"
    r"policy|rule|event|server|public|materialized|database|global)\s+[\w\"#@])"
)
_RENAMED = re.compile(rf"\s+(?:table\s+)?(?:if\s+exists\s+)?{_TABLE}\s+to\s+{_TABLE}(\s*,)?")
_OTHER_NAME = re.compile(r"\s+(?:index|key|constraint|partition|trigger|policy|value|attribute)(?![\w$#])")
_BACK = re.compile(rf"\s+(?:table|database)(?![\w$#])\s*{_TABLE}?")
_WRITTEN = re.compile(rf"\s+(?:bulk\s+)?{_TABLE}")
_MOVED = re.compile(r"\s+(?:partition|to)(?![\w$#])")
_ALONE = re.compile(r"(?:\s+table)?[\s;)]*\Z")
_CASCADE = re.compile(r"(?<![\w$#])cascade(?![\w$#])")
_NOT_CALLED = re.compile(r"(?:\bon|\bproc|\bprocedure|,)\s*\Z")


def structure(bare: str, scratch: Scratch, named: Callable[[int], bool]) -> Iterator[str]:
    """What each of them does: `delete`, `update`, or `query` where it is done to scratch tables alone.

    named: whether a word that stands at a place names a right, an event or a column.
    """
    #: Whether the table that is altered is a scratch table; None where none is.
    own: bool | None = None
    for match in _WORD.finditer(bare):
        word, at = match[0], match.end()
        if word == ";":
            own = None
        elif word == "alter":
            altered = _ALTERED.match(bare, at)
            own = scratch.owns("alter", altered[1], altered.end(1)) if altered and not named(match.start()) else None
        elif word == "drop" and own is not None and not _OTHER_OBJECT.match(bare, at) and not _DROPPED.match(bare, at):
            yield "query" if own else "delete"
        elif word == "rename" and own is not None:
            if not _OTHER_NAME.match(bare, at):
                yield "query" if own else "update"
        elif word in ("exchange", "switch", "unused"):
            if own is False and (word == "unused" or _MOVED.match(bare, at)):
                yield "delete" if word == "unused" else "update"
        elif word == "sp_rename":
            if not _NOT_CALLED.search(bare, max(0, match.start() - 64), match.start()):
                yield "update"
        elif not named(match.start()) and (did := _did(bare, word, match.start(), at, scratch)):
            yield did


def _did(bare: str, word: str, start: int, at: int, scratch: Scratch) -> str | None:
    """What a statement that begins with such a word does; None where it is none."""
    if word == "drop":
        return _dropped(bare, at, scratch)
    if word == "rename":
        to = _RENAMED.match(bare, at)
        if to is None:
            return "update" if _ALONE.match(bare, at) and not bare[:start].strip() else None
        return "query" if scratch.owns("rename", to[1], to.end(1)) and is_scratch(to[2]) and not to[3] else "update"
    table = (_BACK if word == "flashback" else _WRITTEN).match(bare, at)
    if table is None:
        return None
    # Of these two the name is a column's.
    name = (table[1] or "").rpartition(".")[0] if word in ("updatetext", "writetext") else table[1] or ""
    return "query" if name and scratch.owns(word, name, table.end()) else "update"


def _dropped(bare: str, at: int, scratch: Scratch) -> str | None:
    what = _DROPPED.match(bare, at)
    if what is None:
        return None
    temporary, kind, name = what.groups()
    if kind == "user":
        return "delete" if name and _CASCADE.search(bare, what.end(), what.end() + 256) else None
    if not name:
        return "delete" if _ALONE.match(bare, what.end()) else None
    return "query" if temporary or (kind == "table" and scratch.owns("drop", name, what.end())) else "delete"
