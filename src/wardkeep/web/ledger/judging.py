# SPDX-License-Identifier: Apache-2.0
"""The queries of a judgement by name and description, as this installation runs them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from wardkeep.watch.explain.explain import ORDER, QUERIES


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgingText:
    name: str
    description: str
    text: str


@lru_cache(maxsize=1)
def texts() -> list[JudgingText]:
    """In the order in which they run."""
    return [JudgingText(name=q.name, description=q.description, text=q.text) for q in (QUERIES[n] for n in ORDER)]
