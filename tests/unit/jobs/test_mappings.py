# SPDX-License-Identifier: Apache-2.0
"""Confirmed mappings: the newest version counts, taking it back brings the one before, and each step is an act."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOON
from tests.rows import a_user
from wardkeep.jobs.mappings import (
    confirm_mapping,
    confirmed_mapping,
    is_in_place,
    mapping_file,
    mappings_folder,
    mappings_standing,
    put_in_place,
    take_back_mapping,
)

TEXT = """
name = "his"
system = "HIS"
files = ["his-*.csv"]
[columns]
time = "time"
[constants]
action = "read"
"""
OTHER = TEXT.replace("his-*", "his-east-*").replace('name = "his"', 'name = "east"')


@pytest.fixture
def home(both_rows: str, django_home: Any) -> Iterator[Any]:
    yield django_home
    shutil.rmtree(mappings_folder(django_home), ignore_errors=True)


def acts() -> list[dict[str, Any]]:
    from wardkeep.seal.models import Outbox

    said = [json.loads(row.body) for row in Outbox.objects.order_by("order")]
    return [one for one in said if one["act"].startswith("intake:mapping:")]


def test_what_was_confirmed_lies_in_the_home_and_an_act_says_whose_it_is(home: Any) -> None:
    li = a_user()
    row = confirm_mapping(home, "his", TEXT, by=li, at=NOON)
    assert mapping_file(home, "his").read_text(encoding="utf-8") == TEXT and is_in_place(home, row)
    (act,) = acts()
    assert act["actor"] == f"user:{li.pk}" and act["facts"]["version"] == 1
    assert re.findall(r"\bHIS\b", json.dumps(act)) == []


def test_taking_back_brings_the_version_before_and_keeps_every_row(home: Any) -> None:
    from wardkeep.govern.mappings.actions import NotInForce, in_force
    from wardkeep.govern.mappings.models import MappingVersion

    li = a_user()
    first = confirm_mapping(home, "his", TEXT, by=li, at=NOON)
    second = confirm_mapping(home, "his", TEXT + "\n", by=li, at=NOON)
    with pytest.raises(NotInForce):
        take_back_mapping(home, first, by=li, at=NOON)
    assert take_back_mapping(home, second, by=li, at=NOON) == first
    assert mapping_file(home, "his").read_text(encoding="utf-8") == TEXT
    assert take_back_mapping(home, first, by=li, at=NOON) is None
    assert not mapping_file(home, "his").exists() and in_force() == {}
    third = confirm_mapping(home, "his", OTHER, by=li, at=NOON)
    assert third.version == 3 and MappingVersion.objects.count() == 3
    assert [act["act"].rpartition(":")[2] for act in acts()] == ["confirmed"] * 2 + ["taken_back"] * 2 + ["confirmed"]


def test_a_file_that_was_changed_by_hand_is_not_what_was_confirmed(home: Any) -> None:
    row = confirm_mapping(home, "his", TEXT, by=a_user(), at=NOON)
    mapping_file(home, "his").write_text("else", encoding="utf-8")
    assert not is_in_place(home, row)
    put_in_place(home, "his")
    assert is_in_place(home, row)


def test_how_the_folder_stands_beside_what_was_confirmed_is_told_by_name(home: Any) -> None:
    li = a_user()
    for name in ("kept", "changed", "missing", "ended"):
        row = confirm_mapping(home, name, TEXT, by=li, at=NOON)
    text = mapping_file(home, "ended").read_bytes()
    take_back_mapping(home, row, by=li, at=NOON)
    sound = mappings_standing(home)
    assert (sound.confirmed, sound.changed, sound.missing, sound.taken_back, sound.broken) == (3, [], [], [], [])
    mapping_file(home, "changed").write_text(OTHER, encoding="utf-8")
    mapping_file(home, "missing").unlink()
    mapping_file(home, "ended").write_bytes(text)
    mapping_file(home, "by-hand").write_text(OTHER, encoding="utf-8")
    mapping_file(home, "torn").write_bytes(b"name = \xff")
    found = mappings_standing(home)
    assert (found.changed, found.missing, found.taken_back, found.broken) == (
        ["changed"],
        ["missing"],
        ["ended"],
        ["torn"],
    )
    # What somebody put there since is no remains of what was taken back.
    mapping_file(home, "ended").write_text(OTHER, encoding="utf-8")
    assert mappings_standing(home).taken_back == []


def test_a_row_that_was_edited_behind_our_back_is_named(home: Any) -> None:
    from django.db import connection

    from wardkeep.seal.digest import column_digests

    row = confirm_mapping(home, "his", TEXT, by=a_user(), at=NOON)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mappings_mappingversion SET text = 'else'")
    row.refresh_from_db()
    assert column_digests(row) != bytes(row.seal_columns)


def test_a_file_is_read_by_the_mapping_whose_pattern_says_most_of_its_name(home: Any) -> None:
    folder = mappings_folder(home)
    assert confirmed_mapping(home, "his-1.csv") is None
    folder.mkdir()
    for name, text in (("his", TEXT), ("east", OTHER)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    found = {name: confirmed_mapping(home, name) for name in ("his-1.csv", "his-east-1.csv.gz", "pacs.csv")}
    assert {name: mapping and mapping.name for name, mapping in found.items()} == {
        "his-1.csv": "his",
        "his-east-1.csv.gz": "east",
        "pacs.csv": None,
    }


def test_ingest_names_a_confirmed_mapping_or_finds_it(home: Any, tmp_path: Path) -> None:
    from wardkeep.jobs.ingesting import logs_of, mapping_named

    confirm_mapping(home, "his", TEXT, by=a_user(), at=NOON)
    export = tmp_path / "his-0302.csv"
    export.write_text("time\n2026-03-02T08:00:00+08:00\n", encoding="utf-8")
    (found,) = logs_of([export], home=home)
    assert found.mapping is not None and found.mapping.name == "his"
    (plain,) = logs_of([export])
    assert plain.mapping is None
    (named,) = logs_of([export], format="hospital", home=home)
    assert named.mapping is None
    assert mapping_named("his", home) == found.mapping
    beside = tmp_path / "his-0302.toml"
    beside.write_text(OTHER, encoding="utf-8")
    (nearer,) = logs_of([export], home=home)
    assert nearer.mapping is not None and nearer.mapping.name == "east"
