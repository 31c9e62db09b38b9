# SPDX-License-Identifier: Apache-2.0
"""Rows of every kind, written by the actions that write them in earnest."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.conftest import NOON


def a_user(name: str = "li", role: str = "security_specialist", **more: Any) -> Any:
    from wardkeep.govern.identity.actions import create_user

    return create_user(name, role=role, by="cli", at=NOON, **more)


def a_run(**more: Any) -> Any:
    """A stored run, without a judgement behind it."""
    from wardkeep.seal.act import action
    from wardkeep.watch.cases.models import Run

    values = {"started_at": NOON, "finished_at": NOON, "trigger": "command", "as_of": NOON, **more}
    with action("judgement:run:stored", actor="cli", at=NOON):
        run = Run(**{"hashes": {"code": "ab" * 32}, "summary": {"days": {"2026-03-01": [10, 9]}}, **values})
        run.save()
    return run


def a_case(run: Any, key: str = "c1", *, state: str = "open", **more: Any) -> Any:
    """A case with one finding."""
    from wardkeep.seal.act import action
    from wardkeep.watch.cases.models import Case, CasePatient, Finding

    values: dict[str, Any] = {
        "account": "nurse7",
        "opened_on": date(2026, 3, 1),
        "rank": 1,
        "score": 0.75,
        "from_at": NOON,
        "to_at": NOON + timedelta(hours=1),
        "settles_at": NOON,
        "detections": ["no_relationship"],
        "patients": ["P-0001", "P-0002"],
        "event_ids": ["e1", "e2"],
        "terms": [{"name": "unexplained", "value": 2, "weight": 0.5}],
        **more,
    }
    with action("judgement:run:stored", actor="cli", at=NOON):
        case = Case(key=key, state=state, first_run=run, last_run=run, **values)
        case.save()
        CasePatient.objects.bulk_create(CasePatient(case=case, patient_id=p) for p in values["patients"])
        Finding(
            case=case,
            finding_id=f"{key}-f1",
            detection="no_relationship",
            account=values["account"],
            patient_id="P-0001",
            from_at=NOON,
            to_at=NOON,
            event_ids=["e1"],
            observed={"accesses": 2},
            looked_for=[{"reason": "appointment", "state": "not_found"}],
            first_run=run,
            last_run=run,
        ).save()
    return case


def populate() -> None:
    """A few rows in every sealed table."""
    from wardkeep.govern.identity.actions import give_mandate, make_link
    from wardkeep.watch.cases import actions

    li, zhao = a_user("li", full_name="李雷"), a_user("zhao", "security_director")
    make_link(li, by=zhao, at=NOON)
    give_mandate(li, starts_at=NOON, ends_at=NOON + timedelta(days=1), basis="audit 7", by=zhao, at=NOON)
    run = a_run()
    first, second, third = (a_case(run, key, score=score) for key, score in (("c1", 0.75), ("c2", 3.0), ("c3", 1e-7)))
    actions.assign(first, to=li, by=zhao, at=NOON)
    actions.decide(first, outcome="misuse", reason="opened a neighbour's record", by=li, at=NOON)
    actions.note(second, text="asked the ward", by=li, at=NOON)
    actions.decide(second, outcome="unclear", reason="nobody remembers", by=li, at=NOON)
    actions.reopen(second, reason="a witness came", by=zhao, at=NOON)
    actions.assign(third, to=zhao, by=zhao, at=NOON)
    actions.touch("case", user=li, at=NOON, case=first)
    actions.touch("reveal", user=li, at=NOON, patient_id="P-0001", ip="10.0.0.7")
