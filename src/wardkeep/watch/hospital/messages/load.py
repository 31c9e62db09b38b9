# SPDX-License-Identifier: Apache-2.0
"""From messages to loads of tables: the states that they touch become rows again, and what no longer follows is retracted.

Tables and states are stored together: what does not follow from the states is never seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.watch.hl7 import Clock, NotRead, parse
from wardkeep.watch.hospital.context import Context, engine_key, schema
from wardkeep.watch.hospital.messages.head import head_of
from wardkeep.watch.hospital.messages.reading import sayings
from wardkeep.watch.hospital.messages.records import DOUBTS, VERSIONS, admitted, drafts_of
from wardkeep.watch.hospital.messages.rows import VIP, rows_of
from wardkeep.watch.hospital.messages.said import Object, State, read, settle, written
from wardkeep.watch.hospital.tables import KEPT, STATES, TABLES

#: A table as it is known now, in its normalised columns.
Known = Callable[[str], pa.Table]
Keyed = dict[tuple[Any, ...], dict[str, Any]]
_MARK = f";{VIP};"


def contexts_of(messages: Iterable[bytes], *, zone: str, known: Known, source: str) -> Iterator[Context]:
    """The loads that messages make, the states last. What is no message, or cannot be used, is passed over: intake says so.

    source: the file or the connection that they came by.
    """
    clock = Clock(zone)
    told: dict[Object, State] = {}
    for raw in messages:
        try:
            message = parse(raw)
            head = head_of(message, clock)
            said = sayings(message, head, clock)
        except NotRead:
            continue
        for one in said:
            settle(told.setdefault(one.object, {}), one, head.stamp)
    if told:
        yield from _loads(told, clock, known, source)


def _loads(told: dict[Object, State], clock: Clock, known: Known, source: str) -> Iterator[Context]:
    before = _states(known(STATES), told)
    after = {object: _joined(before.get(object, {}), state) for object, state in told.items()}
    changed = {object: state for object, state in after.items() if state != before.get(object)}
    old, new = _rows(before, changed, clock), _rows(changed, changed, clock)
    if (drafts := drafts_of(changed)) or VERSIONS in new:
        new[VERSIONS], new[DOUBTS] = admitted(new.get(VERSIONS, {}), drafts, known(VERSIONS))
    for name in {**TABLES, **KEPT}:
        gone = [key for key in old.get(name, ()) if key not in new.get(name, {})]
        if gone or new.get(name):
            table = _table(name, new.get(name, {}), known(name))
            yield Context(
                name=name, table=table, rejected=(), source=source, full=False, feed=True, gone=_keys(name, gone)
            )
    if changed:
        rows = [{"object": object, "state": written(state), "src": object} for object, state in changed.items()]
        table = pa.Table.from_pylist(rows, schema(STATES))
        yield Context(name=STATES, table=table, rejected=(), source=source, full=False, feed=True)


def _states(table: pa.Table, told: dict[Object, State]) -> dict[Object, State]:
    mine = table.filter(pc.is_in(table.column("object"), value_set=pa.array(list(told), pa.string())))
    texts = zip(mine.column("object").to_pylist(), mine.column("state").to_pylist(), strict=True)
    return {object: read(text) for object, text in texts}


def _joined(before: State, told: State) -> State:
    """Two states of one object as one."""
    state = dict(before)
    for name, said in told.items():
        known = state.get(name)
        if isinstance(said, list):
            state[name] = said if known is None or said[:2] > known[:2] else known
        else:
            state[name] = said if known is None else min(known, said)
    return state


def _rows(states: dict[Object, State], of: Iterable[Object], clock: Clock) -> dict[str, Keyed]:
    """table -> key -> cells."""
    made: dict[str, Keyed] = {}
    for object in of:
        for name, cells in rows_of(object, states[object], clock) if object in states else ():
            key = tuple(cells.get(column) for column in _key(name))
            made.setdefault(name, {})[key] = cells
    return made


def _key(name: str) -> tuple[str, ...]:
    return engine_key({**TABLES, **KEPT}[name])


def _keys(name: str, keys: list[tuple[Any, ...]]) -> pa.Table | None:
    if not keys:
        return None
    fields = [schema(name).field(column) for column in _key(name)]
    return pa.Table.from_pylist([dict(zip(_key(name), key, strict=True)) for key in keys], pa.schema(fields))


def _table(name: str, rows: Keyed, known: pa.Table) -> pa.Table:
    """The rows, each filled with what is known of the cells that no message spoke of."""
    first = _key(name)[0]
    wanted = pa.array(list(dict.fromkeys(key[0] for key in rows)), schema(name).field(first).type)
    there = known.filter(pc.is_in(known.column(first), value_set=wanted)).to_pylist()
    by_key = {tuple(row[column] for column in _key(name)): row for row in there}
    filled = [by_key.get(key, {}) | cells for key, cells in rows.items()]
    if name == "patients":
        filled = [_marked(row) for row in filled]
    return pa.Table.from_pylist(filled, schema(name))


def _marked(row: dict[str, Any]) -> dict[str, Any]:
    """A patient with the VIP mark that messages say; other sensitivities are not theirs to tell."""
    marks = row.get("sensitivity") or ""
    if VIP in row:
        others = marks.replace(_MARK, ";")
        marks = (f"{others or ';'}{VIP};" if row[VIP] else others).replace(";;", ";")
    return row | {"sensitivity": "" if marks == ";" else marks, "honey": bool(row.get("honey"))}
