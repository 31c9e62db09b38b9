# SPDX-License-Identifier: Apache-2.0
"""Which tables are nobody's data: the session's own (`#t`, `@t`), and those that somebody made to put something down (`tmp_x`).

What counts is the table that is written to. A name may stand for another table, as its alias or as a WITH over it, and a
statement may write to more than the first of its tables. In doubt a table is no scratch table. Pure; reads what `acts` made
bare of strings, comments and quoted names.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_SCRATCH = re.compile(r"[#@]|te?mp_")
_NAME = re.compile(r"(?<![\w$#@\".])\"?(?:#|te?mp_)[\w$#@]*\"?(?![\w$#@\".])")
_WITH = re.compile(r"\s*(?:\([^()]*\)\s*)?as\s*(?:(?:not\s+)?materialized\s*)?\(")
_READ = re.compile(r"(?<![\w$#@.])(?:from|join)\s*([\w$#@\".]*)")
_PARENTHESIS = re.compile(r"[()]")
_MORE = re.compile(r"\s*,\s*([\w$#@\"][\w$#@\".]*)(?:\s*\.\s*\*)?")
_SET = re.compile(r"(?<![\w$#@.])set(?![\w$#])")
_SEVERAL = re.compile(r",|(?<![\w$#@.])join(?![\w$#])")
_CALLED = re.compile(r"\s+(?:as\s+)?([\w$#@\"]+)")
_SETS_END = re.compile(r";|(?<![\w$#@.])(?:where|order|limit|from)(?![\w$#])")
_ASSIGNED = re.compile(r"(?:\A|,)\s*((?:[\w$#@\"]+\s*\.\s*)*)[\w$#@\"]+\s*=")
#: Words behind which a name is a table's own, and no other name for the table before it.
_KEYWORDS = frozenset({
    "from", "join", "into", "table", "update", "delete", "truncate", "merge", "insert", "replace", "using", "only", "exists",
    "set", "where", "and", "or", "not", "by", "select", "on", "in", "as", "then", "else", "end", "when", "case", "drop",
    "alter", "to", "with", "begin", "do", "go", "return", "returning", "output", "all", "distinct", "between", "like", "is",
    "desc", "asc", "overwrite", "ignore", "quick", "apply", "values", "having", "if", "exec", "execute", "call", "cascade",
})  # fmt: skip
#: How far a WITH, or what an UPDATE sets, is looked into: what is longer is no scratch table's.
_FAR = 1_024
#: Each WITH of a text that is looked into.
_MOST = 64


def is_scratch(name: str) -> bool:
    """Whether a table has such a name; a schema's name makes none."""
    parts = [part.strip('"') for part in name.removesuffix(".*").split(".")]
    return _SCRATCH.match(parts[-1]) is not None or (name == '"#"')


class Scratch:
    """What such names stand for in one text, found in one pass over it when it is first asked."""

    def __init__(self, bare: str) -> None:
        self.bare = bare
        self._asked = False

    def _look(self) -> None:
        bare = self.bare
        self._asked = True
        self._ends = [match.start() for match in re.finditer(";", bare)]
        #: name -> where it is another name for a table that is no scratch table.
        self._aliases: dict[str, list[int]] = {}
        #: name -> where a WITH over such a table makes it.
        self._withs: dict[str, list[int]] = {}
        looked = 0
        for match in _NAME.finditer(bare):
            name = match[0].strip('"')
            if (made := _WITH.match(bare, match.end())) is not None:
                looked += 1
                if looked > _MOST or not self._is_read_from_scratch(made.end()):
                    self._withs.setdefault(name, []).append(match.start())
            elif (table := self._before(match.start())) is not None and not is_scratch(table):
                self._aliases.setdefault(name, []).append(match.start())

    def owns(self, verb: str, target: str, at: int) -> bool:
        """Whether all that a verb writes to is scratch. `target` is its first table, whose name ends at `at`."""
        if not is_scratch(target) or self.bare[at : at + 2].lstrip().startswith("."):
            return False
        if not self._asked:
            self._look()
        name = target.removesuffix(".*").strip('"')
        if self._stands(self._aliases, name, at, later=True) or self._stands(self._withs, name, at, later=False):
            return False
        if verb == "update":
            return self._sets_own(name, at)
        while verb in ("delete", "truncate", "drop") and (more := _MORE.match(self.bare, at)) is not None:
            if not is_scratch(more[1]) or self._stands(self._aliases, more[1].strip('"'), more.end(), later=True):
                return False
            at = more.end()
        return True

    def _before(self, at: int) -> str | None:
        """The table that a name at `at` is another name for; None where no table stands before it."""
        word = self._word(at)
        if word == "as":
            at = self._skipped(at) - 2
            word = self._word(at)
        if word == ")":
            return word
        return word if word and word not in _KEYWORDS else None

    def _word(self, at: int) -> str:
        end = self._skipped(at)
        if end and self.bare[end - 1] == ")":
            return ")"
        start = end
        while start and end - start < 128 and (self.bare[start - 1].isalnum() or self.bare[start - 1] in '_$#@".'):
            start -= 1
        return self.bare[start:end]

    def _skipped(self, at: int) -> int:
        while at and self.bare[at - 1].isspace():
            at -= 1
        return at

    def _stands(self, places: dict[str, list[int]], name: str, at: int, *, later: bool) -> bool:
        """Whether one of the places of a name lies in the statement that `at` lies in, behind it or before it."""
        found = places.get(name)
        if not found:
            return False
        i, k = bisect_right(found, at), bisect_right(self._ends, at)
        if later:
            return i < len(found) and (k == len(self._ends) or found[i] < self._ends[k])
        return i > 0 and (k == 0 or found[i - 1] > self._ends[k - 1])

    def _is_read_from_scratch(self, at: int) -> bool:
        """Whether what a WITH reads, from its parenthesis on, is one scratch table and nothing else."""
        depth = 1
        for match in _PARENTHESIS.finditer(self.bare, at, at + _FAR):
            depth += 1 if match[0] == "(" else -1
            if not depth:
                read = list(_READ.finditer(self.bare, at, match.start()))
                return len(read) == 1 and is_scratch(read[0][1]) and "," not in self.bare[read[0].end() : match.start()]
        return False

    def _sets_own(self, name: str, at: int) -> bool:
        """Whether an UPDATE of several tables (`UPDATE a, b SET b.x = …`) sets columns of its first alone."""
        upto = _SET.search(self.bare, at, at + _FAR)
        if upto is None:
            return len(self.bare) - at <= _FAR
        if _SEVERAL.search(self.bare, at, upto.start()) is None:
            return True
        called = _CALLED.match(self.bare, at)
        ours = {name, called[1].strip('"')} if called is not None and called[1] != "join" else {name}
        ends = _SETS_END.search(self.bare, upto.end(), upto.end() + _FAR)
        sets = self.bare[upto.end() : ends.start() if ends else upto.end() + _FAR]
        if ends is None and upto.end() + _FAR < len(self.bare):
            return False
        assigned = [
            match[1].replace(" ", "").rstrip(".").rsplit(".", 1)[-1].strip('"') for match in _ASSIGNED.finditer(sets)
        ]
        return bool(assigned) and all(one in ours for one in assigned)
