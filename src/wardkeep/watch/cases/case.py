# SPDX-License-Identifier: Apache-2.0
"""States and outcomes of a case, and the table of what turns one state into another. Pure.

    waiting ──settled──► open ──decided──► decided ──reopened──► open
       │                  │ ▲                 │
       └──explained──► explained ──unexplained┘ (a finding came back)

A person's decision is never undone by a run: what a later run finds about a decided case is written beside it.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    #: Found, but documentation may still arrive: reviewers do not see it yet.
    WAITING = "waiting"
    OPEN = "open"
    #: A person gave an outcome.
    DECIDED = "decided"
    #: No finding is left; it closed itself and says why.
    EXPLAINED = "explained"


class Happening(StrEnum):
    """What can happen to a case."""

    SETTLED = "settled"
    ASSIGNED = "assigned"
    NOTED = "noted"
    DECIDED = "decided"
    REOPENED = "reopened"
    #: A run found no finding left.
    EXPLAINED = "explained"
    #: A run found findings where there were none.
    UNEXPLAINED = "unexplained"
    #: A run found other findings than before.
    CHANGED = "changed"


TRANSITIONS: dict[tuple[State, Happening], State] = {
    (State.WAITING, Happening.SETTLED): State.OPEN,
    (State.WAITING, Happening.EXPLAINED): State.EXPLAINED,
    (State.WAITING, Happening.CHANGED): State.WAITING,
    (State.OPEN, Happening.ASSIGNED): State.OPEN,
    (State.OPEN, Happening.NOTED): State.OPEN,
    (State.OPEN, Happening.DECIDED): State.DECIDED,
    (State.OPEN, Happening.EXPLAINED): State.EXPLAINED,
    (State.OPEN, Happening.CHANGED): State.OPEN,
    (State.DECIDED, Happening.NOTED): State.DECIDED,
    (State.DECIDED, Happening.REOPENED): State.OPEN,
    (State.DECIDED, Happening.EXPLAINED): State.DECIDED,
    (State.DECIDED, Happening.UNEXPLAINED): State.DECIDED,
    (State.DECIDED, Happening.CHANGED): State.DECIDED,
    (State.EXPLAINED, Happening.NOTED): State.EXPLAINED,
    (State.EXPLAINED, Happening.REOPENED): State.OPEN,
    (State.EXPLAINED, Happening.UNEXPLAINED): State.OPEN,
}


class OutcomeCode(StrEnum):
    """What a person decided about a case."""

    MISUSE = "misuse"
    #: Against a rule of the hospital, without intent to misuse (left a screen open, lent an account).
    RULE_BROKEN = "rule_broken"
    #: There was a reason, and no system documents it.
    UNDOCUMENTED_REASON = "undocumented_reason"
    NOT_MISUSE = "not_misuse"
    #: The data behind the case is wrong (a mapping, a wrong account, a clock).
    WRONG_DATA = "wrong_data"
    UNCLEAR = "unclear"


#: Outcomes that count as a hit, and those that count as a miss, when precision is stated. UNCLEAR counts as neither.
HITS = frozenset({OutcomeCode.MISUSE, OutcomeCode.RULE_BROKEN})
MISSES = frozenset({OutcomeCode.UNDOCUMENTED_REASON, OutcomeCode.NOT_MISUSE, OutcomeCode.WRONG_DATA})


class TouchKind(StrEnum):
    """What of patients and staff a person opened in Wardkeep itself."""

    CASE = "case"
    ACCESS = "access"
    PATIENT = "patient"
    ACCOUNT = "account"
    REVEAL = "reveal"
    SEARCH = "search"
