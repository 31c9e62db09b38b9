# SPDX-License-Identifier: Apache-2.0
"""What is sealed of records beside what their source says now: which changed, which are gone, which came in behind us."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
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
    #: The digest of what the source says now; None where it has the record no more.
    digest: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What a comparison found."""

    #: Sealed records that were looked for.
    compared: int
    intact: int
    #: Records of the source from before sealing began, or newer than everything sealed: they are not held against anything.
    new: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """What of a source may be sealed, and what contradicts what is sealed."""

    versions: tuple[Version, ...]
    differences: tuple[Difference, ...]


#: (system, kind) -> the times of its oldest and newest sealed version.
Spans = Mapping[tuple[str, str], tuple[int, int]]


def spans(sealed: Iterable[Version]) -> Spans:
    """From when to when the records of each kind were sealed."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for v in sealed:
        first, last = found.get((v.system, v.kind), (v.time_us, v.time_us))
        found[v.system, v.kind] = (min(first, v.time_us), max(last, v.time_us))
    return found


def admit(
    sealed: Iterable[Version], found: Iterable[Version], *, sealing: Spans | None = None, grace_us: int = GRACE_US
) -> Admitted:
    """Which of `found`, the present state of a source, are new by its own account; the rest is not sealed, for it would pass
    for what was signed. sealing: from when to when its records were sealed before, where one that came in behind is to be told.
    """
    known, now = _by_record(sealed), _newest(found := list(found))
    differences: dict[tuple[str, str], Difference] = {}
    for key, version in now.items():
        if key not in known:
            if sealing is not None and _is_behind(version, sealing, grace_us):
                differences[key] = _difference(Problem.BACK_DATED, version, None, version.time_us, version.digest)
        elif version.time_us <= max(v.time_us for v in known[key]) and (differs := _judged(known[key], version)):
            differences[key] = differs
    fresh: dict[tuple[str, str, str], Version] = {}
    for version in found:
        key = (version.system, version.record)
        if key not in differences and _is_fresh(version, known.get(key, ())):
            fresh[*key, version.digest] = version
    return Admitted(versions=tuple(fresh.values()), differences=tuple(differences.values()))


def _is_fresh(version: Version, known: Sequence[Version]) -> bool:
    """Whether a version is not sealed yet, or is what a record says again, or the same further on, as its system tells."""
    if all(v.digest != version.digest for v in known):
        return True
    last = _last(known)
    if version.digest == last.digest:
        return version.stage is not last.stage and version.time_us >= last.time_us
    return version.time_us > last.time_us


def compare(
    sealed: Iterable[Version], found: Iterable[Version], *, whole: bool, sample: int | None = None, seed: str = "",
    of: Collection[str] = (), grace_us: int = GRACE_US,
) -> Comparison:  # fmt: skip
    """Hold `found`, read from the source now, against `sealed`.

    whole: `found` is all that the source has of the systems in it, and of those named by `of`, so that what is absent is
    missing. sample: look for so many sealed records only, drawn by `seed`; the seed is to be one that nobody knew before (the
    root of the ledger).
    """
    sealed = list(sealed)
    known, now = _by_record(sealed), _newest(found)
    systems = {system for system, _ in now} | set(of)
    sealing = spans(sealed)
    asked = sorted(key for key in known if key in now or (whole and key[0] in systems))
    if sample is not None and sample < len(asked):
        asked = sorted(random.Random(seed).sample(asked, sample))  # noqa: S311 - drawn by what nobody knew before
    differences = [d for key in asked if (d := _judged(known[key], now.get(key)))]
    new = 0
    for key, version in sorted(now.items()) if sample is None else ():
        if key in known:
            continue
        if _is_behind(version, sealing, grace_us):
            differences.append(_difference(Problem.BACK_DATED, version, None, version.time_us, version.digest))
        else:
            new += 1
    intact = len(asked) - sum(d.problem is not Problem.BACK_DATED for d in differences)
    return Comparison(compared=len(asked), intact=intact, new=new, differences=tuple(differences))


def drawn(records: Iterable[str], count: int, seed: str) -> list[str]:
    """So many of the records, drawn by `seed`."""
    there = sorted(set(records))
    return sorted(random.Random(seed).sample(there, min(count, len(there))))  # noqa: S311 - as above


def _by_record(versions: Iterable[Version]) -> dict[tuple[str, str], list[Version]]:
    known: dict[tuple[str, str], list[Version]] = defaultdict(list)
    for version in versions:
        known[version.system, version.record].append(version)
    return dict(known)


def _newest(versions: Iterable[Version]) -> dict[tuple[str, str], Version]:
    now: dict[tuple[str, str], Version] = {}
    for version in versions:
        key = (version.system, version.record)
        if key not in now or now[key].time_us <= version.time_us:
            now[key] = version
    return now


def _last(versions: Sequence[Version]) -> Version:
    return max(versions, key=lambda v: (v.time_us, v.digest))


def _is_behind(version: Version, sealing: Spans, grace_us: int) -> bool:
    """Whether a record that is not sealed has a time at which others of its kind already were."""
    first, last = sealing.get((version.system, version.kind), (1, 0))
    return first <= version.time_us <= last - grace_us and version.stage is not Stage.WITHDRAWN


def _judged(versions: Sequence[Version], now: Version | None) -> Difference | None:
    """How one sealed record differs; None where it is as it was sealed."""
    newest = _last(versions)
    if now is None:
        if newest.stage is Stage.WITHDRAWN:
            return None
        return _difference(Problem.MISSING, newest, newest.time_us, None)
    if now.digest == newest.digest:
        return None
    earlier = any(now.digest == version.digest for version in versions)
    problem = Problem.REVERTED if earlier else Problem.CHANGED
    return _difference(problem, newest, newest.time_us, now.time_us, now.digest)


def _difference(
    problem: Problem, version: Version, sealed_us: int | None, found_us: int | None, digest: str | None = None
) -> Difference:
    return Difference(
        system=version.system, record=version.record, kind=version.kind, patient=version.patient, problem=problem,
        sealed_us=sealed_us, found_us=found_us, digest=digest,
    )  # fmt: skip
