# SPDX-License-Identifier: Apache-2.0
"""The SQL and the plain Python of the reasons agree, event by event, on hospitals drawn by lot."""

from __future__ import annotations

import random

import pytest

from tests.unit.explain.chance import hospital
from tests.unit.explain.oracle import Oracle
from tests.unit.explain.world import World, at
from wardkeep.watch.explain.explain import explain
from wardkeep.watch.explain.reason import PREFERENCE, Reason
from wardkeep.watch.thresholds import Thresholds

WEAK = {Reason.MISTAKE, Reason.CHARTED, Reason.PRESENCE, Reason.FOLLOW_UP, Reason.LEARNED}


def disagreements(seed: int) -> list[str]:
    world = hospital(seed)
    found = {name: why for name, why in world.explained().items() if Reason(why.reason) not in WEAK}
    expected = Oracle(world).documented()
    faults = []
    for e in world.events:
        name = e["name"]
        why, right = found.get(name), expected.get(name, set())
        if (why is None) != (not right) or (why and (Reason(why.reason), why.row) not in right):
            faults.append(
                f"seed {seed} {name} {e['account']} {e['patient_id']} {e['time_us']}: {why} instead of {right}"
            )
    return faults


@pytest.mark.parametrize("block", range(5))
def test_each_event_has_the_same_best_reason_and_one_of_its_rows(block: int) -> None:
    assert [fault for seed in range(block * 4, block * 4 + 4) for fault in disagreements(seed)] == []


@pytest.mark.soak
@pytest.mark.parametrize("block", range(20))
def test_they_agree_on_many_more_hospitals(block: int) -> None:
    assert [fault for seed in range(1000 + block * 50, 1050 + block * 50) for fault in disagreements(seed)] == []


def test_the_drawn_hospitals_have_every_documented_reason() -> None:
    """Otherwise agreeing would say little."""
    seen = {
        reason for seed in range(20) for found in Oracle(hospital(seed)).documented().values() for reason, _ in found
    }
    assert seen == set(PREFERENCE) - WEAK


@pytest.mark.parametrize("seed", range(4))
def test_what_is_known_of_a_pair_on_each_day_is_what_sets_of_the_days_before_say(seed: int) -> None:
    """The running numbers of learn_day are sliding windows; here each window is a set of its own."""
    r = random.Random(seed)
    w = World(Thresholds(learned_days=r.choice((2, 3, 5)), learned_patients=1, learned_accounts=1, learned_lift=0.0))
    for n in range(4):
        w.patient(f"P{n}")
        w.add(
            "encounters",
            encounter_id=f"E{n}",
            patient_id=f"P{n}",
            kind="inpatient",
            department=f"T{n % 2}",
            start_us=at(-9),
        )
        w.person(f"u{n}", department=f"R{n % 2}")
    for _ in range(60):
        w.event(f"u{r.randrange(4)}", f"P{r.randrange(4)}", at(r.randrange(14)))
    engine = w.engine()
    explain(engine, w.numbers())
    visits = {(e["account"], e["patient_id"], e["day"]) for e in w.events}
    found = engine.rows(
        "SELECT a.account, pd.patient_id, vp.day, vp.patients, vp.accounts FROM visit_pair AS vp "
        "JOIN account_dim AS a ON a.a = vp.a JOIN patient_dim AS pd ON pd.p = vp.p"
    )
    assert len(found) == len(visits)
    for account, patient, day, patients, accounts in found:
        home, care = int(account[1]) % 2, int(patient[1]) % 2
        before = [
            (a, p)
            for a, p, d in visits
            if int(a[1]) % 2 == home and int(p[1]) % 2 == care and day - w.thresholds.learned_days <= d < day
        ]
        own = {p for a, p in before if a == account}
        assert (patients or 0) == len({p for _, p in before}) - len(own)
        assert (accounts or 0) == len({a for a, _ in before} - {account})


@pytest.mark.parametrize("seed", (3, 4))
def test_judging_the_later_days_alone_gives_them_the_same_reasons(seed: int) -> None:
    """What lies before the judged time is seen, and teaches, as it does when all of it is judged."""
    world = hospital(seed)
    since = at(6, "00:00")
    whole = {e["name"] for e in world.events if e["time_us"] >= since}
    assert world.explained(from_us=since) == {n: why for n, why in world.explained().items() if n in whole}
