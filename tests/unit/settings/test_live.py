# SPDX-License-Identifier: Apache-2.0
"""Which settings of live detections are refused, and what each refusal says."""

from __future__ import annotations

from typing import Any

import pytest

from wardkeep.settings import SettingsError, parse_settings, render


def test_the_defaults_are_well_and_limits_are_taken() -> None:
    live = parse_settings({"live": {"privileged": ["root"], "limits": {"batch_patients": 12}}}).live
    assert (live.privileged, live.all_limits().batch_patients) == (("root",), 12)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"plain_ports": [21, 70000]}, "live.plain_ports: 70000"),
        ({"learned_days": 400}, "live.learned_days = 400"),
        ({"limits": {"batch_patients": 0}}, "live.limits: batch_patients = 0"),
        ({"limits": {"patients": 3}}, "live.limits: no such limit: patients"),
        ({"tools": []}, "live.tools is no setting"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        parse_settings({"live": values})


def test_what_is_written_out_is_read_back() -> None:
    import tomllib

    settings = parse_settings({"live": {"limits": {"batch_patients": 12}, "plain_ports": [21]}})
    assert parse_settings(tomllib.loads(render(settings))) == settings
