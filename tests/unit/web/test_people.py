# SPDX-License-Identifier: Apache-2.0
"""What the administrators do with accounts, and cannot do."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.rows import a_user
from tests.unit.web.markup import faults


def _user(name: str) -> Any:
    from wardkeep.govern.identity.models import User

    return User.objects.get(name=name)


def test_a_new_account_comes_with_a_link_that_opens_it(enter: Any, house: Any) -> None:
    from django.test import Client

    form = {"name": "fresh", "full_name": "新同事", "role": "security_specialist", "language": "zh"}
    page = enter("system_administrator").post(reverse("person_create"), form).content.decode()
    link = page.partition('<pre class="checkpoint">')[2].partition("</pre>")[0]
    assert link.startswith("http://localhost/welcome/")
    assert Client(SERVER_NAME="localhost").get(link.removeprefix("http://localhost")).status_code == 200
    assert _user("fresh").role == "security_specialist"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "", "role": "auditor", "language": "zh"}, "Choose a name to sign in with."),
        ({"name": "zhou", "role": "auditor", "language": "zh"}, "There is already an account of this name."),
        ({"name": "a b", "role": "auditor", "language": "zh"}, "Use 2 to 60 letters"),
        ({"name": "fine", "role": "king", "language": "zh"}, "valid choice"),
    ],
)
def test_an_account_that_cannot_be_made_says_why(form: dict[str, str], said: str, enter: Any, house: Any) -> None:
    response = enter("system_administrator").post(reverse("person_create"), form)
    assert response.status_code == 422
    assert said in response.content.decode()


def test_a_system_administrator_makes_no_link_into_another_administrators_account(enter: Any, house: Any) -> None:
    client = enter("system_administrator")
    other = a_user("sec", "security_administrator")
    assert client.post(reverse("person_link", args=[other.pk])).status_code == 403
    own = _user("system_administrator-en")
    assert client.post(reverse("person_link", args=[own.pk])).status_code == 403
    assert client.post(reverse("person_active", args=[own.pk]), {"active": "0"}).status_code == 403


def test_an_account_is_kept_out_and_let_in_again(enter: Any, house: Any) -> None:
    client = enter("system_administrator")
    address = reverse("person_active", args=[_user("zhou").pk])
    assert "is kept out" in client.post(address, {"active": "0"}, follow=True).content.decode()
    assert not _user("zhou").is_active
    client.post(address, {"active": "1"})
    assert _user("zhou").is_active


def test_a_role_is_given_but_never_an_administrators(enter: Any, house: Any) -> None:
    client = enter("security_administrator")
    address = reverse("person_role", args=[_user("zhou").pk])
    client.post(address, {"role": "auditor"})
    assert _user("zhou").role == "auditor"
    client.post(address, {"role": "system_administrator"})
    assert _user("zhou").role == "auditor"
    own = _user("security_administrator-en")
    assert client.post(reverse("person_role", args=[own.pk]), {"role": "auditor"}).status_code == 403


@pytest.mark.parametrize("role", ["system_administrator", "security_administrator", "audit_administrator"])
def test_an_administrator_sees_people_and_no_patient(role: str, enter: Any, house: Any) -> None:
    client = enter(role)
    page = client.get("/people/").content.decode()
    assert "周静" in page
    assert faults(page) == []
    today = client.get("/").content.decode()
    assert faults(today) == []
    assert house.account not in today


def test_where_a_person_is_told_is_kept_with_an_act(enter: Any, house: Any) -> None:
    from wardkeep.seal.models import Outbox

    client = enter("system_administrator")
    head = a_user("head", "department_head", department="心血管内科")
    assert "no address: cannot be told of the week" in client.get("/people/").content.decode()
    address = reverse("person_contact", args=[head.pk])
    page = client.post(address, {"mail": "head@h.example", "phone": "+86 138 0000 0001"}, follow=True).content.decode()
    assert "head@h.example · +86 138 0000 0001" in page and "no address" not in page
    assert faults(client.get(address).content.decode()) == []
    last = Outbox.objects.order_by("-order").first().body
    assert "account:contact:set" in last and "example" not in last


@pytest.mark.parametrize(
    "language, said", [("en", "no table of the hospital has this department"), ("zh", "医院的表中没有这个科室")]
)
def test_a_head_of_a_department_that_no_table_has_is_shown(
    language: str, said: str, enter: Any, house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.watch.cases.directory import Directory
    from wardkeep.web.people import views

    a_user("lost", "department_head", department="NOPE")
    a_user("head", "department_head", department="A")
    a_user("not-one", "auditor", department="NOPE")
    client = enter("system_administrator", language)
    known = Directory(by_account={}, by_staff={}, departments={}, people={}, listed=frozenset({"A"}))
    monkeypatch.setattr(views, "directory", lambda: known)
    page = client.get("/people/").content.decode()
    assert page.count(said) == 1 and faults(page) == []

    def broken() -> Any:
        raise OSError

    monkeypatch.setattr(views, "directory", broken)
    assert said not in client.get("/people/").content.decode()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"mail": "head"}, "This is no mail address"),
        ({"phone": "call me"}, "Write digits"),
        ({"mail": "a@b,c@d"}, "no mail"),
    ],
)
def test_an_address_that_cannot_be_one_says_so_beside_the_field(
    form: dict[str, str], said: str, enter: Any, house: Any
) -> None:
    from wardkeep.govern.identity.models import Contact

    response = enter("system_administrator").post(reverse("person_contact", args=[_user("zhou").pk]), form)
    assert response.status_code == 422 and said in response.content.decode()
    assert not Contact.objects.exists()


def test_a_new_head_comes_with_an_address(enter: Any, house: Any) -> None:
    form = {"name": "head", "role": "department_head", "language": "zh", "department": "A", "mail": "head@h.example"}
    assert enter("system_administrator").post(reverse("person_create"), form).status_code == 200
    assert _user("head").contact.mail == "head@h.example"
