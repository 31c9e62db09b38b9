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
    #: It was sealed as final and says something else with a later time, and its own status does not say that it was amended.
    UNMARKED = "unmarked"
    #: Its own status takes it back: cancelled, entered in error.
    WITHDRAWN = "withdrawn"
    #: It was signed when it was sealed, and by its own status is not any more.
    UNSIGNED = "unsigned"


#: What is sealed as it is told and named nevertheless, once: only a person can say that it is lawful, no later check can.
DOUBTFUL = frozenset((Problem.UNMARKED, Problem.WITHDRAWN))


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


#: (system, kind) -> the times of its oldest and newest sealed version.
Spans = Mapping[tuple[str, str], tuple[int, int]]


def spans(sealed: Iterable[Version]) -> Spans:
    """From when to when the records of each kind were sealed."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for v in sealed:
        first, last = found.get((v.system, v.kind), (v.time_us, v.time_us))
        found[v.system, v.kind] = (min(first, v.time_us), max(last, v.time_us))
    return found


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
    known, now = by_record(sealed), newest(found)
    systems = {system for system, _ in now} | set(of)
    sealing = spans(sealed)
    asked = sorted(key for key in known if key in now or (whole and key[0] in systems))
    if sample is not None and sample < len(asked):
        asked = sorted(random.Random(seed).sample(asked, sample))  # noqa: S311 - drawn by what nobody knew before
    differences = [d for key in asked if (d := judged(known[key], now.get(key)))]
    new = 0
    for key, version in sorted(now.items()) if sample is None else ():
        if key in known:
            continue
        if is_behind(version, sealing, grace_us):
            differences.append(difference_of(Problem.BACK_DATED, version, None))
        elif version.stage is not Stage.UNSIGNED:
            new += 1
    intact = len(asked) - sum(d.problem is not Problem.BACK_DATED for d in differences)
    return Comparison(compared=len(asked), intact=intact, new=new, differences=tuple(differences))


def drawn(records: Iterable[str], count: int, seed: str) -> list[str]:
    """So many of the records, drawn by `seed`."""
    there = sorted(set(records))
    return sorted(random.Random(seed).sample(there, min(count, len(there))))  # noqa: S311 - as above


def by_record(versions: Iterable[Version]) -> dict[tuple[str, str], list[Version]]:
    """(system, record) -> its versions."""
    known: dict[tuple[str, str], list[Version]] = defaultdict(list)
    for version in versions:
        known[version.system, version.record].append(version)
    return dict(known)


def newest(versions: Iterable[Version]) -> dict[tuple[str, str], Version]:
    """(system, record) -> its newest version."""
    now: dict[tuple[str, str], Version] = {}
    for version in versions:
        key = (version.system, version.record)
        signed = version.stage is not Stage.UNSIGNED  # a draft of the same time is not what came of it
        if key not in now or (now[key].time_us, now[key].stage is not Stage.UNSIGNED) <= (version.time_us, signed):
            now[key] = version
    return now


#: Of versions of one time the one that tells of a change was made of the other.
_ORDER = {stage: number for number, stage in enumerate(Stage)}


def standing(version: Version) -> tuple[int, int, str]:
    """What orders versions of one record."""
    return (version.time_us, _ORDER[version.stage], version.digest)


def last(versions: Sequence[Version]) -> Version:
    """The one that stands."""
    return max(versions, key=standing)


def is_behind(version: Version, sealing: Spans, grace_us: int) -> bool:
    """Whether a record that is not sealed has a time at which others of its kind already were."""
    first, last = sealing.get((version.system, version.kind), (1, 0))
    return first <= version.time_us <= last - grace_us and version.stage not in _GONE


#: What need not be there, and is not signed.
_GONE = frozenset((Stage.WITHDRAWN, Stage.UNSIGNED))


def judged(versions: Sequence[Version], now: Version | None) -> Difference | None:
    """How one sealed record differs; None where it is as it was sealed."""
    sealed = last(versions)
    if now is None:
        if sealed.stage is Stage.WITHDRAWN:
            return None
        return _difference(Problem.MISSING, sealed, sealed.time_us, None)
    if now.stage in _GONE and sealed.stage is not Stage.WITHDRAWN:
        problem = Problem.WITHDRAWN if now.stage is Stage.WITHDRAWN else Problem.UNSIGNED
        return difference_of(problem, now, sealed.time_us)
    if now.digest == sealed.digest or now.stage is Stage.UNSIGNED:
        return None
    earlier = any(now.digest == version.digest for version in versions)
    problem = Problem.REVERTED if earlier else Problem.CHANGED
    return _difference(problem, sealed, sealed.time_us, now.time_us, now.digest)


def difference_of(problem: Problem, version: Version, sealed_us: int | None) -> Difference:
    """That a version which the source says now differs, or is to be looked at."""
    return _difference(problem, version, sealed_us, version.time_us, version.digest)


def _difference(
    problem: Problem, version: Version, sealed_us: int | None, found_us: int | None, digest: str | None = None
) -> Difference:
    return Difference(
        system=version.system, record=version.record, kind=version.kind, patient=version.patient, problem=problem,
        sealed_us=sealed_us, found_us=found_us, digest=digest,
    )  # fmt: skip
