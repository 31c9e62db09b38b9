# SPDX-License-Identifier: Apache-2.0
"""What a statement does, told from all statements of its batch. Every reader of a database's log, every mapping whose column
holds SQL, and detection ask here. What it reads or counts is not asked here: that needs a parser.
"""

from __future__ import annotations

import re
from functools import lru_cache

from wardkeep.watch.intake.database.acts import FIRST, RANK, acts

#: No access: it only arranges the session, or is nothing but a pulse.
OTHER = "other"
#: Texts that were told, and the longest that is remembered.
_TEXTS, _SHORT = 8_192, 4_096
_LEAD = re.compile(r"\s*([a-z]+)(?![\w$#])")
_OWN = re.compile(r"\b(?:update|into|from|join|delete|insert)\s+@|tempdb|\bte?mp_")
_CHANGES = (
    "delete", "truncate", "prepare", "update", "merge", "drop", "alter", "rename", "flashback", "updatetext", "writetext",
)  # fmt: skip
_CREATES = ("insert", "replace", "upsert", "load")
_WRITES = ("outfile", "dumpfile", "copy", "backup", "open")
_RUN = ("openquery", "openrowset", "dblink", "dbms_sql", "query_to_xml", "crosstab")
#: Each begins with its letters, which is what makes the search quick.
_ALONE = {w: re.compile(rf"{w}(?<![\w$#@.]{w})(?![\w$#])") for w in (*_CHANGES, *_CREATES, *_WRITES)}
_SESSION = frozenset({word for word, rank in FIRST.items() if RANK[rank] == OTHER})


def does(statement: str) -> str:
    """An action of the common shape, or `other`. What has no word of its own counts as `query`."""
    text = statement.lower()
    found = _LEAD.match(text)
    word = found[1] if found is not None else ""
    if word == "select":
        plain = not _may_create(text) and not _may_write(text) and not _may_change(text)
        answer = "query"
    elif word == "update":
        plain = not _may_be_own(text) and "statistics" not in text and not _may_change(text, but="update")
        answer = "update"
    elif word == "insert":
        plain = not _may_be_own(text) and not _may_write(text) and not _may_change(text)
        answer = "create"
    elif word == "delete":
        plain, answer = not _may_be_own(text), "delete"
    else:
        plain, answer = word in _SESSION and text.strip() == word, OTHER
    if plain:
        return answer
    return _remembered(statement) if len(statement) <= _SHORT else RANK[acts(statement)]


def arranges(statement: str) -> bool:
    """Whether it begins as what only arranges a session, whatever comes behind."""
    found = _LEAD.match(statement.lower())
    return found is not None and found[1] in _SESSION


def graver(one: str, other: str) -> str:
    """The graver of two answers of `does`."""
    return max(one, other, key=RANK.index)


# Plain looks for what may make more of a statement than its first word says: a loop, or one regex, costs ten times as much.
def _may_be_own(s: str) -> bool:
    return "#" in s or (("@" in s or "tmp_" in s or "temp" in s) and _OWN.search(s) is not None)


def _may_change(s: str, but: str = "") -> bool:
    if not (
        "delete" in s or "truncate" in s or "exec" in s or "prepare" in s or "\uff45" in s or "/*!" in s or "drop" in s
        or "rename" in s or "alter" in s or "flashback" in s or "etext" in s
        or (but != "update" and ("update" in s or "merge" in s))
    ):  # fmt: skip
        return False
    return "exec" in s or "\uff45" in s or "/*!" in s or "sp_rename" in s or _whole(s, but, _CHANGES)


def _may_create(s: str) -> bool:
    return ("insert" in s or "replace" in s or "upsert" in s or "load" in s) and _whole(s, "", _CREATES)


def _may_write(s: str) -> bool:
    if not (
        "file" in s or "copy" in s or "backup" in s or "open" in s or "db" in s or "query_to" in s or "crosstab" in s
    ):
        return False
    return any(part in s for part in _RUN) or _whole(s, "", _WRITES)


def _whole(s: str, but: str, words: tuple[str, ...]) -> bool:
    """Whether one of the words stands alone: `update_time` and `is_deleted` are names of columns."""
    return any(word in s and word != but and _ALONE[word].search(s) is not None for word in words)


_remembered = lru_cache(maxsize=_TEXTS)(lambda statement: RANK[acts(statement)])
