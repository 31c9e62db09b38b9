# SPDX-License-Identifier: Apache-2.0
"""The page about live alerts names what is there, with the limits in force."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from wardkeep.watch.detect.described import Scene, Threat
from wardkeep.watch.live import Limits
from wardkeep.watch.live.described import LIVE

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "live-alerts.md").read_text(encoding="utf-8")
PARTS = {
    m[1]: " ".join(m[2].split()) for m in re.finditer(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}


def test_every_detection_has_its_part_with_definition_needs_limits_scenes_and_threats() -> None:
    missing = []
    for described in LIVE.values():
        part = PARTS.get(described.code.value, "")
        said = [described.definition[1:], *(f"`{name}`" for name in described.limits), *described.needs]
        said += [*(Scene[name].value for name in described.scenes), *(Threat[name].value for name in described.threats)]
        missing += [f"{described.code.value}: {word}" for word in said if word not in part]
    assert missing == []


def test_every_limit_stands_with_its_default() -> None:
    rows = dict(re.findall(r"\| `(\w+)` \| ([\d.]+) \|", PARTS["Limits"]))
    assert rows == {f.name: str(f.default) for f in dataclasses.fields(Limits)}
