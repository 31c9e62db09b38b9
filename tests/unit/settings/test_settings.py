# SPDX-License-Identifier: Apache-2.0
"""What an operator writes is typed and checked together; every fault names key, value and next step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wardkeep.settings import Settings, SettingsError, load_settings, parse_settings, render


def faults(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse_settings(raw)
    return caught.value.faults


def test_an_empty_file_means_the_defaults() -> None:
    assert parse_settings({}) == Settings()


def test_what_is_rendered_reads_back_the_same(tmp_path: Path) -> None:
    raw = {
        "hospital": {"name": '第一 "人民" 医院', "timezone": "Asia/Urumqi", "systems": ["HIS", "PACS"]},
        "console": {"bind": "10.0.0.5", "tls": True, "hosts": ["wardkeep.example"]},
        "judging": {"random_share": 0.2, "thresholds": {"clock_minutes": 5}},
    }
    path = tmp_path / "config.toml"
    path.write_text(render(parse_settings(raw)), encoding="utf-8")
    assert load_settings(path) == parse_settings(raw)


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"hospital": {"timezone": "Peking"}}, ("hospital.timezone", "'Peking'", "Asia/Shanghai")),
        ({"hospital": {"timezone": 8}}, ("hospital.timezone", "8")),
        ({"hospital": {"tenant": "Ward 7"}}, ("hospital.tenant", "'Ward 7'")),
        ({"hospital": {"language": "fr"}}, ("hospital.language", "'fr'")),
        ({"hospital": {"nam": "x"}}, ("hospital.nam", "name")),
        ({"hospitals": {}}, ("hospitals", "hospital")),
        ({"hospital": 7}, ("hospital", "[hospital]")),
        ({"engine": {"memory_limit": "much"}}, ("engine.memory_limit", "'much'", "4GB")),
        ({"engine": {"threads": 0}}, ("engine.threads", "0")),
        ({"engine": {"threads": "2"}}, ("engine.threads", "'2'")),
        ({"judging": {"random_share": 0.9}}, ("judging.random_share", "0.9")),
        ({"judging": {"nightly_at": "25:00"}}, ("judging.nightly_at", "'25:00'")),
        ({"judging": {"thresholds": {"clok_minutes": 5}}}, ("judging.thresholds", "clok_minutes")),
        ({"judging": {"thresholds": {"clock_minutes": -5}}}, ("clock_minutes", "-5")),
        ({"judging": {"thresholds": {"cases_a_day": 5}}}, ("judging.thresholds.cases_a_day", "judging.cases_a_day")),
        ({"keys": {"provider": "cloud"}}, ("keys.provider", "'cloud'")),
        ({"console": {"port": 70000}}, ("console.port", "70000")),
    ],
)
def test_a_fault_names_key_and_value(raw: dict[str, Any], named: tuple[str, ...]) -> None:
    found = faults(raw)
    assert len(found) == 1
    assert all(part in found[0] for part in named), found


def test_every_fault_is_told_at_once() -> None:
    found = faults({"hospital": {"timezone": "Peking", "tenant": "!"}, "engine": {"threads": 0}})
    assert len(found) == 3


@pytest.mark.parametrize(
    ("raw", "conflict"),
    [
        ({"console": {"bind": "10.0.0.5"}}, "console.tls"),
        ({"console": {"bind": "0.0.0.0", "tls": True}}, "console.hosts"),
        ({"console": {"tls": True, "plain_http": True}}, "both"),
        ({"judging": {"window_days": 2, "settling_hours": 48}}, "window_days"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(raw: dict[str, Any], conflict: str) -> None:
    assert conflict in faults(raw)[0]


def test_a_password_in_the_database_url_is_never_shown() -> None:
    for url in ("mysql://u:geheim@h/n", "postgresql://u:geheim@h:port/n", "postgresql://u:geheim@h"):
        assert "geheim" not in " ".join(faults({"database": {"url": url}}))
    assert "geheim" not in " ".join(faults({"database": {"url": ["geheim"]}}))


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[hospital\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert "config.toml" in str(caught.value)
    assert str(path) in str(caught.value.hint)
