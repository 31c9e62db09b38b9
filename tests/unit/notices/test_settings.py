# SPDX-License-Identifier: Apache-2.0
"""Which settings of notices are refused, and what each refusal says."""

from __future__ import annotations

from typing import Any

import pytest

from wardkeep.notices import KINDS, Notices, notices_faults
from wardkeep.settings import SettingsError, parse_settings

MAIL: dict[str, Any] = {"mail_server": "mail.example:587", "mail_from": "w@h.example", "mail_to": ("zhou@h.example",)}


def test_nothing_is_told_unless_it_is_set() -> None:
    assert notices_faults(Notices()) == []
    assert (Notices().mail_server, Notices().webhook, Notices().sms) == ("", "", "")


@pytest.mark.parametrize(
    "values",
    [
        MAIL,
        {**MAIL, "mail_server": "127.0.0.1:25", "mail_security": "none"},
        {**MAIL, "mail_security": "none", "plain": True},
        {**MAIL, "mail_user": "w", "mail_password": "mail.secret"},
        {"webhook": "https://hooks.example/w", "webhook_secret": "hook.secret"},
        {"webhook": "http://127.0.0.1:8080/w"},
        {"sms": "https://sms.example/send", "sms_to": ("+8613800000000",)},
    ],
)
def test_a_channel_that_is_whole_is_taken(values: dict[str, Any]) -> None:
    assert notices_faults(Notices(**values)) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({**MAIL, "mail_server": "mail.example"}, "write HOST:PORT"),
        ({**MAIL, "mail_server": "mail.example:0"}, "write HOST:PORT"),
        ({"mail_server": "mail.example:587"}, "notices.mail_from and notices.mail_to"),
        ({**MAIL, "mail_to": ("zhou",)}, "no mail address"),
        ({**MAIL, "mail_to": ("a@b.example\nBcc: x@y.example",)}, "no mail address"),
        ({**MAIL, "mail_security": "none"}, "notices.plain = true"),
        ({**MAIL, "mail_user": "w"}, "belong together"),
        ({"webhook": "http://hooks.example/w"}, "https://HOST/PATH"),
        ({"webhook": "file:///etc/passwd"}, "https://HOST/PATH"),
        ({"webhook": "https://[bad/w"}, "https://HOST/PATH"),
        ({"sms": "https://sms.example/send"}, "belong together"),
        ({"address": "wardkeep.example"}, "https://HOST/PATH"),
        ({"kinds": ("cases", "silent"), "left_out": ("silent",)}, "both name silent"),
        ({"digest_at": "8:00"}, "write a time such as 08:00"),
    ],
)
def test_a_channel_that_would_fail_or_leak_is_refused_with_the_next_step(values: dict[str, Any], said: str) -> None:
    (fault,) = notices_faults(Notices(**values))
    assert fault.startswith("notices.") and said in fault


def test_an_unknown_kind_is_refused_by_the_settings() -> None:
    with pytest.raises(SettingsError, match=r"notices\.kinds"):
        parse_settings({"notices": {"kinds": ["gossip"]}})


def test_all_means_every_kind_that_there_is_and_those_to_come() -> None:
    assert all(Notices().tells(kind) for kind in KINDS)
    assert Notices().forgotten == []


def test_a_list_from_before_a_kind_was_there_forgets_it_unless_it_is_left_out() -> None:
    old = ("cases", "alert", "silent", "ledger")
    assert Notices(kinds=old).forgotten == ["records", "digest"]
    assert Notices(kinds=old, left_out=("digest",)).forgotten == ["records"]


def test_what_is_left_out_is_not_told_though_all_is() -> None:
    quiet = Notices(left_out=("silent",))
    assert not quiet.tells("silent") and quiet.tells("cases")
    assert quiet.forgotten == []


def test_every_kind_of_the_settings_is_one_that_notices_know() -> None:
    from wardkeep.govern.notices.notice import Kind

    assert set(KINDS) <= {kind.value for kind in Kind}
