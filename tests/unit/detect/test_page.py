# SPDX-License-Identifier: Apache-2.0
"""The page about detections names what is there, with the values in force."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from wardkeep.watch.detect.described import DETECTIONS
from wardkeep.watch.detect.detect import QUERIES
from wardkeep.watch.rank.collect import FLOOR
from wardkeep.watch.rank.fit import LABELS_EACH, LABELS_NEEDED
from wardkeep.watch.rank.score import TERMS
from wardkeep.watch.thresholds import Thresholds

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "detections.md").read_text(encoding="utf-8")
PARTS = {m[1]: m[2] for m in re.finditer(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)}


def test_every_detection_has_its_part_with_definition_needs_thresholds_scenes_and_threats() -> None:
    missing = []
    for described in DETECTIONS.values():
        part = PARTS.get(described.code.value, "")
        said = [QUERIES[described.query].description, *described.thresholds, *described.measures]
        said += [n for need in described.needs for n in need.split("|")]
        said += [*(s.value for s in described.scenes), *(t.value for t in described.threats)]
        missing += [f"{described.code.value}: {word}" for word in said if word not in part]
    assert missing == []


def test_every_threshold_stands_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PARTS["Thresholds"], flags=re.MULTILINE))
    assert {f.name: str(f.default) for f in dataclasses.fields(Thresholds)}.items() <= rows.items()


def test_every_term_stands_with_its_weight() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (-?[\d.]+) \|", PAGE, flags=re.MULTILINE)
    assert {(t.name, str(t.weight)) for t in TERMS} <= set(rows)


def test_the_limits_of_scoring_and_fitting_are_those_in_force() -> None:
    assert f"below {FLOOR}" in PAGE
    assert f"Once {LABELS_NEEDED} cases were decided with at least {LABELS_EACH} of each" in PAGE
