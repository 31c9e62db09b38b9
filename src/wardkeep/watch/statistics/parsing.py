# SPDX-License-Identifier: Apache-2.0
"""Parsing one statement: the dialect that its signs speak for first, then the others. Pure; bounded."""

from __future__ import annotations

import logging
import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

#: A statement longer than this is told from its words.
LONGEST = 24_576
_DEEPEST = 60
_DIALECTS = ("oracle", "tsql", "mysql", "postgres")
_SIGNS = (
    ("tsql", re.compile(r"\[[\w ]|\btop\b|(?<!\w)@\w|#\w|\bn'|cross apply|outer apply|\bdbo\.", re.IGNORECASE)),
    ("mysql", re.compile(r"`|with rollup|@\w+\s*:=", re.IGNORECASE)),
    ("postgres", re.compile(r"::|\$\d|\blateral\b|\bfilter\s*\(|\breturning\b|recursive|materialized", re.IGNORECASE)),
)
_BIND = re.compile(r"(?<![\w'?])\?(?![\w'?])|(?<![\w$])\$\d+\b")
_OUTFILE = re.compile(
    r"\binto\s+(?:out|dump)file\s+'[^']*'(?:\s+(?:fields|lines|character)\b.*?(?=\bfrom\b|\Z))?", re.I | re.S
)
_XML = re.compile(r"\bfor\s+(?:xml|json)\b[^()]*(?:\([^()]*\)[^()]*)?", re.IGNORECASE)

# A statement that it does not know makes sqlglot warn: that is no news here.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def takes_out(text: str) -> bool:
    """Whether a statement writes its rows into a file."""
    return _OUTFILE.search(text) is not None


def parsed(text: str) -> exp.Expr | None:
    """The tree of one statement, None where no dialect knows it."""
    if len(text) > LONGEST or _nesting(text) > _DEEPEST:
        return None
    text = _BIND.sub(":q", _OUTFILE.sub(" ", text)).strip().rstrip(";")
    if "for" in text.lower():
        text = _XML.sub(" ", text)
    for dialect in _order(text):
        try:
            trees = sqlglot.parse(text, read=dialect)
        # Whatever a parser trips over here, the words still tell: fails towards the less certain answer, never to "clean".
        except (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, KeyError, IndexError):
            continue
        if len(trees) == 1 and trees[0] is not None and not isinstance(trees[0], exp.Command):
            return trees[0]
    return None


def _order(text: str) -> list[str]:
    first = [dialect for dialect, signs in _SIGNS if signs.search(text)]
    return [*first, *(d for d in _DIALECTS if d not in first)]


def _nesting(text: str) -> int:
    deepest = depth = 0
    for c in text:
        if c == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif c == ")":
            depth -= 1
    return deepest
