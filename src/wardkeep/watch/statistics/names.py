# SPDX-License-Identifier: Apache-2.0
"""What a name means: concepts of columns and tables by Chinese words, pinyin initials and English (names.toml). Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from wardkeep.watch.statistics.verdict import GOODS, Concept

#: A name longer than this is cut before it is looked at.
LONGEST = 200
#: Capitals that begin no word, as in sElEcT and DRUg.
_ODD_CASE = re.compile(r"[A-Z]{2}[a-z]")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
#: `OEORI_ItmMast_DR`: at the end of a name of several parts the word says reference, not doctor.
_REFERENCE = re.compile(r"_DR(?=__|$)", re.IGNORECASE)
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Listed:
    """One list of names.toml."""

    zh: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    inside: tuple[str, ...] = ()
    stems: re.Pattern[str] | None = None
    but: tuple[str, ...] = ()
    but_zh: tuple[str, ...] = ()

    def meets(self, name: Name) -> bool:
        """Whether a name has a word of this list."""
        chinese, lower, words = name.chinese, name.lower, name.words
        if chinese:
            for word in self.but_zh:
                chinese = chinese.replace(word, " ")
            if any(word in chinese for word in self.zh):
                return True
        if self.but and (any(word in words or lower == word for word in self.but)):
            return False
        return (
            not self.words.isdisjoint(words)
            or any(part in lower for part in self.inside)
            or (self.stems is not None and any(self.stems.fullmatch(word) for word in words))
        )


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart."""

    lower: str
    chinese: str
    words: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Name:
        text = text[:LONGEST]
        if text.count("_") > 1:
            text = _REFERENCE.sub("", text)
        # Two letters are a word between capitals only where capitals begin words: not in DrUG.
        camel = _ODD_CASE.search(text) is None
        found = [word.lower() for word in _WORDS.findall(text) if camel or len(word) > 2]
        lower = text.lower()
        bare = re.sub(r"[\d_\s$#.]+", "", lower)
        # Upper-case names of Oracle have no other mark between their words than `_`; sElEcT has too many.
        words = {*found, *re.findall(r"[^\W\d_]+", lower), lower, bare}
        return cls(lower, lower.upper() if _CHINESE.search(text) else "", frozenset(words))


def _listed(raw: Mapping[str, Any], affixes: Mapping[str, list[str]]) -> Listed:
    stems = None
    if raw.get("stems"):
        prefix, suffix = ("|".join(map(re.escape, affixes[k])) for k in ("prefixes", "suffixes"))
        every = "|".join(stem for other in _RAW.values() for stem in other.get("stems", ()))
        # ysyp, kdysdm, ypystj: initials run together.
        stems = re.compile(f"(?:{prefix}|{every}){{0,2}}(?:{'|'.join(raw['stems'])})(?:{suffix}|{every}){{0,3}}")
    return Listed(
        zh=tuple(word.upper() for word in raw.get("zh", ())),
        words=frozenset(raw.get("words", ())),
        inside=tuple(raw.get("inside", ())),
        stems=stems,
        but=tuple(raw.get("but", ())),
        but_zh=tuple(word.upper() for word in raw.get("but_zh", ())),
    )


_RAW = tomllib.loads(files("wardkeep.watch.statistics").joinpath("names.toml").read_text(encoding="utf-8"))
LISTS: dict[str, Listed] = {name: _listed(raw, _RAW["affixes"]) for name, raw in _RAW.items() if name != "affixes"}
_NOT_ONE = frozenset(_RAW["patient"]["not_with"])
_WHOLE = frozenset(_RAW["prescription"]["whole"])
_WITH_NUMBER = frozenset(_RAW["prescription"]["with_number"])
_PATIENTS = frozenset(_RAW["patient"]["with_number"])
_NUMBERS = frozenset(_RAW["prescription"]["numbers"])
_DAY_ENDS = tuple(_RAW["day"]["ends"])
HARMLESS = tuple(_RAW["harmless"]["starts"])
_PLAIN = (*sorted(GOODS), Concept.ITEM, Concept.PRESCRIBER, Concept.DEPARTMENT, Concept.QUANTITY, Concept.AMOUNT)


@lru_cache(maxsize=65_536)
def column_concepts(text: str) -> frozenset[Concept]:
    """What a column of this name (or comment) is about."""
    name = Name.of(text)
    found = {concept for concept in _PLAIN if LISTS[concept].meets(name)}
    if _is_day(name):
        found = {Concept.DAY}
    elif name.words & _PATIENTS and name.words & _NUMBERS and not found & (GOODS | {Concept.PRESCRIBER}):
        found = {Concept.PATIENT}
    elif (
        name.lower in _WHOLE
        or _is_one(name, Concept.PRESCRIPTION)
        or (name.words & _WITH_NUMBER and name.words & _NUMBERS)
    ):
        # The number of a prescription, and not the goods on it nor their quantity.
        found = {Concept.PRESCRIPTION, *(found & {Concept.PRESCRIBER, Concept.DEPARTMENT})}
    elif _is_one(name, Concept.PATIENT) and not found & {Concept.AMOUNT, Concept.QUANTITY}:
        found = {Concept.PATIENT}
    return frozenset(found)


@lru_cache(maxsize=16_384)
def told_by_table(table: str, column: str) -> frozenset[Concept]:
    """What a silent column is about by its table: the name in a table of doctors is a doctor's."""
    if not is_silent(column):
        return frozenset()
    return column_concepts(table.rpartition(".")[2]) & (GOODS | {Concept.PRESCRIBER, Concept.DEPARTMENT})


@lru_cache(maxsize=16_384)
def is_silent(column: str) -> bool:
    """Whether a column is a name or a number that says nothing of whose."""
    return not column_concepts(column) - {Concept.PRESCRIPTION} and LISTS["telling"].meets(Name.of(column))


def _is_one(name: Name, concept: Concept) -> bool:
    return LISTS[concept].meets(name) and not name.words & _NOT_ONE and not any(w in name.chinese for w in _NOT_ONE)


def _is_day(name: Name) -> bool:
    listed = LISTS["day"]
    return listed.meets(name) or (not name.chinese and name.lower.endswith(_DAY_ENDS))


@dataclass(frozen=True, kw_only=True, slots=True)
class TableKind:
    """What a table is by its name and comment."""

    goods: frozenset[Concept] = frozenset()
    #: Holds single lines of use: of prescriptions, orders, consumption.
    lines: bool = False
    #: Lines of bills or orders of every kind, of which an item may be a medicine.
    charges: bool = False
    #: What lies in a store, or was bought for it: nobody's prescriptions.
    stock: bool = False
    #: Dictionaries, rights, prices.
    master: bool = False
    test: bool = False


@lru_cache(maxsize=16_384)
def table_kind(*texts: str) -> TableKind:
    """What a table of these names and comments is."""
    names = [Name.of(text) for text in texts if text]

    def meets(*lists: str) -> bool:
        return any(LISTS[which].meets(name) for which in lists for name in names)

    goods = {concept for concept in GOODS if meets(concept)}
    if meets("prescriptions"):
        goods.add(Concept.DRUG)
    lines = meets("lines", "prescriptions")
    stock = meets("stock")
    # Who and what in one name: a table of sums already.
    sums = bool(goods) and not meets("master") and meets(Concept.PRESCRIBER, Concept.DEPARTMENT)
    lines |= sums
    return TableKind(
        goods=frozenset(goods),
        lines=lines and not stock,
        charges=meets("charges") and not stock,
        stock=stock,
        master=meets("master") and not (lines and goods),
        test=meets("test"),
    )


@lru_cache(maxsize=4096)
def told(text: str) -> frozenset[str]:
    """Names of every list that a free text meets: for menu functions and words of commands."""
    name = Name.of(text)
    return frozenset(which for which, listed in LISTS.items() if listed.meets(name))


def is_harmless(procedure: str) -> bool:
    return procedure.lower().removeprefix("dbo.").removeprefix("master..").startswith(HARMLESS)


def is_clinical(names: Iterable[str]) -> bool:
    """Whether a database of one of these names is likely to hold prescriptions."""
    return any("clinical" in told(name) for name in names)


def is_test(name: str) -> bool:
    return "test" in told(name)
