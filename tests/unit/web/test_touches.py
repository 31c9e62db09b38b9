# SPDX-License-Identifier: Apache-2.0
"""Opening a case, a search, a name in the console is itself an event; a name is not there before it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.unit.web import hospital


def _touches() -> list[tuple[str, str, str, str]]:
    from wardkeep.watch.cases.models import Touch

    return list(Touch.objects.order_by("at").values_list("kind", "patient_id", "account", "query"))


def test_each_page_with_patients_or_staff_is_a_touch_of_its_own(enter: Any, house: Any) -> None:
    client = enter("security_director")
    row = hospital.ROWS[-2]
    client.get(reverse("case", args=[house.key]))
    client.get(reverse("patient", args=[hospital.VICTIM]))
    client.get(reverse("account", args=[hospital.NOSY]))
    client.get(reverse("access", args=[f"2026-03-19|2026:{row[0]}"]))
    client.get(reverse("row", args=["orders|4711"]))
    client.post("/search/", {"text": "P000123"})
    assert _touches() == [
        ("case", "", hospital.NOSY, ""),
        ("patient", hospital.VICTIM, "", ""),
        ("account", "", hospital.NOSY, ""),
        ("access", row[5], row[4], row[1]),
        ("access", "P000123", "", "orders 4711"),
        ("search", "", "", "P000123"),
    ]


def test_a_touch_names_the_session_without_being_able_to_open_it(enter: Any, house: Any) -> None:
    from wardkeep.watch.cases.models import Touch

    client = enter("security_director")
    client.get(reverse("case", args=[house.key]))
    touch = Touch.objects.get()
    assert touch.session
    assert touch.session not in client.session.session_key
    assert client.session.session_key not in touch.session
    assert touch.ip == "127.0.0.1"


def test_what_was_refused_was_not_opened(enter: Any, house: Any) -> None:
    client = enter("auditor")
    client.get(reverse("case", args=[house.key]))
    client.post("/search/", {"text": "P000123"})
    assert _touches() == []


@pytest.mark.parametrize("name", ["case", "patient", "account", "today", "cases"])
def test_no_page_shows_a_patients_name_unasked(name: str, enter: Any, house: Any) -> None:
    arguments = {"case": [house.key], "patient": [hospital.VICTIM], "account": [hospital.NOSY]}
    page = enter("security_director").get(reverse(name, args=arguments.get(name, []))).content.decode()
    assert hospital.VICTIM_NAME not in page


def test_a_name_is_shown_for_a_reason_and_the_reason_is_kept(enter: Any, house: Any) -> None:
    client = enter("security_director")
    address = reverse("reveal", args=[hospital.VICTIM])
    part = client.post(address, {"reason": "to call the patient"}, headers={"HX-Request": "true"}).content.decode()
    assert hospital.VICTIM_NAME in part
    assert "<html" not in part
    assert _touches() == [("reveal", hospital.VICTIM, "", "to call the patient")]
    whole = client.post(address, {"reason": "without a script"}).content.decode()
    assert hospital.VICTIM_NAME in whole
    assert "<html" in whole


@pytest.mark.parametrize("reason", ["", "   ", "ab"])
def test_without_a_reason_there_is_no_name_and_no_touch(reason: str, enter: Any, house: Any) -> None:
    response = enter("security_director").post(reverse("reveal", args=[hospital.VICTIM]), {"reason": reason})
    assert response.status_code == 422
    assert hospital.VICTIM_NAME not in response.content.decode()
    assert _touches() == []


def test_no_identity_stands_in_an_address(enter: Any, house: Any) -> None:
    import re

    client = enter("security_director")
    for address in ("/", "/cases/", reverse("case", args=[house.key]), reverse("patient", args=[hospital.VICTIM])):
        page = client.get(address).content.decode()
        for target in re.findall(r'(?:href|action|hx-post)="([^"]+)"', page):
            for identity in (hospital.VICTIM, hospital.NOSY, "S002", house.key, "P000"):
                assert identity not in target


def test_the_source_row_of_an_access_hides_what_describes_the_patient(enter: Any, house: Any) -> None:
    row = next(row for row in hospital.ROWS if row[4] == hospital.DOCTOR)
    page = enter("security_director").get(reverse("access", args=[f"2026-03-01|2026:{row[0]}"])).content.decode()
    assert "陈伟 placed order 4711 (laboratory) on 2026-03-02 08:15." in page
    assert "检验科" in page
    assert "13800000000" not in page
    assert "patient_id" not in page


def test_a_row_that_was_found_and_did_not_suffice_can_be_opened(enter: Any, house: Any) -> None:
    client = enter("security_director")
    page = client.get(reverse("case", args=[house.key])).content.decode()
    assert reverse("row", args=["shifts|shifts.csv:41"]) in page
    row = client.get(reverse("row", args=["orders|4711"])).content.decode()
    assert "陈伟 (S001)" in row
    assert "检验科" in row
    for gone in ("orders|1", "orders|", "patients|", "no_such_table|1", "events|E00001", "pragma_version|1"):
        assert client.get(reverse("row", args=[gone])).status_code == 404, gone
