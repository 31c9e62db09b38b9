# SPDX-License-Identifier: Apache-2.0
"""Whether a condition holds for every row, whatever the table holds. Pure.

A column against itself leaves out nothing but rows without a value, and counts as holding for all.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, TypeAlias

from sqlglot import exp


class Holds(IntEnum):
    """For which rows; of several that suffice the highest counts."""

    #: None.
    NEVER = 0
    #: It depends on the row, or nobody can say: a condition.
    NOT = 1
    #: It depends on values that a shape does not tell.
    MAYBE = 2
    #: Every row.
    ALWAYS = 3


@dataclass(frozen=True)
class _Untold:
    """A value that stands in the text and not in its shape."""


_UNTOLD: Final = _Untold()
_Value: TypeAlias = str | float | _Untold | None
#: How a shape writes them.
_MARKS = frozenset({"?", "0", "药", "*"})
_COMPARED: dict[type[exp.Expr], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq, exp.NullSafeEQ: operator.eq, exp.NEQ: operator.ne, exp.LT: operator.lt, exp.LTE: operator.le,
    exp.GT: operator.gt, exp.GTE: operator.ge,
}  # fmt: skip
#: A value holds these against itself.
_REFLEXIVE = (exp.EQ, exp.NullSafeEQ, exp.LTE, exp.GTE, exp.Like, exp.ILike)
_DENIED: dict[type[exp.Expr], type[exp.Binary]] = {exp.EQ: exp.NEQ, exp.LT: exp.GTE, exp.GT: exp.LTE}
_COUNTED: dict[type[exp.Expr], Callable[[float, float], float]] = {
    exp.Add: operator.add, exp.Sub: operator.sub, exp.Mul: operator.mul,
}  # fmt: skip
_ALIKE = (exp.Like, exp.ILike, exp.RegexpLike, exp.RegexpILike)
_EVERYTHING = re.compile(r"%+")
_EVERY_LETTER = re.compile(r"\^?(?:\.\*\??)*\$?")
_NUMBER = re.compile(r"\s*[+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})\s*")
#: Parts of a SELECT that may leave it without a row.
_SPARES = ("where", "having", "limit", "offset", "group")
_YES = frozenset({"t", "true", "y", "yes", "on"})
#: Two of these are two values though they read the same: binds without a name, and chance.
_NEVER_SAME = (exp.Placeholder, exp.Query, exp.Rand, exp.Uuid)


def holds(condition: exp.Expr, *, alone: bool, shape: bool) -> Holds:
    """For which rows a condition holds.

    alone: one table is spoken of, so that `t.id` is `id`. shape: values stand as the marks of a shape.
    """
    tables = {column.table.lower() for column in condition.find_all(exp.Column) if column.table}
    return _Condition(alone=alone and len(tables) < 2, shape=shape).holds(condition)


@dataclass(frozen=True, kw_only=True)
class _Condition:
    alone: bool
    shape: bool
    #: What was found of a part, which is kept with it: a part may be asked for by each value of a list, at every depth.
    values: dict[int, tuple[exp.Expr, _Value]] = field(default_factory=dict)
    texts: dict[int, tuple[exp.Expr, str]] = field(default_factory=dict)

    def holds(self, one: exp.Expr) -> Holds:
        one = one.unnest()
        read = _READ.get(type(one))
        return read(self, one) if read is not None else _true(self._value(one))

    def both(self, one: exp.And) -> Holds:
        return _all(map(self.holds, one.flatten()))

    def either(self, one: exp.Or) -> Holds:
        parts = [part.unnest() for part in one.flatten()]
        return max(self._complete(parts), *map(self.holds, parts))

    def one_alone(self, one: exp.Xor) -> Holds:
        left, right = self.holds(one.this), self.holds(one.expression)
        return _not(right) if left is Holds.ALWAYS else right if left is Holds.NEVER else min(left, Holds.MAYBE)

    def denied(self, one: exp.Not) -> Holds:
        return _not(self.holds(one.this))

    def among(self, one: exp.In) -> Holds:
        return max((self._compare(exp.EQ, one.this, value) for value in one.expressions), default=Holds.NOT)

    def between(self, one: exp.Between) -> Holds:
        return _all(
            (self._compare(exp.GTE, one.this, one.args["low"]), self._compare(exp.LTE, one.this, one.args["high"]))
        )

    def exists(self, one: exp.Exists) -> Holds:
        """A SELECT of nothing but values has a row."""
        query = one.this
        if not isinstance(query, exp.Select) or any(query.args.get(part) for part in _SPARES):
            return Holds.NOT
        source = query.args.get("from_")
        return Holds.ALWAYS if source is None or source.this.name.lower() == "dual" else Holds.NOT

    def is_such(self, one: exp.Is) -> Holds:
        what, told = one.expression, one.this.unnest()
        if isinstance(what, exp.Boolean):
            return self.holds(told) if what.this else _not(self.holds(told))
        if not isinstance(what, exp.Null):
            return Holds.NOT
        return Holds.ALWAYS if isinstance(told, exp.Null) else Holds.NOT if self._value(told) is None else Holds.NEVER

    def alike(self, one: exp.Binary) -> Holds:
        pattern = self._value(one.expression)
        every = _EVERYTHING if isinstance(one, exp.Like | exp.ILike) else _EVERY_LETTER
        fits = isinstance(pattern, str) and every.fullmatch(pattern) is not None
        found = (
            Holds.MAYBE
            if pattern is _UNTOLD
            else Holds.ALWAYS
            if fits
            else self._same(type(one), one.this, one.expression)
        )
        return _not(found) if one.args.get("negate") else found

    def compared(self, one: exp.Binary) -> Holds:
        return self._compare(type(one), one.this, one.expression)

    def _compare(self, compared: type[exp.Expr], one: exp.Expr, other: exp.Expr) -> Holds:
        left, right = self._value(one), self._value(other)
        if left is None or right is None:
            return self._same(compared, one, other)
        if isinstance(left, _Untold) or isinstance(right, _Untold):
            return Holds.MAYBE
        return _told(compared, left, right)

    def _complete(self, parts: list[exp.Expr]) -> Holds:
        """Whether one of the parts denies another: `a OR NOT a`."""
        said = {self._said(part) for part in parts}
        denied = [part.this.unnest() for part in parts if isinstance(part, exp.Not)]
        denied += [
            other(this=part.this.copy(), expression=part.expression.copy())
            for part in parts
            if (other := _DENIED.get(type(part))) is not None
        ]
        return max((self._sure(part) for part in denied if self._said(part) in said), default=Holds.NEVER)

    def _same(self, compared: type[exp.Expr], one: exp.Expr, other: exp.Expr) -> Holds:
        """Whether both sides are the same, as in `id = id`."""
        reads = issubclass(compared, _REFLEXIVE) and self._said(one.unnest()) == self._said(other.unnest())
        return min(self._sure(one), self._sure(other)) if reads else Holds.NOT

    def _sure(self, one: exp.Expr) -> Holds:
        """Whether what reads the same is the same."""
        if one.find(*_NEVER_SAME):
            return Holds.NOT
        return Holds.MAYBE if any(self._value(part) is _UNTOLD for part in one.find_all(exp.Literal)) else Holds.ALWAYS

    def _said(self, one: exp.Expr) -> str:
        """The text of an expression, whoever wrote it how."""
        if id(one) not in self.texts:
            self.texts[id(one)] = one, one.transform(self._plain).sql(comments=False).lower()
        return self.texts[id(one)][1]

    def _plain(self, node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        return exp.column(node.name) if self.alone else exp.column(node.name, table=node.table or None)

    def _value(self, one: exp.Expr) -> _Value:
        """The value of an expression that is the same for all rows; None where it has none, or nobody can say."""
        one = one.unnest()
        if id(one) not in self.values:
            self.values[id(one)] = one, self._worth(one)
        return self.values[id(one)][1]

    def _worth(self, one: exp.Expr) -> _Value:
        if isinstance(one, exp.Literal | exp.National):
            string = isinstance(one, exp.National) or one.is_string
            return _UNTOLD if self.shape and one.name in _MARKS else one.name if string else _number(one.name)
        if isinstance(one, exp.Boolean):
            return float(one.this)
        if isinstance(one, exp.Neg | exp.Cast):
            value = self._value(one.this)
            return -value if isinstance(one, exp.Neg) and isinstance(value, float) else value
        if type(one) in _COUNTED:
            return _counted(type(one), self._value(one.this), self._value(one.expression))
        found = self.holds(one) if type(one) in _READ else Holds.NOT
        return {Holds.NOT: None, Holds.MAYBE: _UNTOLD}.get(found, float(found is Holds.ALWAYS))


_READ: dict[type[exp.Expr], Callable[[_Condition, Any], Holds]] = {
    exp.And: _Condition.both, exp.Or: _Condition.either, exp.Xor: _Condition.one_alone, exp.Not: _Condition.denied,
    exp.In: _Condition.among, exp.Between: _Condition.between, exp.Exists: _Condition.exists, exp.Is: _Condition.is_such,
    **dict.fromkeys(_ALIKE, _Condition.alike), **dict.fromkeys(_COMPARED, _Condition.compared),
}  # fmt: skip


def _all(parts: Iterable[Holds]) -> Holds:
    return min(parts, default=Holds.ALWAYS)


def _not(found: Holds) -> Holds:
    return {Holds.ALWAYS: Holds.NEVER, Holds.NEVER: Holds.ALWAYS}.get(found, found)


def _told(compared: type[exp.Expr], left: str | float, right: str | float) -> Holds:
    """Of two values that are told."""
    a, b = _number(left), _number(right)
    if a is not None and b is not None:
        return Holds.ALWAYS if _COMPARED[compared](a, b) else Holds.NEVER
    one, other = str(left).lower(), str(right).lower()
    if one == other and left != right:
        # Letters of another size: databases differ.
        return Holds.NOT
    return Holds.ALWAYS if _COMPARED[compared](one, other) else Holds.NEVER


def _counted(count: type[exp.Expr], left: _Value, right: _Value) -> _Value:
    if isinstance(left, float) and isinstance(right, float):
        return _COUNTED[count](left, right)
    return _UNTOLD if _UNTOLD in (left, right) and None not in (left, right) else None


def _true(value: _Value) -> Holds:
    """Of a value that stands where a condition stands: `WHERE 1`."""
    if value is None or isinstance(value, _Untold):
        return Holds.NOT if value is None else Holds.MAYBE
    number = _number(value)
    if number is not None:
        return Holds.ALWAYS if number else Holds.NEVER
    return Holds.ALWAYS if str(value).lower() in _YES else Holds.NOT


def _number(value: str | float) -> float | None:
    return value if isinstance(value, float) else float(value) if _NUMBER.fullmatch(value) else None
