# SPDX-License-Identifier: Apache-2.0
"""What authorises statistics, and what small pulls come to together; each beside its near miss."""

from __future__ import annotations

import pytest

from tests.unit.detect.flagged import Flagged, flagged
from tests.unit.explain.world import World, at
from tests.unit.statistics.labelled import schema
from wardkeep.watch.judgement import judge

SUMS = "SELECT doctor, drug, SUM(qty) FROM rx GROUP BY doctor, drug"
ONE = "SELECT drug_code, qty FROM rx_item WHERE doctor_code = '{who}' AND rx_date = '{day}'"


def asked(*texts: str, account: str = "ann", ticket: str | None = None, records: int = 5, day: int = 0) -> World:
    w = World()
    w.person(account, role="pharmacist", department="PHAR")
    if ticket:
        w.add("tickets", ticket_id="T1", account=account, kind=ticket, start_us=at(0, "10:00"), end_us=at(0, "14:00"))
    add(w, account, texts, records=records, day=day)
    return w


def add(w: World, account: str, texts: tuple[str, ...], *, records: int = 5, day: int = 0) -> None:
    for n, text in enumerate(texts):
        w.event(account, None, at(day, plus=n), "query", query=text, count=records)


def ones(count: int, *, first: int = 100) -> tuple[str, ...]:
    return tuple(ONE.format(who=f"D{first + n}", day="2026-03-02") for n in range(count))


def found(w: World) -> int:
    return len(flagged(w).of("statistics"))


@pytest.mark.parametrize("kind, flags", [("statistics", 0), ("maintenance", 1), ("export", 1), ("research", 1)])
def test_only_a_ticket_for_statistics_authorises_them(kind: str, flags: int) -> None:
    assert found(asked(SUMS, ticket=kind)) == flags


def test_a_ticket_of_another_kind_is_named_and_does_not_suffice() -> None:
    seen = flagged(asked(SUMS, ticket="maintenance"))
    assert seen.one("statistics").observed["other_ticket"] == "T1 (maintenance)"
    assert seen.states("statistics") == {"research": "not_found", "ticket": "found"}


def test_a_ticket_for_statistics_counts_beside_one_of_another_kind() -> None:
    w = asked(SUMS, ticket="maintenance")
    w.add("tickets", ticket_id="T2", account="ann", kind="statistics", start_us=at(0, "10:00"), end_us=at(0, "14:00"))
    assert found(w) == 0


def test_a_ticket_that_ended_or_is_of_somebody_else_authorises_nothing() -> None:
    late = asked(SUMS)
    late.add("tickets", ticket_id="T1", account="ann", kind="statistics", start_us=at(-2), end_us=at(-1))
    other = asked(SUMS)
    other.person("bob", role="pharmacist", department="PHAR")
    other.add(
        "tickets", ticket_id="T1", account="bob", kind="statistics", start_us=at(0, "10:00"), end_us=at(0, "14:00")
    )
    assert found(late) == found(other) == 1


def test_a_finding_names_the_form_and_the_columns() -> None:
    observed = flagged(asked(SUMS)).one("statistics").observed
    assert observed["columns"] == "drug: rx, drug: rx.drug, prescriber: rx.doctor, quantity: rx.qty"
    assert len(str(observed["fingerprint"])) == 16 and observed["parsed"] is True
    again = flagged(asked(SUMS.replace("SELECT", "select /* x */"))).one("statistics").observed
    assert again["fingerprint"] == observed["fingerprint"]


@pytest.mark.parametrize("count, flags", [(8, 1), (7, 0)])
def test_pieces_of_one_day_together_make_a_statistic(count: int, flags: int) -> None:
    assert found(asked(*ones(count))) == flags


def test_the_same_piece_again_and_again_is_one_piece() -> None:
    assert found(asked(*(ones(1) * 20))) == 0


@pytest.mark.parametrize("apart, flags", [(4, 1), (5, 0)])
def test_pieces_count_together_over_days_and_no_longer_than_the_window(apart: int, flags: int) -> None:
    w = asked()
    for n, text in enumerate(ones(8)):
        add(w, "ann", (text,), day=n * apart)
    seen = flagged(w)
    assert len(seen.of("statistics")) == flags
    if flags:
        assert seen.one("statistics").observed["statistics_pieces"] == 8
        assert len(seen.names("statistics")) == 8
        assert seen.one("statistics").evidence_day == at(28) // 86_400_000_000


@pytest.mark.parametrize("records, flags", [(34, 1), (33, 0)])
def test_three_pieces_with_many_records_are_enough(records: int, flags: int) -> None:
    assert found(asked(*ones(3), records=records)) == flags


def test_two_pieces_are_never_enough() -> None:
    assert found(asked(*ones(2), records=99)) == 0


def shared(accounts: int, each: int) -> Flagged:
    w = World()
    for n in range(accounts):
        account = w.person(f"p{n}", role="pharmacist", department="PHAR")
        add(w, account, ones(each, first=100 + n * 50), day=n)
    return flagged(w)


@pytest.mark.parametrize("accounts, each, flags", [(2, 4, 2), (2, 3, 0), (5, 2, 5), (6, 2, 0)])
def test_accounts_that_share_the_pieces_are_found_and_an_application_of_many_is_not(
    accounts: int, each: int, flags: int
) -> None:
    seen = shared(accounts, each)
    assert len({f.account for f in seen.of("statistics")}) == flags
    if flags:
        assert {f.observed["accounts"] for f in seen.of("statistics")} <= set(range(2, accounts + 1))


def test_ones_own_list_is_no_piece() -> None:
    own = tuple(ONE.format(who="ANN", day=f"2026-03-{n:02}") for n in range(1, 13))
    assert found(asked(*own)) == 0
    assert found(asked(*(text.replace("ANN", "BOB") for text in own))) == 1


def test_pieces_of_a_service_account_do_not_count_together() -> None:
    w = World()
    w.add("accounts", account="svc", kind="service")
    add(w, "svc", ones(30))
    assert found(w) == 0


def test_a_schema_explains_silent_names_to_the_detection() -> None:
    w = asked("SELECT A1, A2, A3 FROM V_TJ_0031")
    engine = w.engine()
    plain = judge(w.engine().con, thresholds=w.thresholds, as_of_us=at(20))
    told = judge(engine.con, thresholds=w.thresholds, as_of_us=at(20), schema=schema())
    assert [c.detections for c in plain.cases] == []
    assert [c.detections for c in told.cases] == [("statistics",)]
    assert told.hashes["schema"] == schema().digest and "schema" not in plain.hashes


def test_a_procedure_that_nothing_explains_is_counted_as_not_evaluated() -> None:
    w = asked("EXEC dbo.usp_x17 1", "EXEC dbo.usp_x17 2", "BEGIN P_RPT_0092('W', :c); END;")
    done = judge(w.engine().con, thresholds=w.thresholds, as_of_us=at(20), schema=schema())
    assert done.unknown == {"dbo.usp_x17": 2}
    assert done.cases == ()
