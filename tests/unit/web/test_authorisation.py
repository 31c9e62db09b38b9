# SPDX-License-Identifier: Apache-2.0
"""Every address of the console, and who may use it: a new one fails here until it is in the table."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.web import hospital
from tests.unit.web.alerted import alert_row
from tests.unit.web.differing import difference_row
from wardkeep.govern.identity.role import Role

R = Role
REVIEW = {R.SECURITY_DIRECTOR, R.SECURITY_SPECIALIST, R.PRIVACY_OFFICER}
EVERYBODY = set(Role)
ADMINISTRATORS = {R.SYSTEM_ADMINISTRATOR, R.SECURITY_ADMINISTRATOR, R.AUDIT_ADMINISTRATOR}
STAFF = EVERYBODY - {R.PATIENT, R.VENDOR_ENGINEER}

#: name of the address -> (method, roles); None: open to whoever has no session yet.
TABLE: dict[str, tuple[str, set[Role] | None]] = {
    "account_login": ("GET", None),
    "mfa_authenticate": ("GET", None),
    "sign_out": ("POST", None),
    "welcome": ("GET", None),
    "enrol": ("GET", None),
    "recovery_codes": ("GET", None),
    "today": ("GET", STAFF),
    "me": ("GET", EVERYBODY),
    "language": ("POST", EVERYBODY),
    "password": ("POST", EVERYBODY),
    "renew": ("POST", EVERYBODY),
    "search": ("POST", REVIEW),
    "cases": ("GET", REVIEW | {R.DEPARTMENT_HEAD, R.AUDITOR}),
    "week": ("GET", REVIEW | {R.DEPARTMENT_HEAD, R.AUDITOR}),
    "week_of": ("GET", REVIEW | {R.DEPARTMENT_HEAD, R.AUDITOR}),
    "own_records": ("GET", REVIEW),
    "shared_logins": ("GET", REVIEW),
    "case": ("GET", REVIEW | {R.DEPARTMENT_HEAD}),
    "decide": ("POST", REVIEW),
    "note": ("POST", REVIEW | {R.DEPARTMENT_HEAD}),
    "reopen": ("POST", REVIEW),
    "assign": ("POST", {R.SECURITY_DIRECTOR, R.PRIVACY_OFFICER}),
    "case_proof": ("GET", REVIEW),
    "act_proof": ("GET", REVIEW),
    "alerts": ("GET", REVIEW),
    "alert_seen": ("POST", REVIEW),
    "alert_dismiss": ("POST", REVIEW),
    "records": ("GET", REVIEW),
    "record_explain": ("POST", REVIEW),
    "record_reopen": ("POST", REVIEW),
    "access": ("GET", REVIEW),
    "access_proof": ("GET", REVIEW),
    "row": ("GET", REVIEW),
    "patient": ("GET", REVIEW),
    "reveal": ("POST", REVIEW),
    "account": ("GET", REVIEW),
    "people": ("GET", ADMINISTRATORS),
    "person_create": ("POST", {R.SYSTEM_ADMINISTRATOR}),
    "person_link": ("POST", {R.SYSTEM_ADMINISTRATOR}),
    "person_active": ("POST", {R.SYSTEM_ADMINISTRATOR}),
    "person_role": ("POST", {R.SECURITY_ADMINISTRATOR}),
    "person_contact": ("POST", {R.SYSTEM_ADMINISTRATOR}),
    "intake": ("GET", REVIEW | {R.DATA_ADMINISTRATOR, R.SYSTEM_ADMINISTRATOR, R.AUDITOR}),
    "read_again": ("POST", {R.DATA_ADMINISTRATOR, R.SECURITY_SPECIALIST, R.SECURITY_DIRECTOR}),
    "close_pieces": ("POST", {R.DATA_ADMINISTRATOR, R.SECURITY_SPECIALIST, R.SECURITY_DIRECTOR}),
    "open_pieces_again": ("POST", {R.DATA_ADMINISTRATOR, R.SECURITY_SPECIALIST, R.SECURITY_DIRECTOR}),
    "mapping_new": ("POST", {R.DATA_ADMINISTRATOR, R.SECURITY_DIRECTOR}),
    "mapping": ("GET", {R.DATA_ADMINISTRATOR, R.SECURITY_DIRECTOR}),
    "mapping_abandon": ("POST", {R.DATA_ADMINISTRATOR, R.SECURITY_DIRECTOR}),
    "mapping_take_back": ("POST", {R.DATA_ADMINISTRATOR, R.SECURITY_DIRECTOR}),
    "mapping_put_back": ("POST", {R.DATA_ADMINISTRATOR, R.SECURITY_DIRECTOR}),
    "coverage": ("GET", REVIEW | {R.DATA_ADMINISTRATOR, R.AUDITOR, R.COMMITTEE_MEMBER, R.AUDIT_ADMINISTRATOR}),
    "runs": ("GET", REVIEW | {R.AUDITOR, R.AUDIT_ADMINISTRATOR}),
    "run": ("GET", REVIEW | {R.AUDITOR, R.AUDIT_ADMINISTRATOR}),
    "ledger": ("GET", REVIEW | {R.AUDITOR, R.AUDIT_ADMINISTRATOR}),
    "acts": ("GET", {R.AUDITOR, R.AUDIT_ADMINISTRATOR, R.SECURITY_DIRECTOR}),
    "packages": ("GET", {R.AUDITOR, R.AUDIT_ADMINISTRATOR, R.SECURITY_DIRECTOR}),
    "minutes": ("GET", REVIEW | {R.AUDITOR, R.AUDIT_ADMINISTRATOR}),
    "verifier": ("GET", REVIEW | {R.AUDITOR, R.AUDIT_ADMINISTRATOR}),
    "bundle": ("GET", REVIEW | {R.AUDITOR, R.AUDIT_ADMINISTRATOR}),
    "proof": ("GET", REVIEW | {R.AUDITOR, R.AUDIT_ADMINISTRATOR}),
    "entry": ("GET", REVIEW | {R.AUDITOR, R.AUDIT_ADMINISTRATOR}),
}


def _address(name: str, case: Any) -> str:
    from django.urls import reverse

    from wardkeep.govern.identity.models import User

    row = hospital.ROWS[0]
    zhou = User.objects.get(name="zhou").pk
    arguments: dict[str, list[Any]] = {
        "welcome": ["a-token-that-nobody-made"],
        **{name: [f"2026-03-01|2026:{row[0]}"] for name in ("access", "access_proof")},
        "act_proof": [case.key, case.history.first().pk],
        "bundle": ["2026", 3],
        "week_of": ["2026-03-18"],
        "minutes": [hospital.kept_day()],
        "row": ["orders|4711"],
        "patient": [hospital.VICTIM],
        "reveal": [hospital.VICTIM],
        "account": [hospital.NOSY],
        "run": [case.last_run_id],
        "proof": ["2026", 3],
        "entry": ["2026", 3],
        **{name: [alert_row()] for name in ("alert_seen", "alert_dismiss")},
        **{name: [difference_row()] for name in ("record_explain", "record_reopen")},
        **{name: [zhou] for name in ("person_link", "person_active", "person_role", "person_contact")},
        **{name: [zhou] for name in ("mapping", "mapping_abandon", "mapping_take_back", "mapping_put_back")},
        **{name: [case.key] for name in ("case", "case_proof", "decide", "note", "reopen", "assign")},
    }
    return reverse(name, args=arguments.get(name, []))


def test_every_address_is_in_the_table(django_home: Any) -> None:
    from wardkeep.web.urls import urlpatterns

    assert {pattern.name for pattern in urlpatterns} == set(TABLE)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_the_table_says_and_nothing_else(role: Role, enter: Any, house: Any) -> None:
    client = enter(role.value, department=house.department)
    for name, (method, roles) in TABLE.items():
        if roles is None or name in ("language", "sign_out"):
            continue
        status = client.generic(method, _address(name, house)).status_code
        if role in roles:
            # A form that was sent empty comes back; a search for nothing leads home.
            assert status in (200, 302, 422), (name, status)
        else:
            assert status == 403, (name, status)


def test_who_is_not_signed_in_sees_only_the_entrance(house: Any) -> None:
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    for name, (method, roles) in TABLE.items():
        if roles is None:
            continue
        response = client.generic(method, _address(name, house))
        assert response.status_code == 302, name
        assert response.headers["Location"].startswith("/sign-in/"), name


def test_who_has_no_second_factor_is_led_to_enrol_before_anything_else(house: Any) -> None:
    from django.test import Client

    from tests.rows import a_user

    client = Client(SERVER_NAME="localhost")
    client.force_login(a_user("half", "security_director"))
    for name, (method, roles) in TABLE.items():
        if roles is None:
            continue
        response = client.generic(method, _address(name, house))
        assert response.headers.get("Location") == "/enrol/", name


@pytest.mark.parametrize("who", [{"account": hospital.NOSY}, {"staff_id": "S002"}])
def test_nobody_opens_a_case_about_himself(who: dict[str, str], enter: Any, house: Any) -> None:
    client = enter("security_director", **who)
    for name in ("case", "case_proof", "act_proof", "decide", "note", "reopen", "assign"):
        assert client.generic(TABLE[name][0], _address(name, house)).status_code == 403, name
    assert house.key not in client.get("/cases/").content.decode()


def test_a_department_head_sees_the_cases_of_his_department_only(enter: Any, house: Any) -> None:
    assert (
        enter("department_head", department=house.department, name="own").get(_address("case", house)).status_code
        == 200
    )
    assert enter("department_head", department="儿科", name="other").get(_address("case", house)).status_code == 403


def test_a_disabled_account_is_out_with_its_next_request(enter: Any, house: Any) -> None:
    from wardkeep.govern.identity.actions import set_active
    from wardkeep.govern.identity.models import User
    from wardkeep.home import now

    client = enter("security_director")
    assert client.get("/").status_code == 200
    set_active(User.objects.get(name="security_director-en"), False, by="cli", at=now())
    assert client.get("/").status_code == 302


def test_an_address_of_another_kind_or_made_by_hand_leads_nowhere(enter: Any, house: Any) -> None:
    from wardkeep.web.opaque import conceal

    client = enter("security_director")
    token = conceal("account", hospital.NOSY)
    assert client.get(f"/accounts/{token}/").status_code == 200
    assert client.get(f"/patients/{token}/").status_code == 404
    assert client.get(f"/accounts/{hospital.NOSY}/").status_code == 404
    assert client.get(f"/accounts/{token[:-2]}AA/").status_code == 404
