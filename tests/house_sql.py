# SPDX-License-Identifier: Apache-2.0
"""The subset of SQL in which judgement texts are written, for another engine to run (docs/reference/detections.md)."""

from __future__ import annotations

import sqlglot
from sqlglot import ErrorLevel, exp


def runs_on_spark(text: str) -> bool:
    """Whether the text says something in Spark's dialect. Raises UnsupportedError, ParseError."""
    (said,) = sqlglot.transpile(text, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE)
    return bool(sqlglot.parse_one(said, read="spark"))


def outside_subset(text: str) -> list[str]:
    """What in a text is not of the subset."""
    tree = sqlglot.parse_one(text, read="duckdb")
    faults = []
    if list(tree.find_all(exp.Exists)):
        faults.append("EXISTS: write a join with equality keys")
    for join in tree.find_all(exp.Join):
        if join.args.get("using"):
            faults.append("USING: write ON")
        if join.kind != "CROSS" and not join.args.get("on"):
            faults.append(f"join without ON: {join.sql()[:60]}")
    for window in tree.find_all(exp.Window):
        if window.find(exp.Distinct):
            faults.append("DISTINCT in a window")
    for select in tree.find_all(exp.Select):
        faults += [f"no alias: {e.sql()[:60]}" for e in select.expressions if not isinstance(e, exp.Alias)]
    return faults
