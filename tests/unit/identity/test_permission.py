# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the seam through which every page asks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from wardkeep.govern.identity.permission import permission
from wardkeep.govern.identity.role import ADMINISTRATORS, TABLE, Act, Role


def person(role: str, pk: int = 1, **more: Any) -> Any:
    values = {"pk": pk, "role": role, "is_active": True, "account": "", "staff_id": "", "department": "", **more}
    return SimpleNamespace(**values)


def case(**more: Any) -> Any:
    return SimpleNamespace(**{"account": "nurse7", "person": "S7", "department": "icu", "random": False, **more})


def test_every_act_has_a_row_and_every_row_is_an_act() -> None:
    assert set(TABLE) == set(Act)
    assert all(TABLE.values())


@pytest.mark.parametrize("act", list(Act))
def test_nobody_and_the_disabled_may_do_nothing(act: Act) -> None:
    for nobody in (None, SimpleNamespace(is_active=True), person("nonsense"), person("security_director")):
        if getattr(nobody, "role", "") == "security_director":
            nobody.is_active = False
        assert not permission(nobody, act)


def test_an_unknown_act_is_refused_to_everyone() -> None:
    assert not any(permission(person(role), "case.burn") for role in Role)


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("act", [a for a in Act if a.split(".")[0] in ("case", "patient", "access", "account")])
def test_no_administrator_reads_what_patients_and_staff_did(role: Role, act: Act) -> None:
    assert not permission(person(role), act, None)


def test_the_three_administrators_share_no_right_over_accounts() -> None:
    held = [
        {act for act in (Act.USER_CREATE, Act.USER_DISABLE, Act.USER_GRANT, Act.ACT_READ) if role in TABLE[act]}
        for role in sorted(ADMINISTRATORS)
    ]
    for i, first in enumerate(held):
        assert first
        assert all(not first & other for other in held[i + 1 :])


def test_nobody_grants_himself_a_role() -> None:
    security = person("security_administrator", pk=1)
    assert permission(security, Act.USER_GRANT, person("auditor", pk=2))
    assert not permission(security, Act.USER_GRANT, security)


def test_no_link_lends_an_administrators_rights() -> None:
    system = person("system_administrator", pk=1)
    assert permission(system, Act.USER_LINK, person("security_specialist", pk=2))
    assert not permission(system, Act.USER_LINK, person("security_administrator", pk=2))


@pytest.mark.parametrize("own", [{"account": "nurse7"}, {"staff_id": "S7"}, {"account": "HOSP\\NURSE7"}])
@pytest.mark.parametrize("act", [Act.CASE_READ, Act.CASE_DECIDE, Act.CASE_ASSIGN, Act.CASE_NOTE, Act.CASE_REOPEN])
def test_nobody_handles_a_case_about_himself(own: dict[str, str], act: Act) -> None:
    assert permission(person("security_director"), act, case())
    assert not permission(person("security_director", **own), act, case())


@pytest.mark.parametrize("own", [{"account": "nurse7"}, {"staff_id": "S7"}])
@pytest.mark.parametrize("act", [Act.ALERT_READ, Act.ALERT_DECIDE])
def test_nobody_handles_a_live_alert_about_himself(own: dict[str, str], act: Act) -> None:
    assert permission(person("security_director"), act, case())
    assert not permission(person("security_director", **own), act, case())
    assert not permission(person("department_head"), act, case())


def test_a_name_of_nothing_is_nobodys() -> None:
    assert permission(person("security_specialist", account="@hospital"), Act.CASE_READ, case(account="", person=None))


def test_a_case_about_nobody_known_is_not_about_someone_without_an_account() -> None:
    assert permission(person("security_specialist"), Act.CASE_READ, case(account="", person=None))


def test_a_department_head_sees_the_own_departments_cases_and_no_random_ones() -> None:
    head = person("department_head", department="icu")
    assert permission(head, Act.CASE_READ, case())
    assert not permission(head, Act.CASE_READ, case(department="er"))
    assert not permission(head, Act.CASE_READ, case(random=True))
    assert not permission(person("department_head"), Act.CASE_READ, case(department=""))
    assert not permission(head, Act.CASE_DECIDE, case())


def test_a_person_changes_only_his_own_settings() -> None:
    assert permission(person("auditor", pk=1), Act.SELF_WRITE, person("auditor", pk=1))
    assert not permission(person("auditor", pk=1), Act.SELF_WRITE, person("auditor", pk=2))
