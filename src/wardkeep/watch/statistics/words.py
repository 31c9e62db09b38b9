# SPDX-License-Identifier: Apache-2.0
"""Telling a statement from its words: where it cannot be parsed, and what is no SQL (M, report menus). Less certain. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from wardkeep.watch.statistics.names import TableKind, column_concepts, table_kind, told
from wardkeep.watch.statistics.schema import Schema
from wardkeep.watch.statistics.verdict import (
    GOODS,
    MEASURES,
    ONE,
    ORDINARY,
    SHOWN,
    WHO,
    Answer,
    By,
    Concept,
    How,
    Seen,
    Verdict,
)

_NAME = re.compile(r"[^\W\d][\w$#]*")
_QUALIFIED = re.compile(
    r"\b(?:from|join|into|table)\s+((?:[\[\"`]?[^\W\d][\w$#]{0,127}(?: [\w$#]{1,64})?[\]\"`]?\.{0,2}){1,4})",
    re.IGNORECASE,
)
_STRING = re.compile(r"[nN]?'(?:[^']|'')*'")
_GLOBAL = re.compile(r"\^(%?[A-Za-z]\w{0,127})")
_IN_M = re.compile(r"\"([A-Za-z\u3400-\u9fff]\w{1,40})\"")
_WALK = re.compile(r"\$(?:o|order|q|query|n|next)\s*\(", re.IGNORECASE)
_ADDS = re.compile(
    r"\b(?:sum|count|listagg|group_concat|string_agg|array_agg|wm_concat|xmlagg|json_object_agg)\s*\(", re.I
)
_GROUPS = re.compile(r"\bgroup\s+by\b|\bpartition\s+by\b|\bpivot\b|\bcrosstab\b|\brollup\b|\bcube\b", re.IGNORECASE)
_EQUAL = re.compile(r"\b([^\W\d][\w$#]{0,127})[\]\"`]?\s*=\s*(?:[nN]?'|\d|:\w|@\w|\?)")
_OWN = re.compile(r"=\s*(?:user\b|current_user|session_user|system_user|suser_s?name|sys_context)", re.IGNORECASE)
_STAR = re.compile(r"\bselect\s+(?:distinct\s+|top\s*\(?\d+\)?\s+)?(?:\w+\.)?\*", re.IGNORECASE)
_SPLIT = re.compile(r"[\s/\\|,;:?&=()\[\]{}<>!]+")
_CASED = re.compile(r"(?<=[a-z])(?=[A-Z])")


def from_words(text: str, schema: Schema, *, certain: bool = False) -> Verdict:
    """The verdict on a query that no dialect parses."""
    bare = _STRING.sub("''", text)
    seen: set[Seen] = set()
    tables = [match[1].strip(' "[]`') for match in _QUALIFIED.finditer(bare)]
    kinds = [_kind(schema, name) for name in tables]
    for kind, name in zip(kinds, tables, strict=True):
        seen |= {Seen(goods, name) for goods in kind.goods}
    known: dict[str, frozenset[Concept]] = {}
    for name in tables:
        key = schema.find(schema.target(name), schema.tables)
        known.update(schema.tables[key].columns if key else {})
    for name in dict.fromkeys(_NAME.findall(bare)):
        concepts = known.get(name.lower(), column_concepts(name))
        seen |= {Seen(concept, name) for concept in concepts}
    if any(mark in text for mark in ("'药'", "药费", "药品")):
        seen.add(Seen(Concept.DRUG, "'药'"))
    concepts = frozenset(one.concept for one in seen)
    pins = {c for match in _EQUAL.finditer(bare) for c in known.get(match[1].lower(), column_concepts(match[1]))}
    goods = concepts & GOODS or (concepts & {Concept.ITEM} if any(kind.charges for kind in kinds) else frozenset())
    by = concepts & WHO
    stock = any(kind.stock for kind in kinds) and not any(kind.lines for kind in kinds)
    narrow = _OWN.search(bare) or (pins & ONE and " or " not in bare.lower())
    how = (
        _how(bare, concepts, lines=any(kind.lines for kind in kinds))
        if goods and by and not stock and not narrow
        else None
    )
    if how is None:
        return ORDINARY
    piece = how is How.LINES and pins & {Concept.PRESCRIBER, Concept.DAY}
    return _found(seen, by, how, Answer.PIECE if piece else Answer.STATISTICS, certain)


def _how(bare: str, concepts: frozenset[Concept], *, lines: bool) -> How | None:
    adds = _ADDS.search(bare)
    if adds and _GROUPS.search(bare):
        return How.SUMS
    told = lines or concepts & MEASURES or _STAR.search(bare)
    return How.LINES if Concept.PRESCRIBER in concepts and not adds and told else None


def _kind(schema: Schema, name: str) -> TableKind:
    key = schema.find(schema.target(name), schema.tables)
    return schema.tables[key].kind if key else table_kind(name)


def from_m(text: str) -> Verdict:
    """M code: a walk over a global of goods that looks at who asked for them."""
    names = [*_GLOBAL.findall(text), *_IN_M.findall(text), *_NAME.findall(_IN_M.sub(" ", text))]
    seen: set[Seen] = set()
    for name in dict.fromkeys(names):
        seen |= {Seen(concept, name) for concept in column_concepts(name)}
        seen |= {Seen(goods, name) for goods in table_kind(name).goods}
    concepts = {one.concept for one in seen}
    by = concepts & WHO
    if not _WALK.search(text) or not concepts & GOODS or not by:
        return ORDINARY
    return _found(seen, by, How.SUMS if concepts & MEASURES else How.LINES, Answer.STATISTICS, False)


def is_m(text: str) -> bool:
    return "^" in text and bool(_WALK.search(text) or re.match(r"\s*(?:W|S|D|K|F|WRITE|SET|DO|KILL|FOR|ZW)\b", text))


def from_menu(text: str) -> Verdict:
    """The name of a report or a menu function."""
    met: set[str] = set()
    seen: set[Seen] = set()
    for part in _SPLIT.split(text[:2000]):
        for word in {part, _CASED.sub("_", part)} - {""}:
            listed = told(word)
            met |= listed
            seen |= {Seen(c, word) for c in (*GOODS, *WHO) if c in listed}
            if "prescriptions" in listed:
                seen.add(Seen(Concept.DRUG, word))
    concepts = {one.concept for one in seen}
    by = concepts & WHO
    if not concepts & GOODS or not by or "report" not in met:
        return ORDINARY
    return _found(seen, by, How.REPORT, Answer.STATISTICS, True)


def _found(seen: set[Seen], by: Collection[Concept], how: How, answer: Answer, certain: bool) -> Verdict:
    person = Concept.PRESCRIBER in by
    names = tuple(sorted(one for one in seen if one.concept in SHOWN))
    return Verdict(answer=answer, how=how, by=By.PRESCRIBER if person else By.DEPARTMENT, seen=names, certain=certain)
