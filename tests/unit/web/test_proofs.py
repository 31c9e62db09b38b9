# SPDX-License-Identifier: Apache-2.0
"""From every event, case and act a proof can be taken along that holds elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from tests.unit.web import hospital
from wardkeep.ledger.page import page as verifier_page
from wardkeep.ledger.page import policy
from wardkeep.ledger.proof_bundle import ProofBundle
from wardkeep.seal.uuid7 import uuid7

VKEY = hospital.VERIFIER.vkey()


@pytest.fixture
def placed(house: Any) -> Any:
    """The case, once its acts have their places in the ledger."""
    from wardkeep.seal import outbox

    outbox.drain(hospital.Reader())
    return house


def handed(response: Any) -> ProofBundle:
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert response.headers["Content-Disposition"].endswith('.proof.json"')
    made = ProofBundle.decode(response.content)
    made.check(VKEY)
    return made


def said(bundle: ProofBundle) -> dict[str, Any]:
    act: dict[str, Any] = json.loads(bundle.entry)
    return act


def test_the_proof_of_an_access_shows_its_row_and_is_recorded(enter: Any, house: Any) -> None:
    from wardkeep.watch.cases.models import Touch

    row = hospital.ROWS[-2]
    client = enter("security_director")
    address = reverse("access_proof", args=[f"2026-03-19|2026:{row[0]}"])
    assert address in client.get(reverse("access", args=[f"2026-03-19|2026:{row[0]}"])).content.decode()
    made = handed(client.get(address))
    assert made.row is not None and f"{len(row[5])}:{row[5]},".encode() in made.row
    touch = Touch.objects.order_by("at").last()
    assert (touch.kind, touch.patient_id, touch.account, touch.query) == ("access", row[5], row[4], f"proof {row[1]}")


def test_the_proof_of_an_entry_names_nobody(enter: Any, house: Any) -> None:
    made = handed(enter("auditor").get(reverse("bundle", args=["2026", 3])))
    assert (made.row, made.salt, len(made.entry)) == (None, None, 33)


@pytest.mark.parametrize("entry", [("2026", 99_999), ("2025", 0)])
def test_an_entry_that_is_not_there_has_no_proof(entry: tuple[str, int], enter: Any, house: Any) -> None:
    assert enter("auditor").get(reverse("bundle", args=entry)).status_code == 404


def test_an_expunged_entry_has_no_file(enter: Any, house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hospital.Reader, "body", lambda self, log, n: b"")
    assert enter("auditor").get(reverse("bundle", args=["2026", 3])).status_code == 404


def test_each_line_of_a_cases_history_has_the_proof_of_its_own_act(enter: Any, placed: Any) -> None:
    client = enter("security_director")
    page = client.get(reverse("case", args=[placed.key])).content.decode()
    found = []
    for row in placed.history.order_by("at", "id"):
        address = reverse("act_proof", args=[placed.key, row.pk])
        assert address in page
        act = said(handed(client.get(address)))
        assert ["cases_history", str(row.pk)] in [named[:2] for named in act["rows"]]
        found.append(act["act"])
    assert found == ["judgement:run:stored", "case:note:added"]


def test_what_settled_by_itself_has_its_proof_too(enter: Any, placed: Any) -> None:
    from datetime import timedelta

    from wardkeep.seal import outbox
    from wardkeep.seal.act import action
    from wardkeep.watch.cases.models import History

    for number in range(3):
        at = placed.history.last().at + timedelta(days=1 + number)
        with action("case:state:settled", actor="jobs", at=at):
            History(case=placed, happening="settled", at=at).save()
    outbox.drain(hospital.Reader())
    client = enter("security_director")
    for row in placed.history.filter(run=None, by=None):
        act = said(handed(client.get(reverse("act_proof", args=[placed.key, row.pk]))))
        assert [str(row.pk)] == [named[1] for named in act["rows"]]


def test_what_a_large_run_sealed_in_parts_is_found_in_its_part(enter: Any, placed: Any) -> None:
    from wardkeep.seal import outbox
    from wardkeep.seal.act import ROWS_A_PART, action
    from wardkeep.watch.cases.models import History, Run

    at, rows = placed.last_run.finished_at, []
    for _ in range(2):
        run = Run.objects.get(pk=placed.last_run_id)
        run.pk = uuid7()
        with action("judgement:run:stored", actor="jobs", at=at) as act:
            run.save(force_insert=True)
            act.fact("run", str(run.pk))
            made = [History(case=placed, happening="found", run=run, at=at) for _ in range(2 * ROWS_A_PART + 9)]
            History.objects.bulk_create(made)
        rows.append((made[0], made[-1]))
    outbox.drain(hospital.Reader())
    client = enter("security_director")
    parts = []
    for row in (row for pair in rows for row in pair):
        act_said = said(handed(client.get(reverse("act_proof", args=[placed.key, row.pk]))))
        assert str(row.pk) in [named[1] for named in act_said["rows"]]
        parts.append(act_said["part"][0])
    assert parts == [1, 3, 1, 3]


def test_the_proof_of_a_case_is_of_the_newest_act_that_sealed_it(enter: Any, placed: Any) -> None:
    client = enter("security_specialist")
    # A note leaves the case as it is.
    assert said(handed(client.get(reverse("case_proof", args=[placed.key]))))["act"] == "judgement:run:stored"
    decided = placed.__class__.objects.get(rank=4)
    act = said(handed(client.get(reverse("case_proof", args=[decided.key]))))
    assert (act["act"], act["facts"]["case"]) == ("case:outcome:set", str(decided.pk))


def test_an_act_that_waits_for_its_place_is_said_to(enter: Any, house: Any) -> None:
    client = enter("security_director")
    for address in (
        reverse("case_proof", args=[house.key]),
        reverse("act_proof", args=[house.key, house.history.first().pk]),
    ):
        response = client.get(address, follow=True)
        assert response.redirect_chain == [(reverse("case", args=[house.key]), 302)]
        assert "waits for its place" in response.content.decode()


def test_a_happening_of_another_case_is_not_found(enter: Any, placed: Any) -> None:
    other = placed.__class__.objects.get(rank=2).history.first()
    assert enter("security_director").get(reverse("act_proof", args=[placed.key, other.pk])).status_code == 404


def test_a_department_head_is_offered_no_proof_and_gets_none(enter: Any, placed: Any) -> None:
    client = enter("department_head", department=placed.department)
    assert "/proof/" not in client.get(reverse("case", args=[placed.key])).content.decode()
    assert client.get(reverse("case_proof", args=[placed.key])).status_code == 403


def test_the_acts_are_listed_newest_first_each_with_its_proof(enter: Any, placed: Any) -> None:
    client = enter("auditor")
    page = client.get(reverse("acts")).content.decode()
    last = len(hospital.ROWS) + len(hospital.Reader.more) - 1
    assert page.index(f"2026:{last}<") < page.index(f"2026:{last - 1}<")
    assert "Note added to a case<br><code>case:note:added</code>" in page
    assert "周静" in page
    assert "the command line" in page
    address = reverse("bundle", args=["2026", last])
    assert address in page
    handed(client.get(address))


def test_a_page_of_acts_opens_the_ledger_once_and_reads_each_of_its_files_once(
    enter: Any, placed: Any, django_home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, opened, read = enter("auditor"), [], []
    plain = hospital.Reader.bodies

    def bodies(self: Any, log: str, first: int, last: int) -> list[bytes]:
        read.append(first // 256)
        return plain(self, log, first, last)

    def open_reader() -> hospital.Reader:
        opened.append(True)
        return hospital.Reader()

    monkeypatch.setattr(hospital.Reader, "bodies", bodies)
    monkeypatch.setattr(django_home, "ledger_reader", open_reader)
    assert client.get(reverse("acts")).content.decode().count("<code>") > 2
    assert len(opened) == 1 and len(read) == len(set(read)) >= 1


@pytest.mark.parametrize("entry", [b"{}", b"", b"[]", b"1", b"{", b'{"act":"case:outcome:set"}'])
def test_an_act_that_cannot_be_read_is_said_to_be_so(entry: bytes, enter: Any, placed: Any) -> None:
    hospital.Reader.more[-1] = entry
    assert "not readable" in enter("auditor").get(reverse("acts")).content.decode()


def test_the_console_serves_the_page_as_it_is_published_under_its_own_policy(enter: Any, house: Any) -> None:
    response = enter("auditor").get(reverse("verifier"))
    assert response.content == verifier_page()
    assert response.headers["Content-Security-Policy"] == f"{policy()}; frame-ancestors 'none'"
