# SPDX-License-Identifier: Apache-2.0
"""What is sealed of records beside what their source says now: which changed, which are gone, which came in behind us."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wardkeep.watch.integrity.version import Stage, Version

#: A record that is so much older than the newest sealed one and was not sealed did not just wait its turn.
GRACE_US = 3600 * 1_000_000


class Problem(StrEnum):
    """How a record differs."""

    #: It says what no sealed version of it says.
    CHANGED = "changed"
    #: It says again what an earlier sealed version said.
    REVERTED = "reverted"
    #: The source does not have it any more.
    MISSING = "missing"
    #: The source has it with a time at which its records were being sealed, and it was not among them.
    BACK_DATED = "back_dated"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One record that is not as it was sealed."""

    system: str
    record: str
    kind: str
    patient: str | None
    problem: Problem
    #: The time of the newest sealed version, and the one that the source says now; None where there is none.
    sealed_us: int | None
    found_us: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What a comparison found."""

    #: Sealed records that were looked for.
    compared: int
    intact: int
    #: Records of the source from before sealing began, or newer than everything sealed: they are not held against anything.
    new: int
    differences: tuple[Difference, ...]


def compare(
    sealed: Iterable[Version], found: Iterable[Version], *, whole: bool, sample: int | None = None, seed: str = ""
) -> Comparison:
    """Hold `found`, read from the source now, against `sealed`.

    whole: `found` is all that the source has of the systems in it, so that what is absent is missing. sample: look for so many
    sealed records only, drawn by `seed`; the seed is to be one that nobody knew before (the root of the ledger).
    """
    known: dict[tuple[str, str], list[Version]] = defaultdict(list)
    for version in sealed:
        known[version.system, version.record].append(version)
    now: dict[tuple[str, str], Version] = {}
    for version in found:
        key = (version.system, version.record)
        if key not in now or now[key].time_us <= version.time_us:
            now[key] = version
    systems = {system for system, _ in now}
    times = {s: [v.time_us for (of, _), vs in known.items() if of == s for v in vs] for s in systems}
    asked = sorted(key for key in known if key in now or (whole and key[0] in systems))
    if sample is not None and sample < len(asked):
        asked = sorted(random.Random(seed).sample(asked, sample))  # noqa: S311 - drawn by what nobody knew before
    differences = [d for key in asked if (d := _judged(known[key], now.get(key)))]
    new = 0
    for key, version in sorted(now.items()) if sample is None else ():
        if key in known:
            continue
        sealing = times[key[0]]
        if (
            sealing
            and min(sealing) <= version.time_us <= max(sealing) - GRACE_US
            and version.stage is not Stage.WITHDRAWN
        ):
            differences.append(_difference(Problem.BACK_DATED, version, None, version.time_us))
        else:
            new += 1
    intact = len(asked) - sum(d.problem is not Problem.BACK_DATED for d in differences)
    return Comparison(compared=len(asked), intact=intact, new=new, differences=tuple(differences))


def _judged(versions: Sequence[Version], now: Version | None) -> Difference | None:
    """How one sealed record differs; None where it is as it was sealed."""
    newest = max(versions, key=lambda v: (v.time_us, v.digest))
    if now is None:
        if newest.stage is Stage.WITHDRAWN:
            return None
        return _difference(Problem.MISSING, newest, newest.time_us, None)
    if now.digest == newest.digest:
        return None
    earlier = any(now.digest == version.digest for version in versions)
    return _difference(Problem.REVERTED if earlier else Problem.CHANGED, newest, newest.time_us, now.time_us)


def _difference(problem: Problem, version: Version, sealed_us: int | None, found_us: int | None) -> Difference:
    return Difference(
        system=version.system, record=version.record, kind=version.kind, patient=version.patient, problem=problem,
        sealed_us=sealed_us, found_us=found_us,
    )  # fmt: skip
