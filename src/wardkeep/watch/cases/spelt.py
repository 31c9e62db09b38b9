# SPDX-License-Identifier: Apache-2.0
"""Accounts that logs write otherwise than the hospital's table, as the runs took them that judged a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from django.conf import settings

from wardkeep.watch.attribute.spelt import ARTIFACT
from wardkeep.watch.cases.coverage import Ruled
from wardkeep.watch.spelling import How, Spelt
from wardkeep.watch.store import NotStored


def spelt_by(ruling: Iterable[Ruled]) -> list[Spelt]:
    """Of each spelling what the newest of the runs took it for."""
    found: dict[str, Spelt] = {}
    for run_id in dict.fromkeys(str(part.run.id) for part in ruling):
        for spelt in _kept(run_id):
            found.setdefault(spelt.written, spelt)
    return list(found.values())


def as_written(accounts: Sequence[str], spelt: Iterable[Spelt]) -> list[str]:
    """These accounts, and all that stands for one of them in a log."""
    return [*accounts, *(one.written for one in spelt if one.account in accounts)]


@lru_cache(maxsize=64)
def _kept(run_id: str) -> tuple[Spelt, ...]:
    try:
        table = settings.WARDKEEP_HOME.store().load_run(run_id, ARTIFACT)
    except NotStored:
        return ()
    return tuple(Spelt(row["written"], How(row["how"]), tuple(row["accounts"])) for row in table.to_pylist())
