# SPDX-License-Identifier: Apache-2.0
"""A row and its act are kept together, or neither is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import NOON
from tests.fakes import FakeConflict, FakeLedger

pytestmark = pytest.mark.usefixtures("both_rows")


def user(name: str = "li", **more: Any) -> Any:
    from wardkeep.govern.identity.actions import create_user

    return create_user(name, role="security_specialist", by="cli", at=NOON, **more)


def drain(ledger: FakeLedger) -> int:
    from wardkeep.seal import outbox

    return outbox.drain(ledger)


def acts(ledger: FakeLedger) -> list[dict[str, Any]]:
    return [json.loads(b) for b in ledger.bodies]


def test_a_row_written_outside_an_action_is_refused(ledger: FakeLedger) -> None:
    from wardkeep.govern.identity.models import User
    from wardkeep.seal.errors import NotAllowed, NotInAnAction

    li = user()
    li.full_name = "someone else"
    with pytest.raises(NotInAnAction):
        li.save()
    with pytest.raises(NotInAnAction):
        li.delete()
    with pytest.raises(NotInAnAction):
        User.objects.create(name="wang", role="auditor", created_at=NOON)
    with pytest.raises(NotAllowed):
        User.objects.filter(name="li").update(full_name="x")
    with pytest.raises(NotAllowed):
        User.objects.filter(name="li").delete()
    assert list(User.objects.values_list("full_name", flat=True)) == [""]


def test_a_column_nobody_vouches_for_may_change_without_an_act(ledger: FakeLedger) -> None:
    from wardkeep.seal.verify import verify_rows

    li = user()
    li.last_login = NOON
    li.save(update_fields=["last_login"])
    drain(ledger)
    assert verify_rows(ledger).problems == ()


def test_an_action_that_fails_leaves_neither_row_nor_act() -> None:
    from wardkeep.govern.identity.models import User
    from wardkeep.seal.act import action
    from wardkeep.seal.outbox import waiting

    before = waiting()
    with pytest.raises(ZeroDivisionError), action("account:user:created", actor="cli", at=NOON):
        User(name="wang", role="auditor", created_at=NOON).save()
        raise ZeroDivisionError
    assert User.objects.count() == 0
    assert waiting() == before


def test_an_act_names_no_one(ledger: FakeLedger) -> None:
    from wardkeep.seal.act import action

    li = user(full_name="李雷", staff_id="S-4711")
    with action("touch:patient:opened", actor=li, at=NOON, patients=["P-0001"]):
        pass
    drain(ledger)
    text = b"".join(ledger.bodies).decode()
    assert not any(identity in text for identity in ("李雷", "S-4711", "P-0001", '"li"'))
    assert [len(p) for p in acts(ledger)[-1]["patients"]] == [22]
    assert acts(ledger)[-1]["actor"] == f"user:{li.pk}"


def test_acts_are_numbered_densely_in_the_order_of_their_making(ledger: FakeLedger) -> None:
    for i in range(20):
        user(f"person{i}")
    assert drain(ledger) == 21  # the incarnation's own act is the first
    user("late")
    drain(ledger)
    assert [a["seq"] for a in acts(ledger)] == list(range(1, 23))
    assert len({a["inc"] for a in acts(ledger)}) == 1
    assert drain(ledger) == 0


def test_a_crash_after_the_append_repeats_it_and_changes_nothing(ledger: FakeLedger) -> None:
    from wardkeep.seal import outbox

    user()

    class Dies(FakeLedger):
        def append(self, producer: str, seq: int, bodies: Any) -> Any:
            super().append(producer, seq, bodies)
            raise ConnectionError

    dying = Dies()
    with pytest.raises(ConnectionError):
        outbox.drain(dying)
    ledger.bodies, ledger.known = dying.bodies, dying.known
    user("wang")
    drain(ledger)
    assert [a["seq"] for a in acts(ledger)] == [1, 2, 3]


def test_an_act_edited_while_it_waits_is_not_appended(ledger: FakeLedger) -> None:
    from wardkeep.seal.models import Outbox
    from wardkeep.seal.outbox import EditedAct
    from wardkeep.seal.verify import verify_rows

    user()
    row = Outbox.objects.order_by("-order").first()
    assert row is not None
    Outbox.objects.filter(pk=row.pk).update(body=row.body.replace("security_specialist", "security_director"))
    with pytest.raises(EditedAct):
        drain(ledger)
    assert ("edited", f"seal_outbox/{row.order}") in [(p.kind, p.where) for p in verify_rows(ledger).problems]


def test_a_repeated_number_with_another_body_is_an_error(ledger: FakeLedger) -> None:
    from wardkeep.seal.models import Placed

    user()
    drain(ledger)
    Placed.objects.all().delete()
    user("wang")
    with pytest.raises(FakeConflict):
        drain(ledger)


def test_an_action_on_many_rows_makes_several_entries_that_fit(ledger: FakeLedger) -> None:
    from wardkeep.govern.identity.models import User
    from wardkeep.seal.act import action
    from wardkeep.seal.verify import verify_rows

    with action("account:user:created", actor="cli", at=NOON):
        User.objects.bulk_create(User(name=f"n{i}", role="auditor", created_at=NOON) for i in range(900))
    drain(ledger)
    parts = [a["part"] for a in acts(ledger) if "part" in a]
    assert parts == [[1, 3], [2, 3], [3, 3]]
    assert max(map(len, ledger.bodies)) < 65_535
    assert verify_rows(ledger).problems == ()


def test_an_action_about_very_many_patients_names_them_all(ledger: FakeLedger) -> None:
    """An account may have exported the records of a whole department; its case must still be decided."""
    from wardkeep.seal.act import action
    from wardkeep.seal.digest import pseudonym

    numbers = [f"P-{n:06d}" for n in range(3000)]
    with action("case:outcome:set", actor="cli", at=NOON, patients=numbers) as act:
        act.fact("outcome", "misuse")
    drain(ledger)
    parts = [a for a in acts(ledger) if a["act"] == "case:outcome:set"]
    assert [a["part"] for a in parts] == [[n, 12] for n in range(1, 13)]
    assert [a.get("facts") for a in parts] == [{"outcome": "misuse"}] + [None] * 11
    assert {p for a in parts for p in a["patients"]} == {pseudonym("patient", number) for number in numbers}


def test_a_full_part_fits_into_an_entry(ledger: FakeLedger) -> None:
    from wardkeep.govern.identity.models import User
    from wardkeep.seal.act import MAX_FACTS, action

    with action("account:user:created", actor="cli", at=NOON, patients=[f"P-{n}" for n in range(600)]) as act:
        User.objects.bulk_create(User(name=f"n{i}", role="auditor", created_at=NOON) for i in range(900))
        act.fact("text", "x" * (MAX_FACTS - 20))
    drain(ledger)
    assert 50_000 < max(map(len, ledger.bodies)) < 64_000


def test_an_action_inside_another_is_refused() -> None:
    """Both might write one row, and the outer one would seal last the state that it knew first."""
    from wardkeep.seal.act import action

    with (
        pytest.raises(ValueError, match="case:note:added cannot begin inside case:state:reopened"),
        action("case:state:reopened", actor="cli", at=NOON),
        action("case:note:added", actor="cli", at=NOON),
    ):
        pass
    user("after")  # and the one after it is not inside anything


@pytest.mark.parametrize("more", [{"ignore_conflicts": True}, {"update_conflicts": True, "update_fields": ["role"]}])
def test_a_bulk_write_that_may_leave_rows_out_is_refused(more: dict[str, Any]) -> None:
    from wardkeep.govern.identity.models import User
    from wardkeep.seal.act import action
    from wardkeep.seal.errors import NotAllowed

    with pytest.raises(NotAllowed), action("account:user:created", actor="cli", at=NOON):
        User.objects.bulk_create([User(name="wang", role="auditor", created_at=NOON)], **more)
    assert User.objects.count() == 0


def test_a_row_that_the_database_refused_is_not_said_to_be_there(ledger: FakeLedger) -> None:
    from django.db import IntegrityError, transaction

    from wardkeep.govern.identity.models import User
    from wardkeep.seal.act import action
    from wardkeep.seal.verify import verify_rows

    user("li")
    with action("account:user:created", actor="cli", at=NOON):
        twice = User(name="li", role="auditor", created_at=NOON)
        for write in (lambda: User.objects.bulk_create([twice]), twice.save):
            with pytest.raises(IntegrityError), transaction.atomic():
                write()
    drain(ledger)
    assert verify_rows(ledger).problems == ()


def test_facts_that_do_not_fit_are_refused() -> None:
    from wardkeep.seal.act import action
    from wardkeep.seal.errors import ActTooLarge

    with pytest.raises(ActTooLarge), action("case:note:added", actor="cli", at=NOON) as act:
        act.fact("text", "x" * 20_000)


def test_the_last_of_two_changes_in_one_action_is_sealed(ledger: FakeLedger) -> None:
    from wardkeep.seal.act import action
    from wardkeep.seal.verify import verify_rows

    li = user()
    with action("account:user:changed", actor="cli", at=NOON):
        li.full_name = "first"
        li.save()
        li.full_name = "second"
        li.save()
    drain(ledger)
    assert verify_rows(ledger).problems == ()


def test_a_deletion_is_an_act_too(ledger: FakeLedger) -> None:
    from wardkeep.seal.act import action
    from wardkeep.seal.verify import verify_rows

    li = user()
    with action("account:user:removed", actor="cli", at=NOON):
        li.delete()
    drain(ledger)
    assert verify_rows(ledger).problems == ()


def test_verification_needs_no_drained_outbox(ledger: FakeLedger) -> None:
    from wardkeep.seal.verify import verify_rows

    user()
    assert verify_rows(ledger).problems == ()
