# SPDX-License-Identifier: Apache-2.0
"""A furnished hospital, people of every role, and a browser without a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.web import hospital


@pytest.fixture
def house(rows: None, django_home: Any) -> Iterator[Any]:
    """Rows, store and ledger of the invented hospital; gives the case of the nosy nurse."""
    from django.core.cache import cache
    from django.test import override_settings

    cache.clear()
    # Password hashing is slow on purpose; what it protects is not here.
    quick = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    with quick, hospital.furnished(django_home):
        yield hospital.fill()


@pytest.fixture
def enter(house: Any) -> Callable[..., Any]:
    """Signs in as a role, as after both steps; gives a client."""

    def enter_as(role: str, language: str = "en", **more: Any) -> Any:
        from django.test import Client

        name = more.pop("name", f"{role}-{language}")
        client = Client(SERVER_NAME="localhost", headers={"accept-language": "en" if language == "en" else "zh-CN"})
        client.force_login(hospital.a_member(name, role, language, **more))
        return client

    return enter_as
