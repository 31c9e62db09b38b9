# SPDX-License-Identifier: Apache-2.0
"""Which reasons were looked for before something was flagged, and what became of it. Nothing is said that was not done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from wardkeep.watch.detect.described import DETECTIONS, Evidence
from wardkeep.watch.detect.detect import QUERIES, Found
from wardkeep.watch.detect.finding import Detection
from wardkeep.watch.engine import Engine
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
#: Reasons of single moments; where a rule bars every reason (decoy, own record, employment ended) nobody looks for them.
OF_MOMENTS = frozenset({Reason.COVER, Reason.CONSENT, Reason.RESEARCH, Reason.TICKET, *REVIEWERS_ONLY, *WEAK})
#: What is flagged whatever the reasons: none is looked for.
WHATEVER = frozenset({Evidence.TRAVEL, Evidence.OVERLAP, Evidence.SEARCH, Evidence.TOUCH, Evidence.EDIT})


class Looker:
    """Says for each finding what was looked for."""

    def __init__(self, engine: Engine, available: Mapping[str, str | tuple[str, ...]]) -> None:
        self.engine, self.available = engine, available
        self.kinds = {
            account: (kind, role) for account, kind, role in engine.rows("SELECT account, kind, role FROM account_dim")
        }
        self.reviewers = {
            account for (account,) in engine.rows("SELECT account FROM assignments UNION SELECT account FROM mandates")
        }
        self.barred: dict[int, list[Looked]] = {}
        self.bars: set[int] = set()
        self.plain: set[tuple[int, int]] = set()

    def prepare(self, found: Iterable[Found]) -> None:
        """Look at the findings whose reasons a rule bars, and at which could have had an inferred reason."""
        about = [f for f in found if f.p is not None]
        columns = (
            ("finding_no", "BIGINT"),
            ("a", "INTEGER"),
            ("p", "INTEGER"),
            ("first_us", "BIGINT"),
            ("last_us", "BIGINT"),
        )
        self.engine.put("looked", columns, [(f.finding_no, f.a, f.p, f.first_us, f.last_us) for f in about])
        for name in ("looked_barred", "looked_found", "looked_plain"):
            self.engine.make(QUERIES[name], {})
        self.bars = {no for (no,) in self.engine.rows("SELECT finding_no FROM looked_barred")}
        for no, reason, table, src in self.engine.rows(
            "SELECT finding_no, reason, source_table, src FROM looked_found ORDER BY finding_no, reason"
        ):
            row = Looked(reason=reason, state="found", source_table=table, source_id=src)
            self.barred.setdefault(no, []).append(row)
        self.plain = set(self.engine.rows("SELECT a, p FROM looked_plain"))

    def looked_for(self, found: Found) -> tuple[Looked, ...]:
        """What was looked for, in order of preference; empty where the flag stands whatever the reasons."""
        described = DETECTIONS[Detection(found.detection)]
        if described.evidence in WHATEVER:
            return ()
        kind, role = self.kinds[found.account]
        barred = found.finding_no in self.bars
        got = {one.reason: one for one in self.barred.get(found.finding_no, ())}
        asked = _asked(
            kind,
            role,
            found.account in self.reviewers,
            found.p is not None and (found.a, found.p) in self.plain,
            described.evidence in (Evidence.STATEMENT, Evidence.STATISTICS),
        )
        out = []
        for reason in asked:
            if barred and reason in OF_MOMENTS:
                continue
            state = self.available[reason.value]
            if reason.value in got:
                out.append(got[reason.value])
            elif reason is Reason.TICKET and (other := found.observed.get("other_ticket")):
                # Of another kind: maintenance is no authorisation for statistics.
                out.append(Looked(reason=reason.value, state="found", source_table="tickets", source_id=str(other)))
            elif isinstance(state, str):
                out.append(Looked(reason=reason.value, state="not_found"))
            else:
                out.append(Looked(reason=reason.value, state="not_available", missing=tuple(state)))
        return tuple(out)


@lru_cache(maxsize=256)
def _asked(kind: str, role: str, reviewer: bool, weak: bool, statement: bool) -> tuple[Reason, ...]:
    if statement:
        return tuple(r for r in Reason if r in OF_STATEMENTS)
    if kind == "service":
        return tuple(r for r in Reason if r in OF_SERVICES)
    return tuple(
        reason
        for reason in Reason
        if (reviewer or reason not in REVIEWERS_ONLY)
        and reason is not Reason.SERVICE
        and (kind == "person" or reason not in PERSONAL)
        and (role == "registrar" or reason is not Reason.FRONT_DESK)
        and (weak or reason not in WEAK)
    )
