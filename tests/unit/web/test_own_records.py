# SPDX-License-Identifier: Apache-2.0
"""The weekly list of people who opened their own record."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest


def the_list(enter: Any, **more: Any) -> str:
    return enter("privacy_officer", **more).get("/own-records/").content.decode()


def test_openings_stand_under_their_own_week_newest_first(enter: Any) -> None:
    page = the_list(enter)
    # 2026-03-01 is a Sunday: the second is a Monday, as are the ninth and the sixteenth.
    assert page.index("Week of 2026-03-09") < page.index("Week of 2026-03-02")
    newest, older = page.split("Week of 2026-03-02")
    assert "chenwei" in newest and "chenwei" not in older
    assert "lina" in newest and "lina" in older


def test_the_list_says_whether_these_are_cases_too(enter: Any, django_home: Any) -> None:
    assert "each of these is a case too" in the_list(enter)
    before = django_home.settings
    weekly = dataclasses.replace(before, judging=dataclasses.replace(before.judging, self_access="weekly"))
    django_home.adopt(weekly, None)
    try:
        assert "no cases are made of these" in the_list(enter, name="zhu")
    finally:
        django_home.adopt(before, None)


def test_the_list_of_cases_leads_to_it_for_those_who_may_open_accounts(enter: Any) -> None:
    assert "/own-records/" in enter("privacy_officer").get("/cases/").content.decode()
    assert "/own-records/" not in enter("auditor").get("/cases/").content.decode()


def test_an_empty_list_says_so(enter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.unit.web import hospital

    monkeypatch.setattr(hospital, "OWN_RECORDS", hospital.OWN_RECORDS.slice(0, 0))
    assert "Nobody opened the own record." in the_list(enter)
