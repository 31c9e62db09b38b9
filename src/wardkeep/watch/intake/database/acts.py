# SPDX-License-Identifier: Apache-2.0
"""What the statements of a batch do: the gravest of them, whatever stands before it. Pure; no parser, but what it reads is SQL
without its strings, comments and quoted names, so that words of data are no words of statements.

A scratch table is nobody's data: what is done to it counts as a query.
"""

from __future__ import annotations

import re

from wardkeep.watch.intake.database.coded import RUNS, code
from wardkeep.watch.intake.database.scratch import Scratch, is_scratch
from wardkeep.watch.intake.database.structure import STRUCTURE, structure
from wardkeep.watch.intake.database.undress import LONGEST, letters, put_together, without_comments

#: What only arranges the session is no access; the later, the graver.
RANK = ("other", "query", "create", "export", "update", "delete")
OTHER, QUERY, CREATE, EXPORT, UPDATE, DELETE = range(6)
#: What a statement does by its first word.
FIRST = {
    **dict.fromkeys(("insert", "load"), CREATE),
    # What is there already is overwritten by some of these.
    **dict.fromkeys(("update", "merge", "replace", "upsert"), UPDATE),
    **dict.fromkeys(("delete", "truncate"), DELETE),
    **dict.fromkeys(("backup", "unload"), EXPORT),
    **dict.fromkeys(
        (
            "set", "use", "begin", "start", "commit", "rollback", "abort", "end", "savepoint", "release", "lock", "unlock",
            "deallocate", "discard", "reset", "listen", "unlisten", "notify", "flush", "kill", "close", "ping",
        ),
        OTHER,
    ),
}  # fmt: skip
#: Strings that run strings that run strings: more are not followed.
_DEEPEST = 4
#: Quotes of Oracle's own kind times letters: an end that is not there is looked for by each of them.
_MOST_QUOTED = 20_000_000
#: Procedures that one text makes: the bodies of more are read as if they were run.
_MOST_MADE = 16
#: What is no word of a statement. MySQL's executable comments are; its `1--1` is no comment.
_QUOTE = r"(?<![\w'])n?q'(?:\[.*?\]|\{.*?\}|\(.*?\)|<.*?>|(?P<q>[^\s\w]).*?(?P=q))'|"
_APART = re.compile(
    r"'[^']*(?:''[^']*)*(?:'|\Z)|\"([^\"]*)\"|`([^`]*)`|\[([^\[\]\n]{1,128})\]"
    r"|/\*(!)\d*|/\*.*?(?:\*/|\Z)|\*/|(?<![\w)])--[^\n]*|--(?![\w@(])[^\n]*|(?<![\w@:$.\[('\"])#(?![#\w])[^\n]*",
    re.DOTALL,
)
_STRING, _ESCAPED_STRING = r"'[^']*(?:''[^']*)*(?:'|\Z)", r"'[^'\\]*(?:(?:''|\\.)[^'\\]*)*(?:'|\Z)"
_APART_QUOTED = re.compile(_QUOTE + _APART.pattern, re.DOTALL)
_APART_ESCAPED = re.compile(_APART.pattern.replace(_STRING, _ESCAPED_STRING), re.DOTALL)
VERBS = frozenset({"delete", "truncate", "update", "merge", "upsert", "insert", "replace"})
_VERB = re.compile(rf"(?<![\w$#@.:])(?:{'|'.join(sorted(VERBS))})(?![\w$#])")
_BEFORE = re.compile(r"([\w$#@]+|[^\w\s])\s*\Z")
#: Words and signs after which a verb names a right, a lock, an event or a column.
_NAMED = frozenset(".,=<>+|&%:") | {
    "for", "key", "share", "or", "after", "before", "of", "grant", "revoke", "deny", "audit", "noaudit", "can", "with", "inner",
    "left", "right", "full", "outer", "hash",
}  # fmt: skip
_AFTER = re.compile(
    r"\s*(?:top\s*(?:\([^()]*\)|\d+)\s*|(?:percent|low_priority|high_priority|delayed|quick|ignore|only|into|from|overwrite|all|table)\b\s*)*"
    r"(\(\s*select\b|[^\W\d][^\s,;()]*|[#@\"][^\s,;()]*)?"
)
#: What follows a verb that changes no table: `on update cascade`, `then update set`, `update statistics`.
_NO_TABLE = frozenset({
    "set", "statistics", "of", "nowait", "skip", "wait", "where", "on", "cascade", "restrict", "no", "when", "output", "end",
    "then", "join", "values", "current_timestamp", "now", "localtimestamp",
})  # fmt: skip
_PLAIN = re.compile(r"\w+")
_OWN_NAME = re.compile(r"[#@]{0,2}\w+")
#: An UPDATE of what an INSERT finds there already.
_INSTEAD = re.compile(r"\b(?:duplicate\s+key|do)\s*\Z")
_SPACES = re.compile(r"\s{9,}")
_NEXT = re.compile(r";|(?<![\w$#@.])(?:select|insert|update|delete|exec|execute|merge|with|truncate)(?![\w$#])")
_ASKS = re.compile(
    r"(?<![\w$#@.])(?:select|exec|execute|call|declare|create|alter|drop|grant|revoke|restore|backup|dump|load|unload|copy)(?![\w$#])"
)
_BEGINS = re.compile(r"(?:\A|[;{]|(?<![\w$#@])(?:begin|then|else|loop|do|go|atomic)(?![\w$#]))[\s(;]*(?=([^\W\d]\w*)?)")
_ALIAS = re.compile(r"(?:\bfrom|\bjoin|,)\s*\"?(?:[#@]|te?mp_)[\w$#@]*\"?\s+(?:as\s+)?(\w+)")
#: Where a name has another one behind it, it is the table's own.
_HAS_ALIAS = re.compile(r"\s+(?!(?:set|with|from|where|output|using)\b)\w")
_ENDS = re.compile(r"[\s;)]*\Z")
_INTO = re.compile(r"\s+(?:low_priority\s+|delayed\s+)?into\b")
_FILE = re.compile(r"\binto\s+(?:out|dump)file\b")
_COPY = re.compile(
    r"(?:\A|[;{]|(?<![\w$#@])(?:begin|then|else|loop|go)(?![\w$#]))[\s(;]*copy\b[^;]*?\b"
    r"(to|from)\s+(?:stdout|stdin|program\b|')"
)
_EXPLAINED = re.compile(r"(\A|;)\s*(?:explain|describe|desc)\b(?![^;]*\banaly[sz]e\b)[^;]*")
_MADE = re.compile(
    r"\b(?:create|alter)\s+(?:or\s+(?:replace|alter)\s+)?(?:(?:definer\s*=\s*\S+|editionable|noneditionable|constraint|temporary)\s+)*"
    r"(?:procedure|proc|function|trigger|package|event|rule|type)\s+(?:body\s+)?(?:if\s+not\s+exists\s+)?([\w$#.\"]+)"
)
_MADE_ENDS = re.compile(r"\n\s*(?:go|/)\s*(?:\n|\Z)")


def acts(text: str) -> int:
    """The rank of the gravest statement of a text."""
    return _acts(letters(text), 0)


def is_about_own(text: str) -> bool:
    """Whether a statement of a text changes a scratch table."""
    bare = _APART.sub(_put, letters(text).lower())
    scratch = Scratch(bare)
    return any(_did(bare, match, scratch, merged=False) == QUERY for match in _VERB.finditer(bare)) or any(
        did == "query" for did in structure(bare, scratch, lambda at: _is_named(bare, at))
    )


def _acts(text: str, depth: int) -> int:
    lower = text.lower()
    found = _bare_acts(_APART.sub(_put, lower))
    # One database ends a string where another goes on: read both ways, so that neither hides anything.
    if "\\'" in text:
        found = max(found, _bare_acts(_APART_ESCAPED.sub(_put, lower)))
    if (quotes := lower.count("q'")) and quotes * len(lower) < _MOST_QUOTED:
        found = max(found, _bare_acts(_APART_QUOTED.sub(_put, lower)))
    if depth < _DEEPEST and RUNS.search(text):
        plain = without_comments(text)
        inside = code(put_together(plain) if len(plain) <= LONGEST else plain)
        found = max([found, *(_acts(one, depth + 1) for one in inside)])
    return found


def _put(match: re.Match[str]) -> str:
    whole = match[0]
    if whole[0] in "'nq":
        return "''"
    if whole[0] in '"`[':
        # Of a quoted name only whether it may be a scratch table's, and which, or a procedure's that renames.
        name = match[1] or match[2] or match[3] or ""
        if name.startswith(("#", "@", "tmp_", "temp_")):
            return f'"{name}"' if _OWN_NAME.fullmatch(name) else '"#"'
        return f'"{name}"' if name in ("tempdb", "sp_rename") else '"x"'
    return "\n" if "\n" in whole else " "


def _bare_acts(bare: str) -> int:
    if "explain" in bare or "desc" in bare:
        bare = _EXPLAINED.sub(r"\1 explain ", bare)
    if "create" in bare or "alter" in bare:
        bare = _without_bodies(bare)
    # Space without end between two words would push what stands before a word out of sight.
    bare = _SPACES.sub(_one_space, bare)
    found = _begun(bare)
    scratch = Scratch(bare)
    if any(word in bare for word in STRUCTURE):
        for said in structure(bare, scratch, lambda at: _is_named(bare, at)):
            found = max(found, RANK.index(said))
    merged, inserted = False, OTHER
    for match in _VERB.finditer(bare):
        if found == DELETE:
            return found
        did = _did(bare, match, scratch, merged=merged)
        merged |= match[0] == "merge" and did == UPDATE
        if match[0] == "insert":
            inserted = did
        elif inserted == CREATE and did == OTHER and match[0] == "update":
            did = UPDATE if _INSTEAD.search(bare, max(0, match.start() - 64), match.start()) else OTHER
        found = max(found, did)
    if ("outfile" in bare or "dumpfile" in bare) and _FILE.search(bare):
        found = max(found, EXPORT)
    return found


def _begun(bare: str) -> int:
    """By the first words of its statements, without those that `_did` looks at; no word of its own counts as a query."""
    found = OTHER
    for match in _BEGINS.finditer(bare):
        word, first = match[1], match.start() == 0 or match[0][0] in ";{"
        if word == "copy" and found < EXPORT:
            way = _COPY.match(bare, match.start())
            found = max(found, CREATE if way is not None and way[1] == "from" else EXPORT)
        elif word is not None and word not in VERBS and word in FIRST:
            found = max(found, FIRST[word])
        elif first and (word is not None or match.start() == 0):
            found = max(found, QUERY)
    return QUERY if found == OTHER and _ASKS.search(bare) else found


def _one_space(match: re.Match[str]) -> str:
    return "\n" if "\n" in match[0] else " "


def _is_named(bare: str, at: int) -> bool:
    """Whether the word that stands there names a right, a lock, an event or a column."""
    before = _BEFORE.search(bare, max(0, at - 64), at)
    return before is not None and before[1] in _NAMED


def _did(bare: str, match: re.Match[str], scratch: Scratch, *, merged: bool) -> int:
    """What a verb does where it stands."""
    word = match[0]
    before = _BEFORE.search(bare, max(0, match.start() - 64), match.start())
    if before is not None and before[1] in _NAMED:
        return OTHER
    leads = before is None or before[1] in ";("
    after = _AFTER.match(bare, match.end())
    target = (after[1] or "") if after is not None else ""
    if not target or target in _NO_TABLE:
        # A branch of MERGE deletes what the MERGE is about; a word alone is an operation's name.
        alone = leads and _ENDS.match(bare, match.end()) is not None
        return DELETE if word == "delete" and merged else FIRST[word] if alone else OTHER
    if word == "replace" and not (_INTO.match(bare, match.end()) or leads):
        return OTHER
    if target[0] == "(" and word not in ("delete", "update"):
        return OTHER
    at = after.end(1) if after is not None else match.end()
    own = scratch.owns(word, target, at) if is_scratch(target) else _own(bare, at, target)
    return QUERY if own else FIRST[word]


def _own(bare: str, at: int, target: str) -> bool:
    """Whether a name stands in this statement for a table of the session's own."""
    if not ("#" in bare or "@" in bare or "mp_" in bare) or not _PLAIN.fullmatch(target) or _HAS_ALIAS.match(bare, at):
        return False
    ends = _NEXT.search(bare, at)
    return any(m[1] == target for m in _ALIAS.finditer(bare, at, ends.start() if ends else len(bare)))


def _without_bodies(bare: str) -> str:
    """Without the bodies of procedures and triggers that are made: they are not run, unless the text calls them."""
    at = 0
    kept: list[str] = []
    while len(kept) < _MOST_MADE and (match := _MADE.search(bare, at)) is not None:
        ends = _MADE_ENDS.search(bare, match.end())
        upto = ends.start() if ends else len(bare)
        name = re.escape(match[1].strip('"'))
        if re.search(rf"\b(?:exec|execute|call|select)\s+{name}\b", bare[match.end() :]):
            upto = match.end()
        kept.append(bare[at : match.end()])
        at = upto
    return "".join([*kept, bare[at:]])
