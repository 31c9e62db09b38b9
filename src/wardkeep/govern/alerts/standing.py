# SPDX-License-Identifier: Apache-2.0
"""States of a live alert, and what turns one into another. Pure.

    new ──seen──► seen ──dismissed──► dismissed ──taken up again──► seen
     └────────────dismissed──────────────┘

Nothing but a person changes one. What a judgement later makes of the same events is a case, with an outcome of its own.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    NEW = "new"
    #: A person looks into it.
    SEEN = "seen"
    #: A person said why nothing is to be done.
    DISMISSED = "dismissed"


#: What each state may become.
FOLLOWING: dict[State, frozenset[State]] = {
    State.NEW: frozenset({State.SEEN, State.DISMISSED}),
    State.SEEN: frozenset({State.DISMISSED}),
    State.DISMISSED: frozenset({State.SEEN}),
}
