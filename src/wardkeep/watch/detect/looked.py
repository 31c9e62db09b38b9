# SPDX-License-Identifier: Apache-2.0
"""Which reasons were looked for before something was flagged, and what became of it. Nothing is said that was not done."""

from __future__ import annotations

from collections.abc import Mapping

from wardkeep.watch.explain.reason import REVIEWERS_ONLY, Looked, Reason

#: Reasons that hold for one person: not to be looked for where nobody knows which person it was.
PERSONAL = frozenset(
    {Reason.APPOINTMENT, Reason.ATTENDING, Reason.CARE_TEAM, Reason.ORDER_PLACED, Reason.RESULT, Reason.COVER}
)
#: Reasons inferred from behaviour, which a private tie, a decoy or an override rule out.
WEAK = frozenset({Reason.MISTAKE, Reason.LEARNED})
#: What a service account may have.
OF_SERVICES = frozenset({Reason.SERVICE, Reason.TICKET, Reason.CONSENT, Reason.RESEARCH})
#: What a statement that names no patient may have.
OF_STATEMENTS = frozenset({Reason.TICKET, Reason.RESEARCH})


def looked_for(
    available: Mapping[str, str | tuple[str, ...]],
    *,
    kind: str,
    role: str,
    reviewer: bool,
    weak: bool,
    statement: bool = False,
) -> tuple[Looked, ...]:
    """What was looked for in vain for an account of `kind` and `role`, in order of preference.

    weak: whether inferred reasons could count at all.
    """
    out = []
    for reason in Reason:
        if statement:
            asked = reason in OF_STATEMENTS
        elif kind == "service":
            asked = reason in OF_SERVICES
        else:
            asked = (
                (reviewer or reason not in REVIEWERS_ONLY)
                and reason is not Reason.SERVICE
                and (kind == "person" or reason not in PERSONAL)
                and (role == "registrar" or reason is not Reason.FRONT_DESK)
                and (weak or reason not in WEAK)
            )
        if not asked:
            continue
        state = available[reason.value]
        out.append(
            Looked(reason=reason.value, state="not_found")
            if state == "available"
            else Looked(reason=reason.value, state="not_available", missing=tuple(state))
        )
    return tuple(out)
