# SPDX-License-Identifier: Apache-2.0
"""Before anything is judged: events and the hospital's rows name the account of the table, however it was written.

Each spelling is looked up once (`wardkeep.watch.spelling`), and nothing is joined where every account is written as the table
has it. What is stored and sealed does not change: `events` and the others are read through this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wardkeep.watch.engine import Engine
from wardkeep.watch.spelling import How, Spellings, Spelt

#: `account_spelling`: what is written, the account that it is (None where that is not sure), and those that it may be.
SHAPE = (("written", "VARCHAR"), ("account", "VARCHAR"), ("how", "VARCHAR"), ("accounts", "VARCHAR[]"))
#: Under which name a run keeps it.
ARTIFACT, ARTIFACT_SQL = "spellings", "SELECT written, account, how, accounts FROM account_spelling ORDER BY written"
#: Views that show the written account beside, as `written`; None where it is the table's.
EVENTS = ("events",)
#: Tables that name an account.
NAMING = ("tickets", "assignments", "mandates")
#: Accounts to which a bastion leads, where that is known.
_LED = """
SELECT DISTINCT json_extract_string(d.extra, '$.target_account') AS account
FROM event_detail AS d WHERE d.extra LIKE '%target_account%'
"""


def spell(engine: Engine) -> None:
    """Let `events` and the tables of NAMING name the accounts of the table `accounts`. Leaves `account_spelling`."""
    given = engine.tables()
    for name in (*EVENTS, *NAMING):
        engine.over(name, None)
    named = [f"SELECT DISTINCT e.account AS account FROM {name} AS e" for name in EVENTS]  # noqa: S608 - our own names
    named += [f"SELECT n.account AS account FROM {name} AS n" for name in NAMING if name in given]  # noqa: S608
    if "event_detail" in given:
        named.append(_LED)
    spellings = spellings_of(engine)
    written = sorted({account for text in named for (account,) in engine.rows(text) if account is not None})
    read_through(engine, [spelt for account in written if (spelt := spellings.of(account)) is not None])


def spelt_of(engine: Engine) -> tuple[Spelt, ...]:
    """What was written otherwise, by what is written."""
    return tuple(
        Spelt(written, How(how), tuple(accounts)) for written, _account, how, accounts in engine.rows(ARTIFACT_SQL)
    )


def spellings_of(engine: Engine) -> Spellings:
    """What the tables `accounts` and `staff` say; nothing where they are not there."""
    given = engine.tables()
    accounts = engine.rows("SELECT a.account, a.staff_id, a.kind FROM accounts AS a") if "accounts" in given else []
    staff = engine.rows("SELECT s.staff_id FROM staff AS s") if "staff" in given else []
    return Spellings(
        ((account, person, kind) for account, person, kind in accounts if account is not None),
        (number for (number,) in staff if number is not None),
    )


def read_through(engine: Engine, found: Sequence[Spelt], *, events: Iterable[str] = EVENTS) -> None:
    """Let `events` and the tables of NAMING name the accounts that are surely meant. Leaves `account_spelling`."""
    engine.put("account_spelling", SHAPE, [(s.written, s.account, s.how.value, list(s.accounts)) for s in found])
    sure = any(spelt.account is not None for spelt in found)
    joined = "LEFT JOIN account_spelling AS s ON s.written = e.account AND s.account IS NOT NULL" if sure else ""
    account, written = (
        ("coalesce(s.account, e.account)", "s.written") if sure else ("e.account", "CAST(NULL AS VARCHAR)")
    )
    for name in events:
        text = f"SELECT e.* REPLACE ({account} AS account), {written} AS written FROM {{name}} AS e {joined}"  # noqa: S608
        engine.over(name, text)
    there = engine.tables() if sure else set()
    for name in NAMING:
        if name in there:
            engine.over(name, f"SELECT e.* REPLACE ({account} AS account) FROM {{name}} AS e {joined}")  # noqa: S608
