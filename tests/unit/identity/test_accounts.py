# SPDX-License-Identifier: Apache-2.0
"""Accounts and their one-use links."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import NOON
from tests.rows import a_user

pytestmark = pytest.mark.usefixtures("both_rows")
GOOD = "correct horse battery"


def test_a_link_sets_a_password_once() -> None:
    from wardkeep.govern.identity.actions import IdentityError, make_link, use_link

    li = a_user()
    token = make_link(li, by="cli", at=NOON)
    assert not li.check_password(GOOD)
    assert use_link(token, GOOD, at=NOON).check_password(GOOD)
    with pytest.raises(IdentityError):
        use_link(token, "another good password", at=NOON)
    li.refresh_from_db()
    assert li.check_password(GOOD)


def test_a_link_ends_with_its_time_with_the_next_one_and_with_the_account() -> None:
    from wardkeep.govern.identity.actions import LINK_LIFETIME, find_link, make_link, set_active

    li = a_user()
    first = make_link(li, by="cli", at=NOON)
    assert find_link(first, at=NOON + LINK_LIFETIME - timedelta(seconds=1))
    assert find_link(first, at=NOON + LINK_LIFETIME) is None
    second = make_link(li, by="cli", at=NOON)
    assert find_link(first, at=NOON) is None
    assert find_link(second, at=NOON)
    set_active(li, False, by="cli", at=NOON)
    assert find_link(second, at=NOON) is None


def test_a_weak_password_leaves_the_link_usable() -> None:
    from wardkeep.govern.identity.actions import IdentityError, find_link, make_link, use_link

    token = make_link(a_user(), by="cli", at=NOON)
    for weak in ("short", "passwordpassword"[:8], "li"):
        with pytest.raises(IdentityError):
            use_link(token, weak, at=NOON)
    assert find_link(token, at=NOON)


def test_the_database_holds_no_token_and_no_plain_password() -> None:
    from wardkeep.govern.identity.actions import make_link, use_link
    from wardkeep.govern.identity.models import Link

    token = make_link(a_user(), by="cli", at=NOON)
    user = use_link(token, GOOD, at=NOON)
    assert user.password.startswith("scrypt$")
    assert all(token not in digest for digest in Link.objects.values_list("digest", flat=True))


@pytest.mark.parametrize(
    ("name", "role"), [("li", "auditor"), ("x", "auditor"), ("a b", "auditor"), ("new", "emperor")]
)
def test_an_account_that_cannot_be_is_refused(name: str, role: str) -> None:
    from wardkeep.govern.identity.actions import IdentityError
    from wardkeep.govern.identity.models import User

    a_user("li")
    with pytest.raises(IdentityError):
        a_user(name, role)
    assert User.objects.count() == 1


def test_an_administrator_never_becomes_another_one() -> None:
    from wardkeep.govern.identity.actions import IdentityError, grant_role

    system, specialist = a_user("sys", "system_administrator"), a_user("li")
    for user, role in ((system, "audit_administrator"), (system, "auditor"), (specialist, "system_administrator")):
        with pytest.raises(IdentityError):
            grant_role(user, role, by="cli", at=NOON)
    grant_role(specialist, "privacy_officer", by="cli", at=NOON)
    assert specialist.role == "privacy_officer"


def test_nobody_gives_himself_a_mandate() -> None:
    from wardkeep.govern.identity.actions import IdentityError, give_mandate

    zhao = a_user("zhao", "security_director")
    with pytest.raises(IdentityError):
        give_mandate(zhao, starts_at=NOON, ends_at=NOON + timedelta(days=1), basis="x", by=zhao, at=NOON)


def test_a_second_factors_secret_lies_encrypted() -> None:
    from wardkeep.govern.identity.adapter import MfaAdapter

    adapter = MfaAdapter()
    sealed = adapter.encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY" not in sealed
    assert adapter.encrypt("JBSWY3DPEHPK3PXP") != sealed
    assert adapter.decrypt(sealed) == "JBSWY3DPEHPK3PXP"
