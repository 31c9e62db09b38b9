# SPDX-License-Identifier: Apache-2.0
"""Which account of the table a log means, by whatever spelling; and what is too unsure to say."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardkeep.watch.attribute.spelt import spell, spelt_of
from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.spelling import How, Spellings, Spelt, parted, plain

ACCOUNTS = [
    ("li4", "S4", "person"), ("zhang3", "S3", "person"), ("Wu", "S5", "person"), ("wu", "S6", "person"),
    ("NORTH\\sun", "S7", "person"), ("SOUTH\\sun", "S8", "person"), ("NORTH\\qian", "S9", "person"),
    ("zhao", "S10", "person"), ("zhao_vpn", "S10", "person"), ("ICU_WARD", None, "shared"), ("his_app", None, "service"),
    ("s11", "S12", "person"), ("other", "S11", "person"), ("system", None, "service"),
]  # fmt: skip
SPELLINGS = Spellings(ACCOUNTS, [f"S{n}" for n in range(3, 14)])


@pytest.mark.parametrize(
    ("written", "account"),
    [
        ("LI4", "li4"),
        ("HOSPITAL\\zhang3", "zhang3"),
        ("zhang3@hospital.cn", "zhang3"),
        ("HOSPITAL\\ZHANG3@hospital.cn", "zhang3"),
        (" li4\t", "li4"),
        ("\u3000ＬＩ４", "li4"),  # full width, and an ideographic space before it
        ("ＨＯＳＰ＼li4", "li4"),
        ("north\\SUN", "NORTH\\sun"),  # both have the domain, and another one has another
        ("qian", "NORTH\\qian"),
        ("north.hospital.cn\\qian", "NORTH\\qian"),  # the short name of the domain is the first part of the long one
        ("qian@NORTH.hospital.cn", "NORTH\\qian"),
        ("icu_ward", "ICU_WARD"),  # accounts of several people too
        ("HOSP\\HIS_APP", "his_app"),
        ("S3", "zhang3"),  # the holder's own number
        ("hosp\\s4", "li4"),
        ("S11", "s11"),  # an account of that name is rather meant than the person of that number
    ],
)
def test_a_spelling_is_taken_for_the_one_account_that_it_surely_is(written: str, account: str) -> None:
    assert SPELLINGS.account(written) == account


@pytest.mark.parametrize(
    ("written", "maybe"),
    [
        ("WU", ("Wu", "wu")),  # two accounts that differ by case alone
        ("HOSP\\wu", ("Wu", "wu")),
        ("sun", ("NORTH\\sun", "SOUTH\\sun")),
        ("WEST\\sun", ("NORTH\\sun", "SOUTH\\sun")),
        ("SOUTH\\qian", ("NORTH\\qian",)),  # of another domain: another person, perhaps
        ("S10", ("zhao", "zhao_vpn")),  # who has several accounts may mean any
    ],
)
def test_what_may_be_several_stays_as_it_is_written(written: str, maybe: tuple[str, ...]) -> None:
    assert SPELLINGS.of(written) == Spelt(written, How.UNSURE, maybe)
    assert SPELLINGS.account(written) == written


@pytest.mark.parametrize(
    "written",
    [
        "li4",
        "wu",
        "Wu",
        "SOUTH\\sun",
        "s11",
        "nobody",
        "li44",
        "S13",  # a person without an account
        "",
        " ",
        "@hospital.cn",
        "HOSP\\",
        "NT AUTHORITY\\SYSTEM",  # what Windows itself runs as
        "NT Service\\li4",
    ],
)
def test_what_stands_in_the_table_so_or_is_nobodys_has_no_other_spelling(written: str) -> None:
    assert SPELLINGS.of(written) is None


def test_two_numbers_that_differ_by_case_alone_are_nobodys_login() -> None:
    spellings = Spellings([("a", "x1", "person"), ("b", "X1", "person")], ["x1", "X1"])
    assert spellings.of("HOSP\\x1") == Spelt("HOSP\\x1", How.UNSURE, ("a", "b"))


texts = st.text(st.sampled_from("aAbBsS1ａＡ\u3000 \\@."), max_size=6)
accounts = st.lists(
    st.tuples(texts, st.none() | st.sampled_from(["a1", "S1", "b"]), st.sampled_from(["person", "shared"])), max_size=6
)


@given(accounts, texts)
def test_the_account_that_is_taken_is_another_spelling_of_it_or_its_holders(
    table: list[tuple[str, str | None, str]], written: str
) -> None:
    spelt = Spellings(table, ["a1", "S1", "b"]).of(written)
    named = {account for account, _, _ in table}
    if spelt is None:
        assert written in named or not {account for account in named if plain(account) == plain(written)}
        return
    assert written not in named and set(spelt.accounts) <= named
    if spelt.how is How.SPELLING:
        (account,) = spelt.accounts
        assert parted(plain(account))[0] == parted(plain(written))[0]
        assert [a for a in named if plain(a) == plain(written)] in ([account], [])
    if spelt.how is How.NUMBER:
        holders = {person for account, person, _ in table if account == spelt.account}
        assert parted(plain(written))[0] in {plain(person) for person in holders if person}


#: The same rules as one statement, for what has no letters beyond ASCII: nothing shared with the code but the words.
SAME = """
WITH part AS (
  SELECT t.account, lower(trim(t.account)) AS whole, t.staff_id, t.kind,
    trim(regexp_replace(regexp_replace(lower(trim(t.account)), '^.*\\\\', ''), '@.*$', '')) AS bare,
    trim(CASE WHEN contains(t.account, '\\') THEN regexp_extract(lower(trim(t.account)), '^(.*)\\\\[^\\\\]*$', 1)
              ELSE regexp_extract(lower(trim(t.account)), '^[^@]*@(.*)$', 1) END) AS domain
  FROM ({given}) AS t
), wanted AS (
  SELECT * FROM part WHERE kind = 'written'
), held AS (
  SELECT * FROM part WHERE kind <> 'written'
), number AS (
  SELECT lower(trim(s.staff_id)) AS number, s.staff_id FROM staff AS s
)
SELECT w.account, CASE
  WHEN w.account IN (SELECT h.account FROM held AS h) THEN w.account
  WHEN (SELECT count(DISTINCT h.account) FROM held AS h WHERE h.whole = w.whole) > 0
    THEN (SELECT CASE WHEN count(DISTINCT h.account) = 1 THEN min(h.account) END FROM held AS h WHERE h.whole = w.whole)
  WHEN w.bare <> '' AND (SELECT count(*) FROM held AS h WHERE h.bare = w.bare) > 0
    THEN (SELECT CASE WHEN count(DISTINCT h.account) = 1 AND bool_and(
        h.domain = '' OR w.domain = '' OR split_part(h.domain, '.', 1) = split_part(w.domain, '.', 1)
      ) THEN min(h.account) END FROM held AS h WHERE h.bare = w.bare)
  WHEN (SELECT count(*) FROM number AS n WHERE n.number = w.bare AND n.number <> '') = 1
    THEN (SELECT CASE WHEN count(DISTINCT h.account) = 1 THEN min(h.account) END FROM held AS h
          JOIN number AS n ON n.staff_id = h.staff_id WHERE n.number = w.bare AND h.kind = 'person')
END FROM wanted AS w
"""
ascii_texts = st.text(st.sampled_from("aAbBsS1 \\@."), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(ascii_texts, st.none() | st.sampled_from(["a1", "S1", "b"]), st.sampled_from(["person", "shared"])),
        max_size=8,
    ),
    st.lists(ascii_texts, min_size=1, max_size=30),
)
def test_events_name_the_account_that_the_same_rules_in_sql_say(
    table: list[tuple[str, str | None, str]], written: list[str]
) -> None:
    engine = DuckEngine(duckdb.connect(config={"threads": 1}))
    engine.put("accounts", [("account", "VARCHAR"), ("staff_id", "VARCHAR"), ("kind", "VARCHAR")], table)
    engine.put("staff", [("staff_id", "VARCHAR")], [("a1",), ("S1",), ("b",)])
    engine.put("events", [("eid", "BIGINT"), ("account", "VARCHAR")], enumerate(written))
    given_ = "SELECT account, staff_id, kind FROM accounts UNION ALL SELECT account, NULL, 'written' FROM logged"
    engine.put("logged", [("account", "VARCHAR")], [(one,) for one in written])
    said = dict(engine.rows(SAME.format(given=given_)))
    spell(engine)
    judged = dict(engine.rows("SELECT e.eid, e.account FROM events AS e"))
    live = Spellings(table, ["a1", "S1", "b"])
    for eid, one in enumerate(written):
        assert judged[eid] == (said[one] or one) == live.account(one), one


def spelt(events: Iterable[tuple[int, str]], **tables: list[tuple[object, ...]]) -> DuckEngine:
    engine = DuckEngine(duckdb.connect(config={"threads": 1}))
    engine.con.execute("CREATE TABLE accounts AS SELECT 'li4' AS account, 'S4' AS staff_id, 'person' AS kind")
    engine.con.execute("CREATE TABLE staff AS SELECT 'S4' AS staff_id")
    engine.con.execute("CREATE TABLE stored (eid BIGINT, account VARCHAR)")
    engine.con.executemany("INSERT INTO stored VALUES (?, ?)", list(events))
    engine.con.execute("CREATE VIEW events AS SELECT * FROM stored")
    for name, rows in tables.items():
        engine.put(name, [("account", "VARCHAR"), ("src", "VARCHAR")], rows)
    spell(engine)
    return engine


def test_what_is_stored_keeps_the_written_account_and_says_it_beside() -> None:
    engine = spelt([(1, "LI4"), (2, "li4"), (3, "nobody")])
    assert engine.rows("SELECT * FROM events ORDER BY eid") == [
        (1, "li4", "LI4"),
        (2, "li4", None),
        (3, "nobody", None),
    ]
    assert engine.rows("SELECT * FROM stored ORDER BY eid") == [(1, "LI4"), (2, "li4"), (3, "nobody")]
    assert spelt_of(engine) == (Spelt("LI4", How.SPELLING, ("li4",)),)


def test_tickets_and_mandates_are_of_the_account_however_it_is_written_there() -> None:
    engine = spelt([(1, "li4")], tickets=[("LI4", "T1")], mandates=[("HOSP\\li4", "M1"), (None, "M2")])
    assert engine.rows("SELECT * FROM tickets") == [("li4", "T1")]
    assert set(engine.rows("SELECT * FROM mandates")) == {("li4", "M1"), (None, "M2")}


def test_asking_again_says_the_same() -> None:
    engine = spelt([(1, "LI4"), (2, "li4")], tickets=[("S4", "T1")])
    first = spelt_of(engine), engine.rows("SELECT * FROM events ORDER BY eid"), engine.rows("SELECT * FROM tickets")
    spell(engine)
    assert first[1:] == (engine.rows("SELECT * FROM events ORDER BY eid"), engine.rows("SELECT * FROM tickets"))
    assert spelt_of(engine) == first[0]


def test_nothing_is_joined_where_every_account_is_written_as_the_table_has_it() -> None:
    engine = spelt([(1, "li4"), (2, "nobody")])
    (plan,) = engine.rows("EXPLAIN SELECT e.account FROM events AS e")
    assert "JOIN" not in plan[1] and spelt_of(engine) == ()
