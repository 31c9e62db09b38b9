# SPDX-License-Identifier: Apache-2.0
"""An imported schema explains silent names; one that cannot be used says where."""

from __future__ import annotations

import pytest

from wardkeep.watch.statistics.reader import Reader
from wardkeep.watch.statistics.schema import SchemaError, read_schema
from wardkeep.watch.statistics.verdict import Answer

HEAD = "kind,schema,name,column,comment,text\n"


def answer(csv: str, text: str, labels: str = "") -> Answer:
    return Reader(read_schema(HEAD + csv, labels)).verdict(text).answer


def test_a_comment_says_what_a_column_is() -> None:
    csv = "table,H,T1,,发药明细,\ncolumn,H,T1,A,开单医生,\ncolumn,H,T1,B,药品,\ncolumn,H,T1,C,数量,\n"
    assert answer(csv, "SELECT A, B, SUM(C) FROM T1 GROUP BY A, B") is Answer.STATISTICS
    assert answer(csv, "SELECT B, SUM(C) FROM T1 GROUP BY B") is Answer.ORDINARY


def test_labels_of_the_operator_win() -> None:
    said = '[columns]\n"t1.a" = "prescriber"\n"t1.b" = ["drug"]\n"rx.doctor" = "none"\n'
    assert answer("", "SELECT a, b, SUM(c) FROM t1 GROUP BY a, b", said) is Answer.STATISTICS
    assert answer("", "SELECT doctor, drug, SUM(qty) FROM rx GROUP BY doctor, drug", said) is Answer.ORDINARY


def test_a_procedure_that_the_operator_vouches_for_is_no_question() -> None:
    assert answer("", "EXEC zz_1") is Answer.UNKNOWN
    assert answer("", "EXEC zz_1", 'trusted_procedures = ["ZZ_1"]') is Answer.ORDINARY


def test_a_view_that_reads_itself_ends() -> None:
    csv = "view,H,V1,,,SELECT * FROM V2\nview,H,V2,,,SELECT * FROM V1\n"
    assert answer(csv, "SELECT * FROM V1") is Answer.ORDINARY


def test_a_procedure_that_calls_itself_ends() -> None:
    csv = 'procedure,H,P1,,,"BEGIN P1(1); END;"\nsynonym,H,S1,,,S2\nsynonym,H,S2,,,S1\n'
    assert answer(csv, "CALL P1()") is Answer.ORDINARY
    assert answer(csv, "SELECT * FROM S1") is Answer.ORDINARY


@pytest.mark.parametrize(
    "text, labels, said",
    [
        ("a,b\n1,2\n", "", "no column kind, name"),
        (HEAD + "index,H,X,,,\n", "", "line 2: kind 'index'"),
        (HEAD + "view,H,,,,\n", "", "line 2: a view without a name"),
        ("", "columns = 3", "[columns] is a table"),
        ("", '[columns]\n"a.b" = "pill"', "column a.b = 'pill'"),
        ("", "x = ", "no TOML"),
        ("", "colums = 3", "colums"),
        ("kind,na\rme\n", "", "the header"),
        ("", '[columns]\na = [["drug"]]', "column a = [['drug']]"),
        ("", "columns = " + "[" * 2000, "no TOML"),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, labels: str, said: str) -> None:
    with pytest.raises(SchemaError) as raised:
        read_schema(text, labels)
    assert said in str(raised.value)


def test_a_byte_order_mark_and_columns_in_any_order_are_taken() -> None:
    schema = read_schema("\ufeffNAME,KIND,TEXT\nv1,view,SELECT doctor FROM rx\n")
    assert schema.views == {"v1": "SELECT doctor FROM rx"}
