# SPDX-License-Identifier: Apache-2.0
"""An older copy of the rows put back beside a ledger that went on: noticed, and mended by a new incarnation."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import NOON
from tests.integration.ledger.conftest import ORIGIN, SIGNER, connect
from tests.rows import a_user
from wardkeep.home import Home
from wardkeep.ledger import Ledger, LedgerReader, is_act, verify_ledger

pytestmark = pytest.mark.usefixtures("rows")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Ledger.create(tmp_path / "ledger", origin=ORIGIN, signer=SIGNER, at=NOON)
    return tmp_path / "ledger"


@pytest.fixture
def put_back(django_home: Home, tmp_path: Path) -> Iterator[Callable[[], Callable[[], None]]]:
    """Take a copy of the database now; what is returned puts it back."""
    from django.db import connection

    from wardkeep.seal import outbox

    def keep() -> Callable[[], None]:
        _copy(django_home.database, tmp_path / "copy")

        def back() -> None:
            connection.close()
            _copy(tmp_path / "copy", django_home.database)
            outbox._life.clear()  # the programs are started anew

        return back

    yield keep


def _copy(source: Path, target: Path) -> None:
    """By SQLite's own means: another thread of this process may have the file open, and must not see it torn."""
    with closing(sqlite3.connect(source)) as of, closing(sqlite3.connect(target)) as to:
        of.backup(to)


def drained(folder: Path) -> int:
    from wardkeep.seal.outbox import drain

    with connect(folder) as ledger:
        return drain(ledger)


def problems(folder: Path) -> list[str]:
    from wardkeep.seal.outbox import incarnation
    from wardkeep.seal.verify import verify_rows

    reader = LedgerReader(folder)
    found = verify_rows(reader, last=reader.last_number(str(incarnation())))
    return [f"{problem.kind} {problem.key.rpartition(':')[2]}" for problem in found.problems]


def acts(folder: Path) -> list[tuple[str, int]]:
    reader = LedgerReader(folder)
    said = [json.loads(body) for body in reader.bodies("2026", 0, reader.size("2026") - 1) if is_act(body)]
    return [(act["inc"], act["seq"]) for act in said if "inc" in act]


def test_older_rows_put_back_without_a_word_are_noticed_and_mended(
    folder: Path, put_back: Callable[[], Callable[[], None]]
) -> None:
    from wardkeep.seal.outbox import OlderRows
    from wardkeep.seal.restore import begin_again, compare

    a_user("li")
    drained(folder)
    back = put_back()
    a_user("zhao")
    drained(folder)
    assert problems(folder) == []
    back()
    assert problems(folder) == ["act_missing 3"]
    a_user("wang")  # would get a number that the ledger knows with another body
    with pytest.raises(OlderRows, match="act 3 of") as caught:
        drained(folder)
    assert "ledger reconcile" in caught.value.hint
    assert len(acts(folder)) == 3
    # Said to be on purpose, all goes on: what was made meanwhile is sealed under the new incarnation.
    reader = LedgerReader(folder)
    assert [(act.seq, act.index) for act in compare(reader).younger] == [(3, "2026:3")]
    begin_again(reader, actor="cli", at=NOON)
    assert drained(folder) == 3
    assert problems(folder) == []
    assert [seq for _, seq in acts(folder)] == [1, 2, 3, 1, 2, 3]
    assert compare(reader).younger == ()


def test_a_new_incarnation_after_a_restore_goes_on_with_numbers_of_its_own(
    folder: Path, put_back: Callable[[], Callable[[], None]]
) -> None:
    from wardkeep.seal.outbox import begin_incarnation, incarnation

    a_user("li")
    drained(folder)
    back = put_back()
    a_user("zhao")
    drained(folder)
    back()
    old = incarnation()
    new = begin_incarnation(NOON - timedelta(days=1))  # the clock of the restored machine is behind
    assert incarnation() == new != old
    a_user("wang")
    assert drained(folder) == 2
    assert acts(folder) == [(str(old), 1), (str(old), 2), (str(old), 3), (str(new), 1), (str(new), 2)]
    assert problems(folder) == []
    assert verify_ledger(folder).ok


@pytest.mark.parametrize("numbered", [False, True])
def test_acts_that_waited_in_the_copy_are_not_sent_twice(
    folder: Path, put_back: Callable[[], Callable[[], None]], numbered: bool
) -> None:
    """They reached the ledger after the copy was taken; put back, they get the same numbers and the same receipts."""
    from wardkeep.seal import outbox

    a_user("li")
    a_user("zhao")
    if numbered:
        outbox._number()
    back = put_back()
    assert drained(folder) == 3
    before = acts(folder)
    back()
    outbox.begin_incarnation(NOON)
    assert drained(folder) == 4
    assert acts(folder) == [*before, (str(outbox.incarnation()), 1)]
    assert problems(folder) == []


@pytest.mark.parametrize("numbered", [False, True])
def test_what_waited_in_the_copy_gets_its_place_or_a_new_number(
    folder: Path, put_back: Callable[[], Callable[[], None]], numbered: bool
) -> None:
    from wardkeep.seal import outbox
    from wardkeep.seal.models import Outbox
    from wardkeep.seal.restore import begin_again, compare

    a_user("li")
    drained(folder)
    a_user("zhao")  # waits in the copy, and reaches the ledger afterwards
    if numbered:
        outbox._number()
    back = put_back()
    a_user("chen")
    drained(folder)
    old = outbox.incarnation()
    back()
    a_user("wang")  # made after the copy was put back
    reader = LedgerReader(folder)
    assert [act.seq for act in compare(reader).younger] == [4]
    begin_again(reader, actor="cli", at=NOON)
    assert not Outbox.objects.filter(incarnation=old).exists()
    assert drained(folder) == 3
    new = outbox.incarnation()
    assert acts(folder) == [(str(old), n) for n in (1, 2, 3, 4)] + [(str(new), n) for n in (1, 2, 3)]
    assert problems(folder) == []


def test_acts_of_earlier_years_are_found_too(folder: Path, put_back: Callable[[], Callable[[], None]]) -> None:
    from datetime import UTC, datetime

    from wardkeep.seal.outbox import drain
    from wardkeep.seal.restore import compare

    a_user("li")
    drained(folder)
    back = put_back()
    a_user("zhao")
    drained(folder)
    a_user("chen")
    with connect(folder, clock=lambda: datetime(2027, 1, 1, tzinfo=UTC)) as ledger:
        drain(ledger)
    back()
    assert [act.index for act in compare(LedgerReader(folder)).younger] == ["2026:3", "2027:1"]
