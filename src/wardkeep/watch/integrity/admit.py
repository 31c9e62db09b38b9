# SPDX-License-Identifier: Apache-2.0
"""What may be sealed beside what is: what is new by its own account, what contradicts, and what a person should look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wardkeep.watch.integrity.compare import (
    GRACE_US,
    Difference,
    Problem,
    Spans,
    by_record,
    difference_of,
    is_behind,
    judged,
    last,
    newest,
    standing,
)
from wardkeep.watch.integrity.version import Stage, Version


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """What of a source may be sealed, and what contradicts what is sealed."""

    versions: tuple[Version, ...]
    differences: tuple[Difference, ...]
    #: What is among `versions` and should be looked at by a person all the same.
    doubtful: tuple[Difference, ...] = ()


def admit(
    sealed: Iterable[Version], found: Iterable[Version], *, sealing: Spans | None = None, grace_us: int = GRACE_US,
    marked: bool = True,
) -> Admitted:  # fmt: skip
    """Which of `found`, the present state of a source, are new by its own account; the rest is not sealed, for it would pass
    for what was signed. sealing: from when to when its records were sealed before, where one that came in behind is to be told.
    marked: whether records of this source have a status at all, which could say that one was amended.
    """
    known, now = by_record(sealed), newest(found := list(found))
    differences: dict[tuple[str, str], Difference] = {}
    for key, version in now.items():
        if key not in known:
            if sealing is not None and is_behind(version, sealing, grace_us):
                differences[key] = difference_of(Problem.BACK_DATED, version, None)
        elif (differs := judged(known[key], version)) and not _is_told(known[key], version):
            differences[key] = differs
    fresh: dict[tuple[str, str, str], Version] = {}
    for version in found:
        key = (version.system, version.record)
        if key not in differences and _is_fresh(version, known.get(key, ())):
            fresh[*key, version.digest] = version
    doubts = (_doubt(versions, known.get(key, ())) for key, versions in by_record(fresh.values()).items())
    return Admitted(
        versions=tuple(fresh.values()),
        differences=tuple(differences.values()),
        doubtful=tuple(d for d in doubts if d) if marked else (),
    )


def admit_told(
    sealed: Iterable[Version], told: Iterable[Version], *, drafts: Iterable[Version] = (), sealing: Spans | None = None,
    grace_us: int = GRACE_US,
) -> Admitted:  # fmt: skip
    """The same of versions that messages tell one by one, late and out of order.

    What its sender calls corrected or withdrawn is sealed whenever it comes. What it calls final is not, where something else
    was sealed as final for that time or a later one: it would pass for what was signed.
    drafts: what the newest message of a record says that nobody has signed. None is sealed; one of a sealed record is named.
    """
    known = {key: {v.digest: v for v in versions} for key, versions in by_record(sealed).items()}
    differences: dict[tuple[str, str], Difference] = {}
    doubtful: dict[tuple[str, str], Difference] = {}
    fresh: dict[tuple[str, str, str], Version] = {}
    for version in sorted(told, key=lambda v: standing(v)[:2]):
        key = (version.system, version.record)
        before = known.setdefault(key, {})
        same = before.get(version.digest)
        if same and standing(same) >= standing(version):
            continue  # it is sealed, or an older message came once more
        if not before:
            if sealing is not None and is_behind(version, sealing, grace_us):
                differences[key] = difference_of(Problem.BACK_DATED, version, None)
                continue
        elif against := _final_since(before.values(), version):
            problem = Problem.REVERTED if same else Problem.CHANGED
            differences[key] = difference_of(problem, version, against.time_us)
            continue
        elif standing(version)[:2] > standing(newest_one := last(list(before.values())))[:2] and (
            doubt := doubt_of(newest_one, version)
        ):
            doubtful[key] = doubt
        before[version.digest] = fresh[*key, version.digest] = version
    unsigned = (_unsigned(draft, known.get((draft.system, draft.record), {}).values()) for draft in drafts)
    return Admitted(
        versions=tuple(fresh.values()),
        differences=(*differences.values(), *(one for one in unsigned if one)),
        doubtful=tuple(doubtful.values()),
    )


def _unsigned(draft: Version, sealed: Iterable[Version]) -> Difference | None:
    """That a sealed record is told as a draft again; None where it is not sealed, or was withdrawn."""
    newest_one = max(sealed, key=standing, default=None)
    if newest_one is None or newest_one.stage is Stage.WITHDRAWN:
        return None
    return difference_of(Problem.UNSIGNED, draft, newest_one.time_us)


def _final_since(sealed: Iterable[Version], version: Version) -> Version | None:
    """What was sealed as final for the time of a version that is called final too, or later, and says something else."""
    if version.stage in _TELLING:
        return None
    found = [
        v for v in sealed if v.stage not in _TELLING and v.digest != version.digest and v.time_us >= version.time_us
    ]
    return max(found, key=standing, default=None)


#: Statuses that say themselves that a record is not what it was.
_TELLING = frozenset((Stage.CHANGED, Stage.WITHDRAWN))


def _is_told(known: Sequence[Version], version: Version) -> bool:
    """Whether its own system tells of the new version: with a later time, or as the same content further on."""
    if version.stage is Stage.UNSIGNED:
        return False
    sealed = last(known)
    return version.time_us > sealed.time_us or (version.digest == sealed.digest and version.time_us == sealed.time_us)


def _doubt(fresh: Iterable[Version], known: Sequence[Version]) -> Difference | None:
    """What is to be looked at of new versions of a record that was sealed before: the last such one."""
    if not known:
        return None
    found, before = None, last(known)
    for version in sorted(fresh, key=standing):
        if standing(version) > standing(before):
            found, before = doubt_of(before, version) or found, version
    return found


def doubt_of(before: Version, version: Version) -> Difference | None:
    """What is to be looked at of a version that takes the place of another; None: its own status says enough."""
    if before.stage is Stage.WITHDRAWN:
        return None
    if version.stage is Stage.WITHDRAWN:
        problem = Problem.WITHDRAWN
    elif version.digest != before.digest and version.stage is not Stage.CHANGED:
        problem = Problem.UNMARKED
    else:
        return None
    return difference_of(problem, version, before.time_us)


def _is_fresh(version: Version, known: Sequence[Version]) -> bool:
    """Whether a version is not sealed yet, or is what a record says again, or the same further on, as its system tells."""
    if version.stage is Stage.UNSIGNED:
        return False
    if all(v.digest != version.digest for v in known):
        return True
    sealed = last(known)
    if version.digest == sealed.digest:
        return version.stage is not sealed.stage and version.time_us >= sealed.time_us
    return version.time_us > sealed.time_us


def doubt_row(one: Difference, source: str) -> dict[str, object]:
    """A row of `record_doubts`: what should be looked at, and by which source it was noticed."""
    return {
        "system": one.system, "record": one.record, "problem": str(one.problem), "digest": one.digest, "kind": one.kind,
        "patient_id": one.patient, "sealed_us": one.sealed_us, "found_us": one.found_us, "src": source,
    }  # fmt: skip
