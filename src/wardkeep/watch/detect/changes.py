# SPDX-License-Identifier: Apache-2.0
"""What a statement changes, told from all statements of its batch, whatever the log calls it.

Makes `change_text`: statements that change a table which is no scratch table, and whether they delete; and `mass_text`:
deletions of applications' accounts, with their form, by which they are known from day to day.
"""

from __future__ import annotations

import re

from wardkeep.watch.detect.narrowed import is_narrowed
from wardkeep.watch.engine import Engine
from wardkeep.watch.event import Action
from wardkeep.watch.intake.database.acts import is_about_own
from wardkeep.watch.intake.database.statement import does
from wardkeep.watch.statistics.normalise import shape

_TEXT = (("eid", "BIGINT"), ("deleted", "INTEGER"))
_MASS = (("eid", "BIGINT"), ("form", "INTEGER"), ("gone", "INTEGER"), ("unnarrowed", "INTEGER"))
#: Names with a date in them are of one form (`DROP TABLE log_20260302`).
_DIGITS = re.compile(r"\d+")
_GONE = re.compile(r"(?<![\w$#@.])(?:truncate|drop)(?![\w$#])", re.IGNORECASE)
_CHANGES = (Action.UPDATE, Action.DELETE)


def deletes(action: str, statement: str) -> bool | None:
    """Whether something is deleted; None where nothing is changed, or nothing but scratch tables.

    action: what the log calls it. Of a change that the log names and that is not understood it is believed.
    """
    told = does(statement)
    if told in _CHANGES:
        return Action.DELETE in (action, told)
    if action not in _CHANGES or is_about_own(statement):
        return None
    return action == Action.DELETE


def read_changes(engine: Engine) -> None:
    """Make `change_text` of `asked_change`, and `mass_text` of `asked_mass`."""
    asked = engine.rows("SELECT t.eid, t.action, t.query FROM asked_change AS t ORDER BY t.eid")
    rows = ((eid, deletes(action, query)) for eid, action, query in asked)
    engine.put("change_text", _TEXT, [(eid, int(deleted)) for eid, deleted in rows if deleted is not None])
    forms: dict[str, int] = {}
    asked = engine.rows("SELECT t.eid, t.action, t.query FROM asked_mass AS t ORDER BY t.eid")
    engine.put("mass_text", _MASS, [_mass(eid, query, forms) for eid, action, query in asked if deletes(action, query)])


def _mass(eid: int, query: str, forms: dict[str, int]) -> tuple[int, int, int, int]:
    shaped = shape(query)
    form = _DIGITS.sub("0", shaped)
    gone = _GONE.search(form) is not None
    return eid, forms.setdefault(form, len(forms) + 1), int(gone), int(not gone and not is_narrowed(query, shaped))
