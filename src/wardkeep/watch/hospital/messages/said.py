# SPDX-License-Identifier: Apache-2.0
"""`Said`: one thing that a message says of an object, and `State`: what is known of an object after many of them.

Of two sayings of one name the strong one stands, of two equally strong ones the newer. A name that begins with `first:` keeps
its smallest value. Both rules give the same state whatever the order, and however often a message comes.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import msgspec

#: `encounter|V1`, `patient|P1` …
Object: TypeAlias = str
#: A text, '' where the message empties the field; a moment; a list of these.
Value: TypeAlias = Any
#: When it was recorded, when it was sent, the control id by length and text, and the sender.
Stamp: TypeAlias = tuple[int, int, int, str, str]
#: name -> [strong, stamp, value], of `first:` names -> value.
State: TypeAlias = dict[str, Any]

FIRST = "first:"


class Said(NamedTuple):
    object: Object
    name: str
    value: Value
    #: True where the message is about this, False where it only mentions it.
    strong: bool = True


def settle(state: State, said: Said, stamp: Stamp) -> None:
    """Let one saying into a state."""
    known = state.get(said.name)
    if said.name.startswith(FIRST):
        state[said.name] = said.value if known is None else min(known, said.value)
        return
    new = [int(said.strong), list(stamp), said.value]
    if known is None or new[:2] > known[:2]:
        state[said.name] = new


def value(state: State, name: str) -> Value:
    """What stands of a name; None where nothing was ever said."""
    known = state.get(name)
    return known if known is None or name.startswith(FIRST) else known[2]


def named(state: State, prefix: str) -> dict[str, Value]:
    """rest of the name -> value, of the names with a prefix."""
    return {name[len(prefix) :]: value(state, name) for name in state if name.startswith(prefix)}


def written(state: State) -> str:
    """The state as it is kept: each stamp once, sayings name it by its place."""
    stamps: list[Stamp] = sorted({tuple(said[1]) for said in state.values() if isinstance(said, list)})
    place = {stamp: n for n, stamp in enumerate(stamps)}
    kept = {
        name: [said[0], place[tuple(said[1])], said[2]] if isinstance(said, list) else said
        for name, said in state.items()
    }
    return msgspec.json.encode([stamps, kept], order="sorted").decode()


def read(text: str) -> State:
    """The state that was written."""
    stamps, kept = msgspec.json.decode(text)
    return {
        name: [said[0], stamps[said[1]], said[2]] if isinstance(said, list) else said for name, said in kept.items()
    }
