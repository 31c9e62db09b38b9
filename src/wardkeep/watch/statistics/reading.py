# SPDX-License-Identifier: Apache-2.0
"""Reading a parsed statement: each column of its result back to the names of tables, through CTEs, views and synonyms. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from wardkeep.watch.statistics.conditions import OUTSIDE, Conditions, Narrowed
from wardkeep.watch.statistics.facts import Column, Facts, united
from wardkeep.watch.statistics.names import column_concepts, is_silent, table_kind, told_by_table
from wardkeep.watch.statistics.schema import Schema, plain
from wardkeep.watch.statistics.verdict import GOODS, MEASURES, WHO, Concept, Seen

NOTHING = Column()
#: A value that speaks of goods: '西药费'.
GOODS_SAID = Column(frozenset({Seen(Concept.DRUG, "'药'")}))
_ALWAYS = (exp.Sum, exp.Count, exp.CountIf, exp.GroupConcat, exp.ArrayAgg, exp.JSONObjectAgg, exp.JSONArrayAgg)
_ALWAYS_NAMED = frozenset(
    [
        "json_object_agg",
        "jsonb_object_agg",
        "json_agg",
        "jsonb_agg",
        "xmlagg",
        "wm_concat",
        "listagg",
        "string_agg",
        "collect",
        "stragg",
        "median",
    ]
)
#: Table functions of the databases themselves.
_KNOWN_FUNCTIONS = frozenset(
    [
        "unnest",
        "generate_series",
        "openjson",
        "openxml",
        "string_split",
        "xmltable",
        "json_table",
        "table",
        "dual",
        "crosstab",
        "dblink",
        "openquery",
        "openrowset",
        "opendatasource",
        "regexp_split_to_table",
        "json_each",
        "jsonb_each",
        "json_to_recordset",
        "containstable",
        "changetable",
    ]
)
#: Relations within relations, and tables in one SELECT: more are not followed.
_DEEPEST, _MOST = 24, 64


@dataclass
class Scope:
    """The sources of one SELECT, and the SELECT around it."""

    sources: dict[str, tuple[str, Facts]]
    outer: Scope | None = None
    outputs: dict[str, Column] = field(default_factory=dict)
    below: list[Facts] = field(default_factory=list)
    #: alias -> who its rows are, told by what it is joined with.
    who: dict[str, set[Concept]] = field(default_factory=dict)


class Reading:
    """Reads the trees of one text. `behind` gives the facts behind a view or a table function by its name."""

    def __init__(self, schema: Schema, behind: Callable[[str, bool], Facts | None]) -> None:
        self.schema, self.behind = schema, behind
        self.written: list[Facts] = []
        self.depth = 0

    def statement(self, tree: exp.Expr) -> list[Facts]:
        """What a statement reads: one relation, or one for each that it writes elsewhere."""
        self.written = []
        if isinstance(tree, exp.Query):
            found = [self.query(tree, {}, None)]
        elif isinstance(tree, exp.Insert | exp.Create) and isinstance(tree.expression, exp.Query):
            found = [replace(self.query(tree.expression, _ctes(self, tree), None), copies=True)]
        elif isinstance(tree, exp.Merge):
            found = [replace(self._source(tree.args["using"], {}, None)[1], copies=True)]
        elif isinstance(tree, exp.Copy):
            _, facts = self._source(tree.this, {}, None)
            whole = isinstance(tree.this, exp.Table | exp.Schema)
            found = [replace(facts, copies=True, star=facts.star or whole)]
        elif isinstance(tree, exp.Update | exp.Delete | exp.Insert | exp.Create | exp.Drop | exp.Alter):
            found = []
        else:
            found = [self.query(q, {}, None) for q in tree.find_all(exp.Query) if q.parent_select is None]
        return [*found, *self.written]

    def query(self, node: exp.Expr, env: Mapping[str, Facts], outer: Scope | None) -> Facts:
        self.depth += 1
        try:
            if self.depth > _DEEPEST:
                return Facts(closed=False)
            env = {**env, **_ctes(self, node, env, outer)}
            if isinstance(node, exp.SetOperation):
                return united([self.query(node.this, env, outer), self.query(node.expression, env, outer)])
            if isinstance(node, exp.Subquery):
                return self._pivoted(node, self.query(node.this, env, outer))
            if isinstance(node, exp.Select):
                return self._select(node, env, outer)
            if isinstance(node, exp.Table):
                return self._source(node, env, outer)[1]
            return Facts(closed=False)
        finally:
            self.depth -= 1

    def _select(self, node: exp.Select, env: Mapping[str, Facts], outer: Scope | None) -> Facts:
        scope = Scope({}, outer)
        conditions = Conditions(
            lambda e: self._column(e, scope, env),
            lambda e: _alias(e, scope),
            lambda q: self.query(q, env, scope),
        )
        self._from(node, env, scope, conditions)
        for clause in ("where", "having", "qualify"):
            conditions.read(node.args.get(clause))
        scope.who = conditions.said.who
        for alias, _ in conditions.said.keys & conditions.said.valued:
            # One of the people, by the number that the lines are joined by.
            conditions.said.pins.setdefault(alias, set()).update(scope.who[alias])
        columns, closed, star = self._outputs(node, scope, env)
        scope.outputs = columns
        grouped = self._grouped(node, scope, env)
        sorted_by = [self._column(e, scope, env) for e in getattr(node.args.get("order"), "expressions", [])]
        having = self._column(node.args["having"], scope, env) if node.args.get("having") else NOTHING
        sources = [facts for _, facts in scope.sources.values()]
        said = conditions.said
        adds = any(c.adds for c in (*columns.values(), *sorted_by, having)) or any(f.adds for f in sources)
        below = scope.below
        result = Facts(
            columns=columns,
            closed=closed,
            grouped=grouped | frozenset(one for f in below for one in f.grouped),
            asked=frozenset(one for one in said.asked if isinstance(one, Seen)).union(
                *(f.asked for f in (*sources, *below))
            ),
            about=frozenset[Seen]().union(*(f.about for f in (*sources, *below))),
            pins=_pinned(scope, said, self._who(node, scope, env)),
            own=said.own or any(f.own for f in sources),
            adds=adds,
            lines=any(f.lines for f in (*sources, *below)),
            charges=any(f.charges for f in (*sources, *below)),
            star=star,
            stock=any(f.stock for f in sources),
            master=bool(sources) and all(f.master for f in sources),
            copies=any(f.copies for f in sources),
            unknown=frozenset[str]().union(*(f.unknown for f in (*sources, *below))),
        )
        into = node.args.get("into")
        return replace(result, copies=True) if into is not None and not into.args.get("bulk_collect") else result

    def _from(self, node: exp.Select, env: Mapping[str, Facts], scope: Scope, conditions: Conditions) -> None:
        source = node.args.get("from_") or node.args.get("from")
        listed = [(source.this, None)] if source is not None else []
        listed += [(join.this, join) for join in node.args.get("joins") or ()]
        listed += [(lateral, None) for lateral in node.args.get("laterals") or ()]
        for n, (item, join) in enumerate(listed[:_MOST]):
            alias, facts = self._source(item, env, scope)
            before = list(scope.sources)
            scope.sources[alias or f"?{n}"] = (_shown_name(item), facts)
            for more in item.args.get("joins") or ():
                inner_alias, inner = self._source(more.this, env, scope)
                scope.sources[inner_alias or f"?{n}j"] = (_shown_name(more.this), inner)
                conditions.read(more.args.get("on"))
            if join is None:
                continue
            side = str(join.args.get("side") or "").upper()
            if side in ("LEFT", "RIGHT", "FULL"):
                conditions.read(join.args.get("on"), narrows=False)
                towards = {"LEFT": [(b, alias) for b in before], "RIGHT": [(alias, b) for b in before], "FULL": []}[
                    side
                ]
                conditions.said.links |= set(towards)
            else:
                conditions.read(join.args.get("on"))
                if join.args.get("using") or join.args.get("method") or isinstance(item, exp.Lateral):
                    conditions.said.links |= {pair for b in before for pair in ((b, alias), (alias, b))}

    def _source(self, node: exp.Expr, env: Mapping[str, Facts], outer: Scope | None) -> tuple[str, Facts]:
        alias = node.alias_or_name.lower()
        if isinstance(node, exp.Subquery):
            facts = self.query(node, env, outer)
        elif isinstance(node, exp.Lateral):
            facts = self.query(node.this, env, outer) if isinstance(node.this, exp.Query) else Facts(closed=False)
        elif isinstance(node, exp.Table):
            facts = self._pivoted(node, self._table(node, env))
        elif isinstance(node, exp.Schema):
            return self._source(node.this, env, outer)
        else:
            facts = Facts(closed=False)
        named = node.args.get("alias")
        if isinstance(named, exp.TableAlias) and named.columns:
            renamed = {c.name.lower(): old for c, old in zip(named.columns, facts.columns.values(), strict=False)}
            facts = replace(
                facts, columns={**facts.columns, **renamed} if len(renamed) < len(facts.columns) else renamed
            )
        return alias, facts

    def _table(self, node: exp.Table, env: Mapping[str, Facts]) -> Facts:
        if not isinstance(node.this, exp.Identifier):
            return self._function(node)
        name = _full(node)
        if "." not in name and (known := env.get(name.lower())) is not None:
            return known
        name = self.schema.target(name)
        if (found := self.behind(name, False)) is not None:
            return found
        key = self.schema.find(name, self.schema.tables)
        table = self.schema.tables[key] if key else None
        kind = table.kind if table else table_kind(name.rpartition("@")[0] or name)
        columns = {}
        for column, concepts in (table.columns if table else {}).items():
            said = self.schema.labelled(name, column)
            shown = f"{name}.{column}"
            columns[column] = Column(frozenset(Seen(c, shown) for c in (concepts if said is None else said)))
        return Facts(
            columns=columns,
            closed=False,
            about=frozenset(Seen(c, name) for c in kind.goods),
            lines=kind.lines,
            charges=kind.charges,
            stock=kind.stock,
            master=kind.master,
        )

    def _function(self, node: exp.Table) -> Facts:
        """A function as a table: `fn(...)`, `TABLE(pkg.fn(...))`."""
        inner = node.this
        name = ".".join([*(p for p in (node.catalog, node.db) if p), inner.name if isinstance(inner, exp.Func) else ""])
        if isinstance(inner, exp.Anonymous) and inner.name.lower() == "table" and inner.expressions:
            argument = inner.expressions[0]
            name = ".".join(part.name for part in (argument.flatten() if isinstance(argument, exp.Dot) else [argument]))
        short = name.rpartition(".")[2].lower()
        if not short or short in _KNOWN_FUNCTIONS or not isinstance(inner, exp.Anonymous):
            return Facts(closed=False)
        found = self.behind(name, True)
        return found if found is not None else Facts(closed=False, unknown=frozenset({name}))

    def _pivoted(self, node: exp.Expr, facts: Facts) -> Facts:
        pivots = node.args.get("pivots")
        return replace(facts, adds=True, closed=False) if pivots and not pivots[0].args.get("unpivot") else facts

    def _outputs(
        self, node: exp.Select, scope: Scope, env: Mapping[str, Facts]
    ) -> tuple[dict[str, Column], bool, bool]:
        columns: dict[str, Column] = {}
        closed, star = True, False
        for n, one in enumerate(node.expressions):
            if isinstance(one, exp.Star) or (isinstance(one, exp.Column) and isinstance(one.this, exp.Star)):
                wanted = one.table.lower() if isinstance(one, exp.Column) else ""
                for alias, (_, facts) in scope.sources.items():
                    if wanted in ("", alias):
                        columns.update(facts.columns)
                        closed &= facts.closed
                        star |= (facts.lines and not facts.closed and not facts.adds) or facts.star
                continue
            name = one.alias_or_name.lower() or f"?{n}"
            columns[name if name not in columns else f"{name}?{n}"] = self._column(one, scope, env)
        return columns, closed, star

    def _grouped(self, node: exp.Select, scope: Scope, env: Mapping[str, Facts]) -> frozenset[Seen]:
        group = node.args.get("group")
        found: set[Seen] = set()
        for one in [] if group is None else [group]:
            for literal in one.find_all(exp.Literal):
                if not literal.is_string and literal.this.isdigit() and 0 < int(literal.this) <= len(node.expressions):
                    found |= self._column(node.expressions[int(literal.this) - 1], scope, env).seen
            found |= self._column(one, scope, env).seen
        for window in node.find_all(exp.Window):
            if window.parent_select is node:
                for part in window.args.get("partition_by") or ():
                    found |= self._column(part, scope, env).seen
        return frozenset(one for one in found if one.concept not in MEASURES)

    def _who(self, node: exp.Select, scope: Scope, env: Mapping[str, Facts]) -> set[str]:
        """Aliases of the sources that say who."""
        shown = [
            column for one in node.expressions for column in one.find_all(exp.Column) if column.parent_select is node
        ]
        return {_alias(column, scope) for column in shown if self._column(column, scope, env).concepts & WHO}

    def _column(self, node: exp.Expr, scope: Scope, env: Mapping[str, Facts]) -> Column:
        """What an expression is made of."""
        if isinstance(node, exp.Query):
            return self._nested(node, scope, env)
        if isinstance(node, exp.Column):
            return self._resolved(node, scope)
        if isinstance(node, exp.Literal):
            return GOODS_SAID if node.is_string and node.this == "药" else NOTHING
        made = NOTHING
        for child in node.iter_expressions():
            made = made.beside(self._column(child, scope, env))
        return Column(made.seen, adds=made.adds or _adds(node, made))

    def _nested(self, node: exp.Query, scope: Scope, env: Mapping[str, Facts]) -> Column:
        facts = self.query(node, env, scope)
        scope.below.append(facts)
        goods = frozenset(one for one in facts.asked | facts.about if one.concept in GOODS | WHO)
        return Column(facts.shown | goods, facts.adds)

    def _resolved(self, node: exp.Column, scope: Scope) -> Column:
        name, wanted = plain(node.name), node.table.lower()
        at: Scope | None = scope
        while at is not None:
            if not wanted and name in at.outputs and not any(name in f.columns for _, f in at.sources.values()):
                return at.outputs[name]
            for alias, (shown, facts) in at.sources.items():
                if wanted in ("", alias) and name in facts.columns:
                    return self._joined(facts.columns[name], at, alias, node.name)
                if wanted == alias or (not wanted and len(at.sources) == 1):
                    if facts.closed:
                        break
                    return self._joined(self._named(shown, node.name), at, alias, node.name)
            if wanted in at.sources:
                return NOTHING
            at = at.outer
        return self._named("", node.name)

    def _joined(self, column: Column, scope: Scope, alias: str, name: str) -> Column:
        """A silent column of a table of people, joined with a line's prescriber, says who prescribed it."""
        shown, facts = scope.sources[alias]
        who = scope.who.get(alias)
        if not who or column.concepts & WHO or facts.lines or facts.about or not is_silent(name):
            return column
        said = frozenset(Seen(concept, f"{shown or alias}.{name}") for concept in who)
        return replace(column, seen=column.seen | said)

    def _named(self, table: str, column: str) -> Column:
        said = self.schema.labelled(table, column) if table else None
        concepts = (column_concepts(column) | told_by_table(table, column)) if said is None else said
        shown = f"{table}.{column}" if table else column
        return Column(frozenset(Seen(concept, shown) for concept in concepts))


def _adds(node: exp.Expr, made: Column) -> bool:
    """Whether an expression adds up: counts and sums always, a mean or an extreme where it is one of quantities."""
    if isinstance(node, _ALWAYS) or (isinstance(node, exp.Anonymous) and str(node.name).lower() in _ALWAYS_NAMED):
        return True
    return isinstance(node, exp.AggFunc) and bool(made.concepts & MEASURES)


def _ctes(
    reading: Reading, node: exp.Expr, env: Mapping[str, Facts] | None = None, outer: Scope | None = None
) -> dict[str, Facts]:
    made: dict[str, Facts] = {}
    clause = node.args.get("with_") or node.args.get("with")
    for cte in [] if clause is None else clause.expressions:
        inner = cte.this
        made[cte.alias.lower()] = Facts()
        if isinstance(inner, exp.Insert) and isinstance(inner.expression, exp.Query):
            facts = replace(reading.query(inner.expression, {**(env or {}), **made}, outer), copies=True)
            reading.written.append(facts)
        elif isinstance(inner, exp.Query):
            facts = reading.query(inner, {**(env or {}), **made}, outer)
        else:
            facts = Facts(closed=False)
        named = cte.args.get("alias")
        if isinstance(named, exp.TableAlias) and named.columns:
            renamed = {c.name.lower(): old for c, old in zip(named.columns, facts.columns.values(), strict=False)}
            facts = replace(facts, columns=renamed)
        made[cte.alias.lower()] = facts
    return made


def _pinned(scope: Scope, said: Narrowed, who: set[str]) -> frozenset[Concept]:
    """Concepts to which every source of lines that says who is narrowed, itself or through what it is joined with."""
    pins = {alias: set(facts.pins) for alias, (_, facts) in scope.sources.items()}
    for alias, concepts in said.pins.items():
        for one in [alias] if alias in pins else pins:
            pins[one] |= concepts
    for _ in range(len(pins)):
        for a, b in said.links:
            if a in pins and b in pins:
                pins[b] |= pins[a]
    lines = [alias for alias, (_, facts) in scope.sources.items() if facts.lines]
    needed = [pins[alias] for alias in [a for a in lines if a in who] or lines or pins]
    return frozenset(set.intersection(*needed)) if needed else frozenset()


def _alias(node: exp.Expr, scope: Scope) -> str:
    column = node.find(exp.Column)
    if column is None:
        return ""
    if column.table:
        return column.table.lower() if column.table.lower() in scope.sources else OUTSIDE
    name = plain(column.name)
    having = [alias for alias, (_, facts) in scope.sources.items() if name in facts.columns]
    if having:
        return having[0]
    return next(iter(scope.sources)) if len(scope.sources) == 1 else ""


def _full(node: exp.Table) -> str:
    return ".".join(
        part.name for part in (*(node.args.get(k) for k in ("catalog", "db")), node.this) if part is not None
    )


def _shown_name(node: exp.Expr) -> str:
    return _full(node) if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier) else ""
