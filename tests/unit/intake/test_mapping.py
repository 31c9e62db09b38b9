# SPDX-License-Identifier: Apache-2.0
"""Mapping files: what may stand in them, and what an error says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wardkeep.watch.intake import BadMapping, Mapping, load_mapping, mapping_beside
from wardkeep.watch.intake.mapping import HOSPITAL, SHIPPED, TARGETS, parse_mapping, resolved

GOOD = 'name = "x"\nsystem = "HIS"\n[columns]\ntime = "t"\naction = "a"\n'


def test_a_mapping_needs_little() -> None:
    mapping = parse_mapping(GOOD, "x.toml")
    assert (mapping.encoding, mapping.separator, mapping.quote, mapping.header) == ("utf-8", ",", '"', True)
    assert mapping.formats == ["iso"]


@pytest.mark.parametrize(
    "text, said",
    [
        ("name = ", "x.toml: "),
        (GOOD + 'shoe_size = "9"\n', "shoe_size"),
        (GOOD.replace('time = "t"', ""), "columns.time is missing"),
        (GOOD.replace('action = "a"', ""), "neither columns.action nor constants.action"),
        (GOOD.replace('system = "HIS"', ""), "neither system nor columns.system"),
        (GOOD.replace('action = "a"', 'action = "a"\nshoe = "b"'), "'shoe' is nothing a column can become"),
        (GOOD.replace('action = "a"', 'action = ["a", "b"]'), "columns.action is a list"),
        (GOOD.replace('time = "t"', "time = []"), "columns.time is a list"),
        (GOOD.replace('time = "t"', "time = 0"), "columns are numbered from 1"),
        (GOOD.replace("[columns]", "header = false\n[columns]"), "there is no header"),
        (GOOD.replace("[columns]", 'encoding = "klingon"\n[columns]'), "encoding is 'klingon'"),
        (GOOD.replace("[columns]", 'encoding = "utf-32"\n[columns]'), "convert the file"),
        (GOOD.replace("[columns]", 'encoding = "base64"\n[columns]'), "encoding is 'base64'"),
        (GOOD.replace("[columns]", 'separator = ""\n[columns]'), "separator is ''"),
        (GOOD.replace("[columns]", 'quote = ",,"\n[columns]'), "quote is ',,'"),
        (GOOD.replace("[columns]", 'quote = ","\n[columns]'), "not in the separator"),
        (GOOD.replace("[columns]", "skip_lines = -1\n[columns]"), "skip_lines is -1"),
        (GOOD.replace("[columns]", 'zone = "Mars/Olympus"\n[columns]'), "zone is 'Mars/Olympus'"),
        (GOOD.replace("[columns]", 'zone = "../etc/passwd"\n[columns]'), "zone is '../etc/passwd'"),
        (GOOD.replace("[columns]", 'time_format = "%Q"\n[columns]'), "time format '%Q'"),
        (GOOD.replace("[columns]", "time_format = []\n[columns]"), "time_format is empty"),
        (GOOD + '[values.action]\n"x" = "devour"\n', "action has 'devour': give one of login"),
        (GOOD + '[values.outcome]\n"*" = "ok"\n', "outcome has 'ok'"),
        (GOOD + "[constants]\ncount = -1\n", "constants.count is -1"),
        (GOOD + '[constants]\ntime = "2026-03-02"\n', "time can be neither"),
        (GOOD + '[lists]\nsite = ";"\n', "only patient_id"),
        (GOOD + '[extra]\nkind = "k"\n', "extra.kind: give a name"),
        (GOOD + '[extra]\n"Two Words" = "k"\n', "extra.Two Words"),
        (GOOD + "[extra]\nprogram = 0\n", "extra.program is 0: columns are numbered from 1"),
        (GOOD.replace('action = "a"', 'action = "a"\nevent_id = []'), "columns.event_id is a list"),
        (GOOD + '[zones]\nt = "Mars/Olympus"\n', "zones.t is 'Mars/Olympus'"),
        (GOOD + '[zones]\nt = ""\n', "zones.t is ''"),
        (GOOD + '[zones]\na = "UTC"\n', "zones has 'a', which is no column of columns.time"),
        (GOOD + '[[outcomes]]\ncolumn = "e"\nvalues = { "4625" = "lost" }\n', "outcomes.values has 'lost'"),
        (GOOD + "[[outcomes]]\ncolumn = 0\nvalues = {}\n", "outcomes.column is 0"),
        (GOOD + '[[outcomes]]\ncolumn = "e"\n', "values"),
        (GOOD + "[[cases]]\nwhen = {}\n", "cases.when is empty"),
        (GOOD + "[[cases]]\nwhen = { e = [] }\n", "cases.when is empty"),
        (GOOD + '[[cases]]\nwhen = { e = ["1"] }\ncolumns = { shoe = "b" }\n', "cases has 'shoe'"),
        (GOOD + '[[cases]]\nwhen = { e = ["1"] }\ncolumns = { time = "b" }\n', "cases has 'time'"),
        (GOOD + '[[cases]]\nwhen = { e = ["1"] }\ncolumns = { site = 0 }\n', "cases.columns.site is 0"),
        (GOOD + '[[cases]]\nwhen = { e = ["1"] }\nextra = { kind = "b" }\n', "cases.extra.kind: give a name"),
        (GOOD + '[[cases]]\nwhen = { e = ["1"] }\nsame = ["a"]\n', "length 2"),
        (GOOD + '[[cases]]\nwhen = { e = ["1"] }\nsame = ["a", 0]\n', "cases.same[1] is 0"),
        (GOOD + '[[cases]]\nwhen = { e = ["1"] }\nconstants = { action = "devour" }\n', "action has 'devour'"),
        (GOOD + '[[cases]]\nwhen = { e = ["1"] }\nconstants = { count = -1 }\n', "cases.constants.count is -1"),
        (GOOD + '[[cases]]\nwhen = { e = ["1"] }\ncolumns = { site = "s" }\nconstants = { site = "x" }\n', "for site"),
        ("[" * 5000, "x.toml: "),
    ],
)
def test_what_breaks_a_rule_is_named_with_its_file_and_value(text: str, said: str) -> None:
    with pytest.raises(BadMapping) as error:
        parse_mapping(text, "x.toml")
    assert str(error.value).startswith("x.toml: ") and said in str(error.value)
    assert error.value.exit_status == 2 and error.value.hint


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_mapping_loads_by_its_name(name: str) -> None:
    assert load_mapping(name).name == name


def test_a_missing_mapping_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match="nowhere"):
        load_mapping(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(BadMapping, match="not in UTF-8"):
        load_mapping(tmp_path / "latin.toml")


def test_the_mapping_beside_an_export_is_found(tmp_path: Path) -> None:
    (tmp_path / "his.toml").write_text(GOOD)
    assert mapping_beside(tmp_path / "his.csv") == tmp_path / "his.toml"
    assert mapping_beside(tmp_path / "his.csv.gz") == tmp_path / "his.toml"
    assert mapping_beside(tmp_path / "lis.csv") is None
    assert mapping_beside(tmp_path / "his.toml") is None


def test_a_mapping_without_a_zone_takes_the_hospitals_but_the_hospital_folder_needs_offsets() -> None:
    assert resolved(parse_mapping(GOOD, "x"), "Asia/Shanghai").zone == "Asia/Shanghai"
    own = parse_mapping(GOOD.replace("[columns]", 'zone = "Europe/Berlin"\n[columns]'), "x")
    assert resolved(own, "Asia/Shanghai").zone == "Europe/Berlin"
    assert resolved(HOSPITAL, "Asia/Shanghai").zone is None


def test_the_examples_of_the_reference_are_mappings() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "reference" / "mapping-files.md"
    text = page.read_text("utf-8")
    examples = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert examples and all(parse_mapping(example, "example") for example in examples)
    for key in Mapping.__struct_fields__:
        assert f"`{key}`" in text or f"`[{key}" in text or key == "offset_required", key
    for target in TARGETS:
        assert f"`{target}`" in text, target
