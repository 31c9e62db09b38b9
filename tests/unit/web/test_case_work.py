# SPDX-License-Identifier: Apache-2.0
"""What people do with a case through its forms."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse


def _case(key: str) -> Any:
    from wardkeep.watch.cases.models import Case

    return Case.objects.get(key=key)


def test_an_undecided_case_is_to_be_verified_and_never_called_a_violation(enter: Any, house: Any) -> None:
    chinese = enter("security_director", "zh").get(reverse("case", args=[house.key])).content.decode()
    english = enter("security_director", "en").get(reverse("case", args=[house.key])).content.decode()
    assert "待核实" in chinese
    assert "违规" not in chinese
    assert "to be verified" in english
    assert "violation" not in english.lower()


def test_an_outcome_is_recorded_with_its_reason(enter: Any, house: Any) -> None:
    client = enter("security_specialist")
    response = client.post(
        reverse("decide", args=[house.key]), {"outcome": "misuse", "reason": "Her neighbour."}, follow=True
    )
    assert _case(house.key).outcome == "misuse"
    page = response.content.decode()
    assert "The outcome is recorded." in page
    assert "Her neighbour." in page
    assert "misuse confirmed" in page


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"outcome": "misuse", "reason": ""}, "Write why."),
        ({"outcome": "misuse", "reason": "   "}, "Write why."),
        ({"outcome": "", "reason": "because"}, "Choose an outcome."),
        ({"outcome": "guilty", "reason": "because"}, "Choose an outcome."),
    ],
)
def test_an_incomplete_outcome_comes_back_and_changes_nothing(
    sent: dict[str, str], said: str, enter: Any, house: Any
) -> None:
    response = enter("security_specialist").post(reverse("decide", args=[house.key]), sent)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert _case(house.key).state == "open"


def test_what_was_typed_is_still_there_when_a_form_comes_back(enter: Any, house: Any) -> None:
    response = enter("security_specialist").post(reverse("decide", args=[house.key]), {"reason": "a long thought"})
    assert "a long thought</textarea>" in response.content.decode()


def test_a_case_that_someone_else_decided_meanwhile_says_so(enter: Any, house: Any) -> None:
    client = enter("security_specialist")
    address = reverse("decide", args=[house.key])
    client.post(address, {"outcome": "misuse", "reason": "first"})
    second = client.post(address, {"outcome": "not_misuse", "reason": "second"})
    assert second.status_code == 422
    assert _case(house.key).outcome == "misuse"


def test_a_decided_case_is_opened_again_with_a_reason_and_keeps_its_decision(enter: Any, house: Any) -> None:
    client = enter("security_director")
    client.post(reverse("decide", args=[house.key]), {"outcome": "unclear", "reason": "nobody knows"})
    client.post(reverse("reopen", args=[house.key]), {"reason": "a witness came"})
    assert _case(house.key).state == "open"
    page = client.get(reverse("case", args=[house.key])).content.decode()
    assert "nobody knows" in page
    assert "a witness came" in page


def test_a_case_is_put_into_hands_and_taken_out(enter: Any, house: Any) -> None:
    from wardkeep.govern.identity.models import User

    client = enter("security_director")
    zhou = User.objects.get(name="zhou")
    client.post(reverse("assign", args=[house.key]), {"to": str(zhou.pk)})
    assert _case(house.key).assigned_to == zhou
    client.post(reverse("assign", args=[house.key]), {"to": ""})
    assert _case(house.key).assigned_to is None


def test_a_case_goes_only_to_who_may_decide_it(enter: Any, house: Any) -> None:
    from tests.rows import a_user

    other = a_user("patty", "medical_staff")
    response = enter("security_director").post(reverse("assign", args=[house.key]), {"to": str(other.pk)})
    assert response.status_code == 422
    assert _case(house.key).assigned_to is None


def test_a_note_is_shown_as_text_whatever_is_written(enter: Any, house: Any) -> None:
    client = enter("department_head", department=house.department)
    client.post(reverse("note", args=[house.key]), {"text": "<script>alert(1)</script>"})
    page = client.get(reverse("case", args=[house.key])).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_nobody_sees_which_case_is_random_before_it_is_decided(enter: Any, house: Any) -> None:
    client = enter("security_director")
    for row in house.__class__.objects.filter(state="open"):
        assert "drawn by lot" not in client.get(reverse("case", args=[row.key])).content.decode()
    decided = house.__class__.objects.filter(state="decided", random=True).first()
    assert "drawn by lot" in client.get(reverse("case", args=[decided.key])).content.decode()


def test_the_first_page_states_the_share_of_hits_by_lot_with_its_interval_and_that_of_the_others(
    enter: Any, house: Any
) -> None:
    client = enter("security_director")
    page = " ".join(client.get("/").content.decode().split())
    assert "1 of 2 reviewed cases that were drawn by lot were misuse or a broken rule" in page
    assert "with 95% confidence between 9.5% and 90.5%" in page
    assert "without bias" in page
    assert "Of the other cases" not in page
    client.post(reverse("decide", args=[house.key]), {"outcome": "misuse", "reason": "Her neighbour."})
    page = " ".join(client.get("/").content.decode().split())
    assert "Of the other cases 1 of 1 decided one was a hit: 100%, with 95% confidence between 20.7% and 100%" in page


def test_a_search_for_an_exact_number_leads_there_and_a_part_of_one_nowhere(enter: Any, house: Any) -> None:
    client = enter("security_director")
    assert client.post("/search/", {"text": " P000777 "}).headers["Location"].startswith("/patients/")
    assert client.post("/search/", {"text": "lina"}).headers["Location"].startswith("/accounts/")
    assert client.post("/search/", {"text": house.key}).headers["Location"].startswith("/cases/")
    part = client.post("/search/", {"text": "P0007<b>"})
    assert part.status_code == 200
    assert "P0007&lt;b&gt;" in part.content.decode()


def test_a_list_is_narrowed_by_what_can_be_read_and_ignores_the_rest(enter: Any, house: Any) -> None:
    client = enter("security_director")
    address = reverse("patient", args=["P000777"])
    assert client.get(address + "?from=2026-03-12&to=2026-03-12").content.decode().count("row-link") == 2
    assert client.get(address + "?which=explained").content.decode().count("row-link") == 0
    assert client.get(address + "?from=yesterday&to=9999-12-31&which=x&page=-4").status_code == 200
    assert client.get("/cases/?page=9999999&state=x&detection=%00").status_code == 200


def test_a_proof_and_its_entry_are_files(enter: Any, house: Any) -> None:
    client = enter("auditor")
    proof = client.get(reverse("proof", args=["2026", 5]))
    assert proof.headers["Content-Disposition"] == 'attachment; filename="2026-5.tlog-proof"'
    assert proof.content.startswith(b"c2sp.org/tlog-proof@v1")
    assert client.get(reverse("entry", args=["2026", 5])).content[:1] == b"\x01"
    assert client.get(reverse("entry", args=["2026", 10**9])).status_code == 404
    assert client.get(reverse("proof", args=["1999", 5])).status_code == 404


def test_a_longer_list_asks_the_database_no_more_often(enter: Any, house: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = enter("security_director")
    counts = []
    for address in ("/cases/?state=explained", "/cases/?state=all"):
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page = client.get(address).content.decode()
        counts.append((page.count("row-link"), len(asked)))
    (few, once), (many, again) = counts
    assert few < many
    assert again == once
