# SPDX-License-Identifier: Apache-2.0
"""What a statement changes: the tables that it updates, deletes from, merges into or empties, wherever in it that is said.

Makes `change_text`: statements that change a table which is no scratch table, and whether they delete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardkeep.watch.engine import Engine
from wardkeep.watch.intake.database.undress import letters, without_comments

_TEXT = (("eid", "BIGINT"), ("deleted", "INTEGER"))
_NAME = r"((?:[\w$#@\"`\[\]]+\s*\.+\s*)*[\w$#@\"`\[\]]+)"
_CHANGES = re.compile(
    rf"\b(update)\s+(?:only\s+)?{_NAME}(?:\s+(?:as\s+)?\w+)?\s+set\b|\b(delete)\s+from\s+{_NAME}"
    rf"|\b(merge)\s+into\s+{_NAME}|\b(truncate)\s+table\s+{_NAME}",
    re.IGNORECASE,
)
#: Where strings are run, what stands in them is said too.
_RUNS = re.compile(r"\b(?:exec|execute|immediate|prepare)\b", re.IGNORECASE)
_STRING = re.compile(r"'[^']*(?:''[^']*)*(?:'|\Z)")
#: Tables that somebody made to put something down for a while: no record stands in them.
_SCRATCH = re.compile(r"[\"`\[]?(?:#|tmp_|temp_)", re.IGNORECASE)
_DELETES = ("delete", "truncate")


def changes(statement: str) -> Iterator[tuple[str, str]]:
    """What is done, and to which table."""
    text = without_comments(letters(statement))
    text = text.replace("'", " ") if _RUNS.search(text) else _STRING.sub("''", text)
    for match in _CHANGES.finditer(text):
        word, table = (part for part in match.groups() if part is not None)
        yield word.lower(), "".join(table.split())


def deletes(action: str, statement: str) -> bool | None:
    """Whether something is deleted; None where nothing is changed, or nothing but scratch tables.

    action: what the log calls it. Of a change that the log names and that is not understood it is believed.
    """
    found = list(changes(statement))
    if not found:
        return None if action == "query" else action == "delete"
    if all(_SCRATCH.match(table.rpartition(".")[2]) for _, table in found):
        return None
    return action == "delete" or any(word in _DELETES for word, _ in found)


def read_changes(engine: Engine) -> None:
    """Make `change_text` of `asked_change`."""
    asked = engine.rows("SELECT t.eid, t.action, t.query FROM asked_change AS t ORDER BY t.eid")
    rows = ((eid, deletes(action, query)) for eid, action, query in asked)
    engine.put("change_text", _TEXT, [(eid, int(deleted)) for eid, deleted in rows if deleted is not None])
