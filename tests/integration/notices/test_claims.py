# SPDX-License-Identifier: Apache-2.0
"""Two processes at the same notice, on SQLite and on PostgreSQL: one makes it, one sends it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.rows import a_user


@pytest.fixture(autouse=True)
def _no_silences() -> None:
    """There is no hospital here."""


def made(**more: Any) -> Any:
    from wardkeep.govern.notices.actions import announce
    from wardkeep.govern.notices.notice import Channel, Kind, Notice

    return announce(Notice(kind=Kind.DIGEST, about="2026-03-16|x", **more), channels=[Channel.SMS], at=NOON)


def test_a_notice_that_another_process_made_in_this_moment_is_none(
    both_rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.govern.notices.models import Told
    from wardkeep.seal.models import Outbox

    assert made() is not None
    acts = Outbox.objects.count()
    real, asked = Told.objects.filter, []

    def late(**query: Any) -> Any:
        asked.append(query)
        return real(pk=None) if len(asked) == 1 else real(**query)  # it looked before the other one wrote

    monkeypatch.setattr(Told.objects, "filter", late)
    assert made() is None
    assert len(asked) == 2 and Outbox.objects.count() == acts


def test_a_sending_is_in_one_hand_until_that_hand_is_long_gone(both_rows: str) -> None:
    from wardkeep.govern.notices.actions import LEASE, claim
    from wardkeep.govern.notices.models import Sending

    made()
    one, other = Sending.objects.get(), Sending.objects.get()
    assert claim(one, at=NOON)
    assert not claim(other, at=NOON)
    assert not claim(Sending.objects.get(), at=NOON + LEASE - timedelta(seconds=1))
    assert claim(Sending.objects.get(), at=NOON + LEASE)


def test_what_a_recipient_took_is_kept_under_a_pseudonym(both_rows: str) -> None:
    from wardkeep.govern.notices.actions import has, took
    from wardkeep.govern.notices.models import Sending

    made()
    took(Sending.objects.get(), "13800000001")
    kept = Sending.objects.get()
    assert has(kept, "13800000001") and not has(kept, "13800000002")
    assert len(kept.taken) == 1 and "13800000001" not in kept.taken[0]


def test_an_account_with_a_wrong_address_is_not_made(both_rows: str) -> None:
    from wardkeep.govern.identity.actions import IdentityError
    from wardkeep.govern.identity.models import User

    for wrong in ({"mail": "wang@"}, {"mail": "a@b.example\nBcc: c@d.example"}, {"phone": "none"}):
        with pytest.raises(IdentityError):
            a_user("wang", "department_head", **wrong)
    assert not User.objects.filter(name="wang").exists()
