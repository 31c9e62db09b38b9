# SPDX-License-Identifier: Apache-2.0
"""What names in statements mean is read from the home, or refused with the place of the fault."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from wardkeep.home import Home
from wardkeep.jobs.judging import SchemaUnusable, schema_of
from wardkeep.settings import Judging, Settings
from wardkeep.watch.statistics.reader import Reader
from wardkeep.watch.statistics.schema import EMPTY
from wardkeep.watch.statistics.verdict import Answer

CSV = 'kind,schema,name,column,comment,text\nview,H,V1,,,"SELECT doctor AS a, drug AS b, SUM(qty) AS c FROM rx GROUP BY 1, 2"\n'


def a_home(path: Path, statistics: str) -> Home:
    home = Home(path)
    home.adopt(dataclasses.replace(Settings(), judging=Judging(statistics=statistics)), None)
    return home


def test_a_home_without_the_setting_lets_names_speak_for_themselves(tmp_path: Path) -> None:
    assert schema_of(a_home(tmp_path, "")) is EMPTY


def test_labels_and_schema_of_the_home_are_read(tmp_path: Path) -> None:
    (tmp_path / "statistics.toml").write_text('schema = "his.csv"\ntrusted_procedures = ["p1"]\n', encoding="utf-8")
    (tmp_path / "his.csv").write_text("\ufeff" + CSV, encoding="utf-8")
    reader = Reader(schema_of(a_home(tmp_path, "statistics.toml")))
    assert reader.verdict("SELECT a, c FROM v1").answer is Answer.STATISTICS
    assert reader.verdict("EXEC p1").answer is Answer.ORDINARY


@pytest.mark.parametrize(
    "labels, csv, said",
    [
        (None, None, "statistics.toml"),
        ('schema = "absent.csv"', None, "absent.csv"),
        ('schema = "../../etc/passwd"', None, "beside the labels"),
        ('schema = "his.csv"', "kind,name\nviews,V1\n", "line 2: kind 'views'"),
        ("schema = ", None, "no TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_fault(
    tmp_path: Path, labels: str | None, csv: str | None, said: str
) -> None:
    if labels is not None:
        (tmp_path / "statistics.toml").write_text(labels, encoding="utf-8")
    if csv is not None:
        (tmp_path / "his.csv").write_text(csv, encoding="utf-8")
    with pytest.raises(SchemaUnusable) as raised:
        schema_of(a_home(tmp_path, "statistics.toml"))
    assert said in str(raised.value) and raised.value.exit_status == 2 and "statistics-queries.md" in raised.value.hint
