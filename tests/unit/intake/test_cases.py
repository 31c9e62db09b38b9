# SPDX-License-Identifier: Apache-2.0
"""Rows that a mapping reads by other columns than the rest."""

from __future__ import annotations

from typing import Any

from tests.unit.intake.reading import read
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake import as_line
from wardkeep.watch.intake.mapping import parse_mapping

BASE = """name = "x"
system = "HIS"
empty = ["-"]
{head}
[columns]
time = "t"
account = "who"
action = "n"
[extra]
note = "note"
[values.action]
"1" = "login"
"2" = "delete"
"33" = "update"
[values.account]
"root" = "admin"
{cases}
"""


def lines(text: str, cases: str, head: str = "") -> list[dict[str, Any]]:
    mapping = parse_mapping(BASE.format(cases=cases, head=head), "x.toml")
    return [as_line(one) for one in read(text.encode(), "x.csv", mapping=mapping) if isinstance(one, AccessEvent)]


TEXT = "t,n,who,by,note\n2026-03-02T08:00:00Z,1,li,wang,a\n2026-03-02T08:00:00Z,2,li,root,b\n2026-03-02T08:00:00Z,33,li,-,\n"


def test_rows_of_a_case_are_read_by_its_columns_and_the_others_as_before() -> None:
    case = '[[cases]]\nwhen = { N = ["2", "3*"] }\ncolumns = { account = "by" }\nextra = { target_account = "who" }\n'
    one, two, three = lines(TEXT, case)
    assert (one["account"], one.get("target_account"), one["note"]) == ("li", None, "a")
    assert one["columns"] == {"by": "wang"}
    assert (two["account"], two["target_account"], two["note"], two["action"]) == ("admin", "li", "b", "delete")
    assert (three["account"], three["target_account"], three["action"]) == (None, "li", "update")
    (told,) = lines("T,N,WHO\n2026-03-02T08:00:00Z,2,li\n", case)
    assert (told["account"], told["target_account"]) == (None, "li")  # a column that is absent says nothing


def test_every_column_of_a_case_must_hold_one_of_its_words_and_what_it_means_counts_against_a_column() -> None:
    case = '[[cases]]\nwhen = { n = ["1"], note = ["A", ""] }\nconstants = { action = "other", count = 7 }\n'
    rows = "2026-03-02T08:00:00Z,1,li,,{}\n"
    found = lines("t,n,who,by,note\n" + "".join(rows.format(word) for word in ("a", "b", "-", "")), case)
    assert [one["kind"] for one in found] == ["other", "access", "other", "other"]
    assert [one["count"] for one in found] == [7, 1, 7, 7]
    assert lines("t,n,who\n2026-03-02T08:00:00Z,1,li\n", case)[0]["kind"] == "other"  # absent is empty
    assert lines("t,n,who\n2026-03-02T08:00:00Z,2,li\n", case)[0]["kind"] == "access"


def test_of_several_cases_the_first_says_what_both_say() -> None:
    first = '[[cases]]\nwhen = { n = ["2"] }\nconstants = { action = "read" }\nextra = { x = "by" }\n'
    second = '[[cases]]\nwhen = { n = ["*"] }\ncolumns = { action = "note", account = "by" }\nextra = { x = "who", y = "t" }\n'
    text = "t,n,who,by,note\n2026-03-02T08:00:00Z,2,li,wang,1\n2026-03-02T08:00:00Z,1,li,wang,2\n"
    one, two = lines(text, first + second)
    assert (one["action"], one["account"], one["x"], one["y"]) == ("read", "wang", "wang", "2026-03-02T08:00:00Z")
    assert (two["action"], two["account"], two["x"]) == ("delete", "wang", "li")
    one, two = lines(text, second + first)
    assert (one["action"], one["x"]) == ("login", "li")


def test_without_a_header_a_column_is_its_number_and_all_that_are_asked_are_named() -> None:
    text = (
        BASE.format(head="header = false", cases='[[cases]]\nwhen = { 2 = ["2"] }\ncolumns = { account = 4 }\n')
        .replace('"t"', "1").replace('"who"', "3").replace('"n"', "2").replace('"note"', "5")
    )  # fmt: skip
    mapping = parse_mapping(text, "x.toml")
    assert mapping.named == [1, 3, 2, 5, 4, 2]
    found = read(TEXT.partition("\n")[2].encode(), "x.csv", mapping=mapping)
    assert [one.account for one in found if isinstance(one, AccessEvent)] == ["li", "admin", "li"]


def test_a_case_may_be_for_rows_of_which_two_columns_name_one_machine() -> None:
    case = '[[cases]]\nwhen = { n = ["1"] }\nsame = ["by", "note"]\nconstants = { account = "", action = "read" }\n'
    names = {
        "SRV,srv.hospital.example": "read", "\\\\srv,SRV": "read", "srv.a.example,srv.b.example": "login",
        "srv1,srv2": "login", ",": "login", "-,-": "login", "LONG-NAMED-SERV,long-named-server.hospital.example": "read",
        "s" * 400 + "," + "s" * 400: "login",
    }  # fmt: skip
    text = "t,n,who,by,note\n" + "".join(f"2026-03-02T08:00:00Z,1,li,{pair}\n" for pair in names)
    found = lines(text, case)
    assert [one["action"] for one in found] == [*names.values()]
    assert (found[0]["account"], found[0]["columns"]["who"]) == (None, "li")  # nothing that was written is lost
    assert {one["action"] for one in lines("t,n,who\n2026-03-02T08:00:00Z,1,li\n", case)} == {"login"}


def test_of_a_column_that_only_must_be_empty_any_text_is_the_same() -> None:
    case = '[[cases]]\nwhen = { n = ["1"], by = [""] }\ncolumns = { account = "note" }\n'
    text = "t,n,who,by,note\n" + "".join(f"2026-03-02T08:00:00Z,1,li,{by},wang\n" for by in ("", "x", "*", "-"))
    assert [one["account"] for one in lines(text, case)] == ["wang", "li", "li", "wang"]
