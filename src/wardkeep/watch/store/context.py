# SPDX-License-Identifier: Apache-2.0
"""The hospital's tables over time: each load is kept as what it changed, so that any moment can be asked for.

A context file holds the rows of one table that one load put or retracted: the table's columns, `op` (`put`, `retract`) and,
by its batch, when that was. What was known at a moment is the last operation of each natural key until then. A row is
changed where any column differs; where `src` is only a place in a file, a new place is no change.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from wardkeep.watch.hospital.tables import KEPT, TABLES, Table
from wardkeep.watch.store.errors import StoreError

_TYPES = {"time": pa.int64(), "date": pa.int32(), "flag": pa.bool_()}


def schema_of(name: str) -> pa.Schema:
    """The columns of a table as engines see them."""
    columns = [pa.field(c.engine_name, _TYPES.get(c.type, pa.string())) for c in _table(name).columns]
    return pa.schema([*columns, pa.field("src", pa.string())])


def normalised(name: str, table: pa.Table) -> pa.Table:
    """`table` with exactly the columns of its schema; those that it lacks are empty."""
    schema = schema_of(name)
    columns = [
        table.column(f.name).cast(f.type) if f.name in table.column_names else pa.nulls(table.num_rows, f.type)
        for f in schema
    ]
    return pa.table(columns, schema=schema)


def change(
    name: str,
    known: pa.Table,
    incoming: pa.Table,
    *,
    full: bool,
    held: pa.Table | None = None,
    gone: pa.Table | None = None,
) -> pa.Table:
    """What a load changes: rows with `op`. Of rows with one natural key the last of the load counts.

    held: keys of rows that are there but could not be read; they are not retracted. gone: keys of rows that are.
    """
    table = _table(name)
    keys = [column.engine_name for column in table.columns if column.name in table.key]
    columns = schema_of(name).names
    compared = [c for c in columns if c not in keys and (c != "src" or table.id is not None)]
    same = " AND ".join([f'o."{c}" IS NOT DISTINCT FROM n."{c}"' for c in compared]) or "true"
    match = " AND ".join(f'o."{k}" IS NOT DISTINCT FROM n."{k}"' for k in keys)
    by_key = ", ".join(f'"{k}"' for k in keys)
    absent = f"NOT EXISTS (SELECT 1 FROM n WHERE {match})"  # noqa: S608 - names of our own tables
    if held is not None:
        absent += f" AND NOT EXISTS (SELECT 1 FROM held n WHERE {match})"  # noqa: S608
    retracted = absent
    if not full:
        retracted += f" AND EXISTS (SELECT 1 FROM gone n WHERE {match})"  # noqa: S608
    sql = f"""
        WITH n AS (
            SELECT * EXCLUDE (line) FROM (SELECT *, row_number() OVER () AS line FROM incoming)
            QUALIFY row_number() OVER (PARTITION BY {by_key} ORDER BY line DESC) = 1
        )
        SELECT n.*, 'put' AS op FROM n WHERE NOT EXISTS (SELECT 1 FROM known o WHERE {match} AND {same})
        {f"UNION ALL SELECT o.*, 'retract' FROM known o WHERE {retracted}" if full or gone is not None else ""}
    """  # noqa: S608 - names of our own tables
    with duckdb.connect(":memory:", config={"threads": 1}) as con:
        con.register("known", known)
        con.register("incoming", normalised(name, incoming))
        if held is not None:
            con.register("held", held)
        if gone is not None:
            con.register("gone", gone)
        return con.sql(sql).to_arrow_table()


def state_sql(name: str, files: Sequence[str]) -> str:
    """DuckDB SQL of what is known of a table after the loads in `files` (paths, oldest first)."""
    listed = "[" + ", ".join(f"'{path}'" for path in files) + "]"
    if len(files) == 1:  # a first load only puts, and each key once
        return f"SELECT {_columns(name)} FROM read_parquet({listed})"  # noqa: S608
    return _fold(name, f"SELECT *, file_index, file_row_number FROM read_parquet({listed})")  # noqa: S608


def state(name: str, loads: Sequence[pa.Table]) -> pa.Table:
    """What is known of a table after `loads`, oldest first."""
    if not loads:
        return schema_of(name).empty_table()
    if len(loads) == 1:
        return loads[0].select(schema_of(name).names)
    numbered = [
        load.append_column("file_index", pa.array([number] * load.num_rows, pa.int64())).append_column(
            "file_row_number", pa.array(range(load.num_rows), pa.int64())
        )
        for number, load in enumerate(loads)
    ]
    with duckdb.connect(":memory:", config={"threads": 1}) as con:
        con.register("loads", pa.concat_tables(numbered))
        return con.sql(_fold(name, "SELECT * FROM loads")).to_arrow_table()


def applied(name: str, known: pa.Table, load: pa.Table) -> pa.Table:
    """What is known of a table after one load more: the same as `state` of all of them, without the others."""
    if not load.num_rows:
        return known
    keys = [column.engine_name for column in _table(name).columns if column.name in _table(name).key]
    match = " AND ".join(f'o."{k}" IS NOT DISTINCT FROM n."{k}"' for k in keys)
    with duckdb.connect(":memory:", config={"threads": 1}) as con:
        con.register("known", known)
        con.register("load", load)
        return con.sql(f"""
            SELECT {_columns(name)} FROM known o WHERE NOT EXISTS (SELECT 1 FROM load n WHERE {match})
            UNION ALL SELECT {_columns(name)} FROM load WHERE op = 'put'
        """).to_arrow_table()  # noqa: S608 - names of our own tables


def _fold(name: str, relation: str) -> str:
    keys = ", ".join(f'"{column.engine_name}"' for column in _table(name).columns if column.name in _table(name).key)
    return f"""
        SELECT {_columns(name)} FROM (
            SELECT * FROM ({relation})
            QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY file_index DESC, file_row_number DESC) = 1
        ) WHERE op = 'put'
    """  # noqa: S608


def _columns(name: str) -> str:
    return ", ".join(f'"{column}"' for column in schema_of(name).names)


def _table(name: str) -> Table:
    found = TABLES.get(name) or KEPT.get(name)
    if found is None:
        raise StoreError(f"{name!r} is no table of the hospital", hint=f"use one of {', '.join(TABLES)}")
    return found
