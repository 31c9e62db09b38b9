# SPDX-License-Identifier: Apache-2.0
"""What conditions narrow a SELECT to, and what they speak of. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from wardkeep.watch.statistics.facts import Column, Facts, Names
from wardkeep.watch.statistics.verdict import GOODS, ONE, WHO, Concept

#: Names under which a session says who runs it.
_SESSION = frozenset(
    {"user", "current_user", "session_user", "system_user", "suser_sname", "suser_name", "original_login"}
)
_SPEAKS = GOODS | {Concept.ITEM}
_ALIKE = (exp.Like, exp.ILike, exp.SimilarTo, exp.RegexpLike)
MANY = "*"
#: The alias of a column of the SELECT around this one.
OUTSIDE = "^"


@dataclass
class Narrowed:
    """What the conditions of one SELECT say."""

    #: alias ("" where nobody can say which) -> concepts that have one value or a few.
    pins: dict[str, set[Concept]] = field(default_factory=dict)
    #: Joined sources: narrowing one narrows the other.
    links: set[tuple[str, str]] = field(default_factory=set)
    #: alias -> who its rows are, as a column says that it is joined with.
    who: dict[str, set[Concept]] = field(default_factory=dict)
    #: (alias, column) by which such rows were joined, and those that have one value or a few.
    keys: set[tuple[str, str]] = field(default_factory=set)
    valued: set[tuple[str, str]] = field(default_factory=set)
    asked: set[object] = field(default_factory=set)
    own: bool = False
    adds: bool = False


class Conditions:
    """Reads conditions with the help of whoever knows the columns."""

    def __init__(
        self,
        column: Callable[[exp.Expr], Column],
        alias: Callable[[exp.Expr], str],
        query: Callable[[exp.Expr], Facts],
    ) -> None:
        self.column, self.alias, self.query = column, alias, query
        self.said = Narrowed()

    def read(self, condition: exp.Expr | None, *, narrows: bool = True) -> None:
        for one in _parts(condition):
            self._one(one, narrows)

    def _one(self, one: exp.Expr, narrows: bool) -> None:
        if isinstance(one, exp.Or):
            self._either(one, narrows)
        elif isinstance(one, exp.Not | exp.Is):
            self._speaks(one, who=False)
        elif isinstance(one, exp.EQ | exp.NullSafeEQ):
            self._equal(one.this, one.expression, narrows)
        elif isinstance(one, exp.In):
            self._among(one, narrows)
        elif isinstance(one, exp.Exists):
            self._below(self.query(one.this))
        else:
            self._speaks(one, who=isinstance(one, _ALIKE))

    def _equal(self, left: exp.Expr, right: exp.Expr, narrows: bool) -> None:
        if _of_columns(left) and _of_columns(right):
            a, b = self.alias(left), self.alias(right)
            for alias, key, by in ((a, left, self.column(right)), (b, right, self.column(left))):
                if a != b and alias not in ("", OUTSIDE) and (told := by.concepts & WHO):
                    self.said.who.setdefault(alias, set()).update(told)
                    self.said.keys.add((alias, _name(key)))
            if narrows:
                self.said.links |= {(a, b), (b, a)}
                if OUTSIDE in (a, b):
                    # One row for each of the outer ones: as good as grouped by it.
                    self._spoken(self.column(left).seen | self.column(right).seen, who=True)
            return
        if _of_columns(right):
            left, right = right, left
        column = self.column(left)
        inner = right.find(exp.Query)
        if inner is not None:
            below = self.query(inner)
            self._below(below)
            narrows = narrows and bool(below.pins & ONE)
        if Concept.PRESCRIBER in column.concepts and _is_session(right):
            self.said.own = True
        self._pin(left, column, narrows)
        self._spoken(self.column(right).seen, who=False)

    def _among(self, one: exp.In, narrows: bool) -> None:
        column = self.column(one.this)
        query = one.args.get("query")
        if query is not None:
            below = self.query(query)
            self._below(below)
            self._pin(one.this, column, narrows and bool(below.pins & ONE))
            return
        values = one.expressions
        few = bool(values) and not any(isinstance(v, exp.Literal) and v.this == MANY for v in values)
        self._pin(one.this, column, narrows and few and not any(_of_columns(v) for v in values))
        for value in values:
            self._spoken(self.column(value).seen, who=False)

    def _pin(self, at: exp.Expr, column: Column, narrows: bool) -> None:
        # A function of a column may have one value for all of them.
        if narrows and isinstance(
            at, exp.Column | exp.Cast | exp.Trim | exp.Upper | exp.Lower | exp.Paren | exp.Anonymous
        ):
            self.said.pins.setdefault(self.alias(at), set()).update(column.concepts)
            self.said.valued.add((self.alias(at), _name(at)))
        elif narrows and Concept.DAY in column.concepts:
            self.said.pins.setdefault(self.alias(at), set()).add(Concept.DAY)
        self._spoken(column.seen, who=True)

    def _either(self, one: exp.Or, narrows: bool) -> None:
        """Narrow only where every branch narrows to the same."""
        outer, branches = self.said, []
        for branch in _branches(one):
            self.said = Narrowed()
            self.read(branch, narrows=narrows)
            branches.append(self.said)
        self.said = outer
        for said in branches:
            outer.asked |= said.asked
            outer.adds |= said.adds
        outer.own |= all(said.own for said in branches)
        for alias, concepts in branches[0].pins.items():
            if same := concepts.intersection(*(said.pins.get(alias, set()) for said in branches[1:])):
                outer.pins.setdefault(alias, set()).update(same)

    def _speaks(self, one: exp.Expr, *, who: bool) -> None:
        # `IS NOT NULL` says nothing of what was asked.
        if isinstance(one, exp.Is) or (isinstance(one, exp.Not) and isinstance(one.this, exp.Is)):
            return
        for inner in one.find_all(exp.Query):
            self._below(self.query(inner))
        self._spoken(self.column(one).seen, who=who)

    def _spoken(self, seen: Names, *, who: bool) -> None:
        wanted = _SPEAKS | WHO if who else _SPEAKS
        self.said.asked |= {name for name in seen if name.concept in wanted}

    def _below(self, facts: Facts) -> None:
        self._spoken(facts.shown | facts.asked | facts.about, who=False)


def _name(at: exp.Expr) -> str:
    column = at.find(exp.Column)
    return column.name.lower() if column is not None else ""


def _parts(condition: exp.Expr | None) -> Iterable[exp.Expr]:
    """The conditions that must all hold."""
    left = [condition] if condition is not None else []
    while left:
        one = left.pop()
        if isinstance(one, exp.Paren | exp.Where | exp.Having):
            left.append(one.this)
        elif isinstance(one, exp.And):
            left += [one.expression, one.this]
        elif one is not None:
            yield one


def _branches(one: exp.Expr) -> list[exp.Expr]:
    if isinstance(one, exp.Paren) and isinstance(one.this, exp.Or):
        return _branches(one.this)
    return [*_branches(one.this), *_branches(one.expression)] if isinstance(one, exp.Or) else [one]


def _of_columns(one: exp.Expr) -> bool:
    """Whether an expression depends on a column of this SELECT, not only on values and the session."""
    if _is_session(one) or isinstance(one, exp.Subquery):
        return False
    return any(not _is_session(column) for column in one.find_all(exp.Column))


def _is_session(one: exp.Expr) -> bool:
    if isinstance(one, exp.CurrentUser | exp.SessionUser):
        return True
    if isinstance(one, exp.Column):
        return not one.table and one.name.lower() in _SESSION
    if isinstance(one, exp.Anonymous):
        name = str(one.name).lower()
        return name in _SESSION or name in ("sys_context", "context_info", "session_context", "current_setting")
    return False
