# SPDX-License-Identifier: Apache-2.0
"""The entrance: one-use links, two steps, locking out, leaving."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.acceptance.web.browser import code_now
from tests.unit.web import hospital

PASSWORD = hospital.PASSWORD


@pytest.fixture
def visitor(house: Any) -> Any:
    from django.test import Client

    return Client(SERVER_NAME="localhost", headers={"accept-language": "en"})


def _link(name: str = "newone", role: str = "system_administrator") -> tuple[Any, str]:
    from tests.rows import a_user
    from wardkeep.govern.identity.actions import make_link
    from wardkeep.home import now

    user = a_user(name, role, language="en")
    return user, f"/welcome/{make_link(user, by='cli', at=now())}/"


def _secret(page: str) -> str:
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    assert found
    return found[1].replace(" ", "")


def test_a_link_opens_an_account_with_password_and_second_factor_together(visitor: Any) -> None:
    user, address = _link()
    page = visitor.get(address).content.decode()
    assert "<svg" in page
    form = {"password1": PASSWORD, "password2": PASSWORD, "code": code_now(_secret(page))}
    response = visitor.post(address, form)
    assert response.headers["Location"] == "/recovery-codes/"
    codes = re.findall(r"<li><code>(\d+)</code>", visitor.get("/recovery-codes/").content.decode())
    assert len(codes) == 10
    # They are shown once.
    assert visitor.get("/recovery-codes/").status_code == 302
    assert visitor.get("/").status_code == 200
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_link_works_once(visitor: Any) -> None:
    _, address = _link()
    page = visitor.get(address).content.decode()
    form = {"password1": PASSWORD, "password2": PASSWORD, "code": code_now(_secret(page))}
    visitor.post(address, form)
    again = visitor.get(address)
    assert again.status_code == 410
    assert visitor.post(address, form).status_code == 410


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": "000000"}, "This code does not fit"),
        ({"code": ""}, "six digits"),
        ({"password2": "another sentence"}, "The two passwords differ."),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password1": "password1234", "password2": "password1234"}, "too common"),
    ],
)
def test_a_link_that_was_filled_in_wrong_stays_good_and_opens_nothing(
    change: dict[str, str], said: str, visitor: Any
) -> None:
    from wardkeep.web.signin.enrolling import is_enrolled

    user, address = _link()
    page = visitor.get(address).content.decode()
    form = {"password1": PASSWORD, "password2": PASSWORD, "code": code_now(_secret(page)), **change}
    response = visitor.post(address, form)
    assert response.status_code == 422
    assert said in response.content.decode()
    user.refresh_from_db()
    assert not user.has_usable_password()
    assert not is_enrolled(user)
    # The same secret is offered again: the phone that has it stays right.
    assert _secret(response.content.decode()) == _secret(page)


def test_a_link_of_an_account_with_a_second_factor_does_not_get_around_it(visitor: Any) -> None:
    from wardkeep.govern.identity.actions import make_link
    from wardkeep.home import now

    member = hospital.a_member("old", "security_director", "en")
    address = f"/welcome/{make_link(member, by='cli', at=now())}/"
    assert "<code" not in visitor.get(address).content.decode()
    response = visitor.post(address, {"password1": "another quiet river", "password2": "another quiet river"})
    assert response.headers["Location"] == "/sign-in/"
    assert visitor.get("/").status_code == 302
    second = visitor.post("/sign-in/", {"login": "old", "password": "another quiet river"})
    assert second.headers["Location"] == "/sign-in/code/"


def test_both_steps_are_needed(visitor: Any) -> None:
    hospital.a_member("both", "security_director", "en")
    assert visitor.post("/sign-in/", {"login": "both", "password": PASSWORD}).headers["Location"] == "/sign-in/code/"
    assert visitor.get("/").status_code == 302
    wrong = visitor.post("/sign-in/code/", {"code": "123456"})
    assert "Incorrect code" in wrong.content.decode()
    visitor.post("/sign-in/code/", {"code": code_now()})
    assert visitor.get("/").status_code == 200


def test_a_recovery_code_replaces_the_phone_once(visitor: Any) -> None:
    from allauth.mfa.models import Authenticator
    from django.test import Client

    member = hospital.a_member("lost", "security_director", "en")
    code = Authenticator.objects.get(user=member, type="recovery_codes").wrap().get_unused_codes()[0]
    for client, opened in ((visitor, 200), (Client(SERVER_NAME="localhost"), 302)):
        client.post("/sign-in/", {"login": "lost", "password": PASSWORD})
        client.post("/sign-in/code/", {"code": code})
        assert client.get("/").status_code == opened


def test_an_unknown_name_and_a_wrong_password_are_answered_alike(visitor: Any) -> None:
    hospital.a_member("known", "security_director", "en")
    answers = []
    for name in ("known", "unknown"):
        page = visitor.post("/sign-in/", {"login": name, "password": "wrong wrong wrong"}).content.decode()
        answers.append(re.sub(r"csrfmiddlewaretoken.*?>|value=\"[^\"]*\"", "", page))
    assert answers[0] == answers[1]


def test_guessing_locks_the_name_out_even_for_the_right_password(visitor: Any) -> None:
    hospital.a_member("victim", "security_director", "en")
    for _ in range(5):
        visitor.post("/sign-in/", {"login": "victim", "password": "wrong wrong wrong"})
    response = visitor.post("/sign-in/", {"login": "victim", "password": PASSWORD})
    assert response.status_code == 200
    assert "Too many failed" in response.content.decode()


def test_signing_out_ends_the_session_and_needs_a_post(enter: Any) -> None:
    client = enter("security_director")
    assert client.get("/sign-out/").status_code == 405
    client.post("/sign-out/")
    assert client.get("/").status_code == 302


def test_a_person_reads_in_the_language_that_he_chose(enter: Any) -> None:
    client = enter("security_director", "en")
    assert "Cases to read" in client.get("/").content.decode()
    assert client.post("/me/language/", {"language": "zh", "next": "/cases/"}).headers["Location"] == "/cases/"
    page = client.get("/").content.decode()
    assert "待查看案例" in page
    assert 'lang="zh-CN"' in page


@pytest.mark.parametrize("next_", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_choosing_a_language_leads_to_no_other_host(next_: str, enter: Any) -> None:
    response = enter("security_director").post("/me/language/", {"language": "en", "next": next_})
    assert response.headers["Location"] == "/"


def test_a_password_is_changed_against_the_old_one_and_ends_every_session(enter: Any) -> None:
    client = enter("security_director")
    new = {"password1": "a calm lake at dawn", "password2": "a calm lake at dawn"}
    wrong = client.post("/me/password/", {"old": "not it", **new})
    assert wrong.status_code == 422
    assert "not your current password" in wrong.content.decode()
    assert client.post("/me/password/", {"old": PASSWORD, **new}).headers["Location"] == "/sign-in/"
    assert client.get("/").status_code == 302


def test_new_recovery_codes_need_a_code(enter: Any) -> None:
    client = enter("security_director")
    assert client.post("/me/recovery-codes/", {"code": "000000"}).status_code == 422
    assert client.post("/me/recovery-codes/", {"code": code_now()}).headers["Location"] == "/recovery-codes/"


def test_a_form_of_another_site_is_refused(house: Any) -> None:
    from django.test import Client

    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    client.force_login(hospital.a_member("guarded", "security_director", "en"))
    assert client.post("/search/", {"text": "P000777"}).status_code == 403


def test_a_part_of_a_page_asked_for_after_the_session_ended_leads_to_sign_in(house: Any) -> None:
    from django.test import Client

    response = Client(SERVER_NAME="localhost").get("/", headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert response.headers["HX-Redirect"] == "/sign-in/"
