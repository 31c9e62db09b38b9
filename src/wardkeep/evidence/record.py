# SPDX-License-Identifier: Apache-2.0
"""One line of a result: canonical JSON of an act or of an event's row, from which the sealed entry follows again.

    act      {"act": {…}, "index": "2026:123"}
    event    {"index": "2026:123", "row": {…}, "salt": "32 hex digits"}

An event's entry says nothing without its row and salt; with them the entry is `version ‖ SHA-256(salt ‖ canonical row)`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wardkeep.evidence.errors import BundleRefused
from wardkeep.ledger import EVENT_LEAF_VERSION, SALT_SIZE, EntryTooLarge, act_leaf, event_leaf, format_index, is_act
from wardkeep.watch.store.canonical import FIELDS, Field, render

#: Bytes of one line: the largest entry, and room for what a text needs in JSON.
LONGEST_LINE = 1 << 18


def canonical(value: Mapping[str, Any]) -> bytes:
    """The one form of an object: keys in order, no white space, UTF-8."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


def act_of(body: bytes) -> dict[str, Any] | None:
    """The act in an entry; None where it is none, or not in its one form."""
    if not is_act(body):
        return None
    try:
        act = json.loads(body)
        return act if isinstance(act, dict) and act_leaf(act) == body else None
    except (ValueError, RecursionError, EntryTooLarge):
        return None


def act_line(log: str, n: int, act: Mapping[str, Any]) -> bytes:
    return canonical({"index": format_index(log, n), "act": act})


def event_line(log: str, n: int, row: Mapping[str, Any], salt: bytes) -> bytes:
    """`row` has the canonical fields, bytes among them."""
    said = {field.name: _said(row[field.name]) for field in FIELDS[EVENT_LEAF_VERSION]}
    return canonical({"index": format_index(log, n), "row": said, "salt": salt.hex()})


def read_line(line: bytes, over: str) -> tuple[str, dict[str, Any], bytes]:
    """Index, what conditions are asked of, and the entry that it must be. Raises BundleRefused for any other form."""
    try:
        said = json.loads(line)
        if not isinstance(said, dict) or canonical(said) != line or not isinstance(said["index"], str):
            raise ValueError
        if over == "acts" and set(said) == {"act", "index"} and isinstance(said["act"], dict):
            return said["index"], said["act"], act_leaf(said["act"])
        if over == "events" and set(said) == {"index", "row", "salt"} and isinstance(said["salt"], str):
            salt = bytes.fromhex(said["salt"])
            if len(salt) == SALT_SIZE and salt.hex() == said["salt"]:
                return said["index"], said["row"], event_leaf(salt, render(_row(said["row"])))
    except (ValueError, KeyError, TypeError, RecursionError, EntryTooLarge):
        pass
    raise BundleRefused("result.jsonl: a line is not of the form that the query gives")


def _row(said: Any) -> dict[str, Any]:
    """The values of a canonical row as they were before they were written as JSON. Raises ValueError."""
    fields = FIELDS[EVENT_LEAF_VERSION]
    if not isinstance(said, dict) or set(said) != {field.name for field in fields}:
        raise ValueError
    return {field.name: _value(field, said[field.name]) for field in fields}


def _value(field: Field, value: Any) -> Any:
    """`render` would take a number for its text: only the one right type is let through."""
    kinds: dict[str, type] = {"text": str, "number": int, "flag": bool, "bytes32": str}
    if value is None and field.nullable:
        return None
    if type(value) is not kinds[field.kind]:
        raise ValueError
    if field.kind != "bytes32":
        return value
    raw = bytes.fromhex(str(value))
    if len(raw) != 32 or raw.hex() != value:
        raise ValueError
    return raw


def _said(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
