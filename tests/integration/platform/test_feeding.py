# SPDX-License-Identifier: Apache-2.0
"""What our own reviewers opened becomes events of the system `wardkeep` in the real store, each once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOON
from tests.rows import a_case, a_run, a_user
from wardkeep.home import LEDGER_SIGNER, Home
from wardkeep.keys import Keyring
from wardkeep.ledger import Ledger
from wardkeep.settings import Settings

pytestmark = pytest.mark.usefixtures("rows")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home with real keys, ledger and store; its rows are those of the test process."""
    made = Home(tmp_path)
    made.adopt(Settings(), None)
    made.adopt_keyring(Keyring.create(made.keys_folder, provider="file", passphrase=None))
    made.ledger_folder.mkdir(parents=True)
    Ledger.create(made.ledger_folder, origin="wardkeep.test/x", signer=made.keyring().signer(LEDGER_SIGNER), at=NOON)
    yield made


def feed(home: Home, minutes: float = 60) -> int:
    from wardkeep.jobs.feeding import feed_touches

    return feed_touches(home, at=NOON + timedelta(minutes=minutes))


def touch(kind: str, user: Any, minutes: float = 0, **more: Any) -> None:
    from wardkeep.watch.cases import actions

    actions.touch(kind, user=user, at=NOON + timedelta(minutes=minutes), **more)


def stored(home: Home) -> list[tuple[Any, ...]]:
    con = home.store().connect()
    try:
        shown = "account, patient_id, action, resource, query, ip"
        return list(con.execute(f"SELECT {shown} FROM events WHERE system = 'wardkeep' ORDER BY time_us, 2").fetchall())
    finally:
        con.close()


def test_each_touch_is_an_event_of_its_patients(home: Home) -> None:
    li, wu = a_user("li", account="his-li"), a_user("wu")
    case = a_case(a_run(), "c1", patients=["P-0001", "P-0002"])
    touch("case", li, 0, case=case, ip="10.0.0.7")
    touch("reveal", wu, 1, patient_id="P-0001", query="to ask her")
    touch("search", wu, 2, query="P-0009")
    assert feed(home) == 3
    assert stored(home) == [
        ("his-li", "P-0001", "read", "wardkeep:case", None, "10.0.0.7"),
        ("his-li", "P-0002", "read", "wardkeep:case", None, "10.0.0.7"),
        ("wardkeep:wu", "P-0001", "read", "wardkeep:reveal", "to ask her", None),
        ("wardkeep:wu", None, "search", "wardkeep:search", "P-0009", None),
    ]


def test_nothing_is_fed_twice_and_what_was_committed_late_is_not_lost(home: Home) -> None:
    li = a_user()
    touch("patient", li, 10, patient_id="P-0001")
    assert feed(home) == 1
    assert feed(home) == 0
    touch("patient", li, 9, patient_id="P-0002")  # its transaction was slow
    touch("patient", li, 11, patient_id="P-0003")
    assert feed(home) == 2
    assert [row[1] for row in stored(home)] == ["P-0002", "P-0001", "P-0003"]


def test_a_case_that_got_more_patients_is_no_conflict(home: Home) -> None:
    from wardkeep.seal.act import action

    li = a_user()
    case = a_case(a_run(), "c1", patients=["P-0001"])
    touch("case", li, 0, case=case)
    feed(home)
    with action("judgement:run:stored", actor="cli", at=NOON):
        case.patients = ["P-0001", "P-0002"]
        case.save()
    touch("account", li, 1, account="nurse7")
    feed(home)
    assert home.store().pieces() == []
    assert [row[1] for row in stored(home)] == ["P-0001", None]


def test_more_than_one_turn_takes_the_rest_comes_in_the_next(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.jobs import feeding

    monkeypatch.setattr(feeding, "AT_ONCE", 3)
    li = a_user()
    for number in range(8):
        touch("patient", li, number / 100, patient_id=f"P-{number}")
    assert [feed(home) for _ in range(4)] == [3, 3, 2, 0]
    assert len(stored(home)) == 8


def test_a_judgement_explains_a_reviewers_access_by_the_case_in_hand(home: Home) -> None:
    from wardkeep.jobs.judging import assignments, mandates
    from wardkeep.watch.cases import actions

    li, zhao = a_user("li"), a_user("zhao", "security_director")
    case = a_case(a_run(), "c1", patients=["P-0001"])
    actions.assign(case, to=li, by=zhao, at=NOON)
    actions.decide(case, outcome="unclear", reason="x", by=li, at=NOON + timedelta(hours=1))
    (row,) = assignments().to_pylist()
    assert (row["account"], row["patient_id"], row["src"]) == ("wardkeep:li", "P-0001", "c1")
    assert row["end_us"] - row["start_us"] == 3_600_000_000
    assert mandates().num_rows == 0
