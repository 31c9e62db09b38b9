# SPDX-License-Identifier: Apache-2.0
"""A confirmed mapping's file that somebody changed or removed: the page says so and puts back what was confirmed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import NOON
from tests.rows import a_user
from tests.unit.jobs.test_mappings import TEXT
from wardkeep.jobs.mappings import confirm_mapping, mapping_file, mappings_folder


@pytest.fixture
def confirmed(house: Any, django_home: Any) -> Iterator[Any]:
    yield confirm_mapping(django_home, "his", TEXT, by=a_user(), at=NOON)
    shutil.rmtree(mappings_folder(django_home), ignore_errors=True)


@pytest.mark.parametrize("done", ["changed", "removed"])
def test_a_file_that_is_not_what_was_confirmed_is_said_and_put_back(
    done: str, enter: Any, confirmed: Any, django_home: Any
) -> None:
    client, path = enter("data_administrator"), mapping_file(django_home, "his")
    assert "Put back" not in client.get("/intake/").content.decode()
    path.unlink() if done == "removed" else path.write_text("else", encoding="utf-8")
    page = client.get("/intake/").content.decode()
    assert "not what was confirmed" in page and "Put back" in page
    said = client.post(f"/intake/mappings/{confirmed.pk}/put-back/", follow=True).content.decode()
    assert "is again what was confirmed" in said and path.read_text(encoding="utf-8") == TEXT


def test_what_was_taken_back_is_not_put_back(enter: Any, confirmed: Any, django_home: Any) -> None:
    client = enter("data_administrator")
    client.post(f"/intake/mappings/{confirmed.pk}/take-back/")
    said = client.post(f"/intake/mappings/{confirmed.pk}/put-back/", follow=True).content.decode()
    assert "look again" in said and not mapping_file(django_home, "his").exists()
