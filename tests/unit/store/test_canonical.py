# SPDX-License-Identifier: Apache-2.0
"""The canonical row: published vectors, and two roads to the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardkeep.ledger import event_leaf
from wardkeep.watch.store import canonical
from wardkeep.watch.store.canonical import FIELDS, leaves, render, render_all

VECTORS = json.loads((Path(__file__).parents[3] / "docs/reference/store-vectors.json").read_text(encoding="utf-8"))
TYPES = {"text": pa.string(), "number": pa.int64(), "flag": pa.bool_(), "bytes32": pa.binary(32)}
SCHEMA = pa.schema([pa.field(f.name, TYPES[f.kind]) for f in FIELDS[1]])
VALUES = {
    "text": st.text(max_size=12),
    "number": st.integers(-(2**63), 2**63 - 1),
    "flag": st.booleans(),
    "bytes32": st.binary(min_size=32, max_size=32),
}
ROW = st.fixed_dictionaries({f.name: VALUES[f.kind] | (st.none() if f.nullable else st.nothing()) for f in FIELDS[1]})


def by_the_page(row: dict[str, Any]) -> bytes:
    """The row as docs/reference/store.md describes it, written without looking at the code."""
    out = b""
    for field in VECTORS["fields"]:
        value = row[field["name"]]
        if value is None:
            out += b"-,"
            continue
        if field["kind"] == "flag":
            value = "1" if value else "0"
        text = str(value).encode("utf-8")
        out += str(len(text)).encode() + b":" + text + b","
    return out


def values_of(vector: dict[str, Any]) -> dict[str, Any]:
    """A vector's row as the store holds it."""
    row = {f.name: vector["row"][f.name] for f in FIELDS[1]}
    for field in FIELDS[1]:
        if field.kind == "number" and row[field.name] is not None:
            row[field.name] = int(row[field.name])
    return {**row, "raw_sha256": bytes.fromhex(row["raw_sha256"])}


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda v: v["name"])
def test_a_published_vector_gives_its_row_and_its_entry(set_based: None, vector: dict[str, Any]) -> None:
    row = values_of(vector)
    row_bytes, salt = bytes.fromhex(vector["canonical"]), bytes.fromhex(vector["salt"])
    assert render(row) == row_bytes == by_the_page(vector["row"])
    assert render_all(pa.Table.from_pylist([row], schema=SCHEMA)) == [row_bytes]
    assert leaves([row_bytes], salt) == [event_leaf(salt, row_bytes)] == [bytes.fromhex(vector["entry"])]


def test_the_published_field_list_is_that_of_version_1() -> None:
    said = [(f["name"], f["kind"], f["nullable"]) for f in VECTORS["fields"]]
    assert said == [(f.name, f.kind, f.nullable) for f in FIELDS[1]]


@pytest.fixture(scope="module")
def set_based() -> Iterator[None]:
    """No table is small enough for the road of one row."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "FEW", 0)
        yield


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, max_size=8))
def test_one_row_and_many_are_rendered_alike(set_based: None, rows: list[dict[str, Any]]) -> None:
    assert render_all(pa.Table.from_pylist(rows, schema=SCHEMA)) == [render(row) for row in rows]


@settings(max_examples=200, deadline=None)
@given(ROW, ROW)
def test_different_rows_never_share_their_bytes(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (render(one) == render(other)) == (one == other)


def test_a_field_that_cannot_be_empty_is_refused() -> None:
    row = {**values_of(VECTORS["vectors"][0]), "system": None}
    with pytest.raises(ValueError, match="field system"):
        render(row)
