# SPDX-License-Identifier: Apache-2.0
"""The ledger's page says who vouches for the ledger, how old the newest cosigned checkpoint is, and a conflict aloud."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.web.markup import faults
from tests.unit.web.standing import stand
from wardkeep.home import now
from wardkeep.jobs import witnessed
from wardkeep.jobs.witnessed import Standing
from wardkeep.ledger.witness.asking import Outcome
from wardkeep.ledger.witness.memory import Conflict


@pytest.fixture
def said(enter: Any, house: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a page says in a language, where the witnesses stand so."""
    clients: dict[tuple[str, str], Any] = {}

    def page(
        standing: Standing, language: str = "en", address: str = "/ledger/", role: str = "security_director"
    ) -> str:
        from wardkeep.web.ledger import read

        monkeypatch.setattr(read, "standing", lambda home, reader: standing)
        who = (role, language)
        clients[who] = clients.get(who) or enter(*who)
        content: str = clients[who].get(address).content.decode()
        assert faults(content) == []
        return content

    return page


def test_without_a_policy_the_page_says_what_that_means(said: Any) -> None:
    assert "No witness is asked." in said(Standing(policy=None))
    assert "没有询问任何见证方" in said(Standing(policy=None), "zh")


@pytest.mark.parametrize(
    ("age", "english", "chinese"),
    [
        (timedelta(seconds=5), "less than a minute old", "不到一分钟前"),
        (timedelta(minutes=7, seconds=9), "7\xa0minutes old", "7\xa0分钟前"),
        (timedelta(days=3, hours=1), "3\xa0days, 1\xa0hour old", "3\xa0日"),
    ],
)
def test_the_age_of_the_newest_cosigned_checkpoint_is_shown(
    age: timedelta, english: str, chinese: str, said: Any
) -> None:
    page, in_chinese = said(stand(age)), said(stand(age), "zh")
    assert english in page and "1,234" in page and "大学" in page
    assert chinese in in_chinese
    assert ("too old" in page) == (age > timedelta(days=1)) == ("过旧" in in_chinese)
    assert 'role="alert"' not in page


def test_no_cosigned_checkpoint_yet_is_said(said: Any) -> None:
    page = said(stand(None, outcome=Outcome.UNKNOWN_LOG))
    assert "none yet" in page and "its operator has to add the public key" in page


@pytest.mark.parametrize(
    ("kind", "english", "chinese"),
    [
        (Outcome.FORK, "saw another history of log 2026: of its first 600 entries", "另一段历史"),
        (Outcome.ROLLBACK, "saw 600 entries of log 2026, the ledger has 9", "账本只有 9 条"),
    ],
)
def test_a_conflict_is_loud_on_the_ledgers_page_and_on_today(
    kind: Outcome, english: str, chinese: str, said: Any
) -> None:
    conflict = Conflict(kind=kind, first_seen=now(), witness_size=600, our_size=9)
    standing = stand(timedelta(minutes=1), conflict=conflict, outcome=Outcome.UNREACHABLE)
    for address in ("/ledger/", "/"):
        page, in_chinese = said(standing, "en", address), said(standing, "zh", address)
        assert "A witness contradicts this ledger." in page and english in page and 'role="alert"' in page
        assert chinese in in_chinese


def test_who_may_not_read_the_ledger_is_told_nothing_of_it(said: Any) -> None:
    conflict = Conflict(kind=Outcome.FORK, first_seen=now(), witness_size=600, our_size=9)
    page = said(stand(timedelta(minutes=1), conflict=conflict), "en", "/", "system_administrator")
    assert "contradicts" not in page


def test_a_policy_that_cannot_be_used_is_said(said: Any) -> None:
    assert "line 3 of the policy" in said(Standing(policy=None, problem="line 3 of the policy: <b>"))


def test_every_outcome_has_words() -> None:
    assert len({witnessed.said(outcome) for outcome in Outcome}) == len(Outcome)
