# SPDX-License-Identifier: Apache-2.0
"""The queries of a judgement by name and description, as this installation runs them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from wardkeep.watch.attribute import attribute
from wardkeep.watch.detect import detect
from wardkeep.watch.explain.explain import ORDER, QUERIES


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgingText:
    name: str
    description: str
    text: str


@lru_cache(maxsize=1)
def texts() -> list[JudgingText]:
    """Explanations in the order in which they run, then detections."""
    run = [*attribute.QUERIES.values(), *(QUERIES[name] for name in ORDER), *detect.QUERIES.values()]
    return [JudgingText(name=q.name, description=q.description, text=q.text) for q in run]
