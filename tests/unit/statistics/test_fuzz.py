# SPDX-License-Identifier: Apache-2.0
"""Whatever a log holds: nothing is raised, nothing takes long, and a disguise that changes no meaning changes no answer."""

from __future__ import annotations

import random
import re
import time

import pytest

from tests.unit.statistics.labelled import HELD, LATER, TUNED, Statement, schema
from wardkeep.watch.intake.database.acts import RANK, acts
from wardkeep.watch.intake.database.statement import does
from wardkeep.watch.statistics.normalise import shape, values
from wardkeep.watch.statistics.reader import Reader
from wardkeep.watch.statistics.verdict import Answer, Verdict

SHORT, LONG = 400, 60_000
#: Seconds of this process that one text may take, on a slow machine.
MOST_SECONDS = 5.0
SEEDS = [s.text for s in (*TUNED, *HELD, *LATER)]
HOSTILE = (
    "'", '"', "`", "[", "]", "(", ")", ";", "--", "/*", "*/", "/*!", "#", "//", "\x00", "\n", "\ud800", "\u202e", "\u200b",
    "((((", "))))", "(" * 3_000, ")" * 3_000, "'" * 999, "/*" * 2_000, "a." * 2_000, "||'x'" * 500, "CHAR(65)+" * 500,
    "0x" + "53" * 9_000, "q'[", "$$", "$a$", "U&'\\0000'", "U&\"\\FFFF\"", "@x='y'", "@x=@x+@x,", "SELECT ", "UNION ALL ",
    "CASE WHEN ", "END ", "WITH a AS (", "IN (1,2,3)", "IN (" + "1," * 5_000 + "1)", "NOT " * 500, "-" * 4_000, "9" * 4_000,
    "药", "医生", "EXEC ", "EXECUTE IMMEDIATE ", "BEGIN ", "expdp ", "^DHC", "$O(", "{call ", "\\'", "x" * 70_000,
    "SELECT(" * 400,
    "/**/" * 2_000, "' + '" * 1_500, "concat('a','b')," * 300, "((((SELECT 1))))" * 50,
    " a=a AND" * 800,
    ",a" * 4_000,
)  # fmt: skip


def mutated(r: random.Random) -> str:
    text = r.choice(SEEDS)
    for _ in range(r.choice((1, 1, 2, 3, 6))):
        at = r.randrange(len(text) + 1)
        upto = min(len(text), at + r.choice((0, 0, 1, 3, 20)))
        kind = r.randrange(4)
        put = r.choice(HOSTILE) if kind < 2 else r.choice(SEEDS)[: r.randrange(1, 80)] if kind == 2 else ""
        text = text[:at] + put + text[upto:]
    return text


def judge(count: int, seed: str) -> None:
    reader = Reader(schema())
    for n in range(count):
        text = mutated(random.Random(f"{seed}:{n}"))
        start = time.process_time()
        verdict = reader.verdict(text)
        spent = time.process_time() - start
        assert isinstance(verdict, Verdict)
        assert spent < MOST_SECONDS, f"input {n} of {seed} took {spent:.1f} s: {text[:200]!r}"
        assert verdict.answer is not Answer.STATISTICS or (verdict.how and verdict.by)
        assert reader.verdict(text) == Reader(reader.schema).verdict(text) if n % 50 == 0 else True


def test_mutated_statements_raise_nothing_and_end_soon() -> None:
    judge(SHORT, "short")


@pytest.mark.parametrize("text", SEEDS, ids=range(len(SEEDS)))
def test_a_plain_look_at_a_statement_says_what_reading_all_of_it_says(text: str) -> None:
    assert does(text) == RANK[acts(text)]


def test_what_mutated_statements_do_is_told_soon() -> None:
    for n in range(SHORT):
        text = mutated(random.Random(f"acts:{n}"))
        start = time.process_time()
        assert RANK[acts(text)] in RANK
        assert time.process_time() - start < MOST_SECONDS, f"input {n}: {text[:200]!r}"


@pytest.mark.soak
@pytest.mark.parametrize("part", range(4))
def test_very_many_mutated_statements_raise_nothing_and_end_soon(part: int) -> None:
    judge(LONG // 4, f"long{part}")


#: Plain SQL whose words may be written in any case, with any space between them.
PLAIN = [
    s
    for s in TUNED
    if s.dialect in ("oracle", "sqlserver", "mysql", "postgres")
    and s.label in (Answer.STATISTICS, Answer.ORDINARY)
    and re.match(r"SELECT\b[\w\s,.()=*>:';-]+\Z", s.text)
    and not re.search(r"--|/\*|E'|N'|\bU&", s.text)
]


def disguised(text: str, r: random.Random, *, odd: bool) -> str:
    """The same statement in other clothes; with any letter in any case only what someone would disguise."""
    out = []
    for part in re.split(r"('[^']*')", text):
        if part.startswith("'"):
            out.append(part)
            continue
        shifted = r.choice((part, part.upper(), part.lower()))
        if odd and r.random() < 0.5:
            shifted = "".join(r.choice((c.upper(), c.lower())) for c in part)
        space = r.choice((" ", "\n", "\t ", "/**/", " /* x */ ", "/* drug' \" */", " -- y\n"))
        shifted = shifted.replace(" ", space)
        if r.random() < 0.3:
            shifted = re.sub(r"(?<=[a-z])(?=[a-z])", lambda _: r.choice(("", "", "", "\u200b", "\u00ad")), shifted)
        if r.random() < 0.3:
            shifted = "".join(chr(ord(c) + 0xFEE0) if c.isalpha() and c.isascii() else c for c in shifted)
        out.append(shifted)
    return r.choice(("", " ", "\n;", "/* client */ "))[:12].replace(";", "") + "".join(out) + r.choice(("", ";", " "))


def test_there_are_enough_plain_statements_to_disguise() -> None:
    assert len([s for s in PLAIN if s.label is Answer.STATISTICS]) >= 25
    assert len([s for s in PLAIN if s.label is Answer.ORDINARY]) >= 25


@pytest.mark.parametrize("statement", PLAIN, ids=lambda s: s.id)
def test_a_disguise_changes_no_answer(statement: Statement) -> None:
    reader = Reader(schema())
    for n in range(8):
        odd = statement.label is Answer.STATISTICS
        text = disguised(statement.text, random.Random(f"{statement.id}:{n}"), odd=odd)
        assert reader.verdict(text).answer is statement.label, text


def test_other_values_leave_the_shape_as_it_is() -> None:
    r = random.Random("values")
    for statement in PLAIN:
        for value in {v for v in values(statement.text) if re.fullmatch(r"\d{2,}", v)}:
            other = re.sub(rf"(?<!\w){value}(?!\w)", str(r.randrange(10, 10 ** len(value))), statement.text)
            assert shape(other) == shape(statement.text)
