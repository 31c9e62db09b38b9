# SPDX-License-Identifier: Apache-2.0
"""What is remembered of the last minutes: bounded, whoever sends whatever. What was used longest ago is forgotten first."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

MINUTE = 60_000_000
#: Accounts, addresses and things said that are remembered of each kind.
KEYS = 50_000
#: Different values that one of them may have: a limit above it could never be passed.
VALUES = 100_000

State = TypeVar("State")


class Recent(Generic[State]):
    """A state for each of at most `KEYS` keys."""

    __slots__ = ("_made", "_most", "_states")

    def __init__(self, made: Callable[[], State], *, most: int = KEYS) -> None:
        self._made, self._most = made, most
        self._states: OrderedDict[object, State] = OrderedDict()

    def __len__(self) -> int:
        return len(self._states)

    def of(self, key: object) -> State:
        """The state of a key, a new one where there is none."""
        states = self._states
        state = states.get(key)
        if state is None:
            state = states[key] = self._made()
            if len(states) > self._most:
                states.popitem(last=False)
        else:
            states.move_to_end(key)
        return state


class Different:
    """Different values within a window."""

    __slots__ = ("_last", "_newest", "_window")

    def __init__(self, minutes: int) -> None:
        self._window = minutes * MINUTE
        self._newest = 0
        #: value -> when it was last seen, the latest seen last.
        self._last: OrderedDict[str, int] = OrderedDict()

    def add(self, value: str, at_us: int) -> int:
        """At most how many there are with this one: what came out of its order may count a while too long."""
        last = self._last
        self._newest = max(self._newest, at_us)
        begins = self._newest - self._window
        if at_us >= begins:
            last[value] = max(at_us, last.pop(value, 0))
        while last:
            oldest = next(iter(last))
            if last[oldest] >= begins and len(last) <= VALUES:
                break
            del last[oldest]
        return len(last)

    def count(self) -> int:
        """How many there are."""
        begins = self._newest - self._window
        return sum(at_us >= begins for at_us in self._last.values())

    def clear(self) -> None:
        self._last.clear()


class Times:
    """When something happened, so many times: by when it did, in whichever order it was heard."""

    __slots__ = ("_count", "_times", "_window")

    #: Times so many are kept: what is a while ago may still be heard more of.
    KEPT = 4

    def __init__(self, count: int, minutes: int) -> None:
        self._count, self._window = count, minutes * MINUTE
        #: The earliest first.
        self._times: list[int] = []

    def add(self, at_us: int) -> bool:
        """Whether it happened `count` times within the window that holds this one."""
        times, count = self._times, self._count
        here = bisect_right(times, at_us)
        times.insert(here, at_us)
        if len(times) > self.KEPT * count:
            del times[0]
            here -= 1
        # Most come in their order: only the window that ends with this one is new.
        first = max(0, here - count + 1, bisect_left(times, at_us - self._window) if here < len(times) - 1 else 0)
        last = min(here, len(times) - count)
        return any(times[n + count - 1] - times[n] <= self._window for n in range(first, last + 1))

    def clear(self) -> None:
        self._times.clear()


class Said:
    """When each thing was last said."""

    __slots__ = ("_most", "_quiet", "_until")

    def __init__(self, minutes: int, *, most: int = KEYS) -> None:
        self._quiet, self._most = minutes * MINUTE, most
        self._until: OrderedDict[tuple[str, ...], int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._until)

    def note(self, key: tuple[str, ...], at_us: int) -> bool:
        """Whether it is to be said: it was not within the quiet time before, or after."""
        until = self._until.get(key)
        if until is not None and at_us < until:
            return False
        self._until[key] = at_us + self._quiet
        self._until.move_to_end(key)
        if len(self._until) > self._most:
            self._until.popitem(last=False)
        return True
