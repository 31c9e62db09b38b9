# SPDX-License-Identifier: Apache-2.0
"""Keeping what checks found, and what people say of it. Each function writes rows and act together; none asks for
permission."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from wardkeep.govern.records.models import RecordCheck, RecordDifference
from wardkeep.govern.records.standing import Outcome, Standing
from wardkeep.seal.act import action
from wardkeep.watch.integrity import DOUBTFUL, Difference

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Letters that a reason may have.
REASON = 2000
#: Rows of differences that one check keeps; the count says how many there were. A source that lost everything is one matter.
MOST = 5000


class Refused(Exception):
    """The difference is not open any more, or what was given is incomplete."""

    exit_status = 2


def keep(
    check: RecordCheck, differences: Sequence[Difference], *, intact: Collection[str] = (), by: Any
) -> RecordCheck:
    """Keep a check, and of its differences those that were not known; known ones whose record is `intact` are mended."""
    patients = {one.patient for one in differences if one.patient}
    with action("integrity:records:checked", actor=by, at=check.at, patients=sorted(patients)[:MOST]) as act:
        known = {(d.system, d.record, d.problem, d.digest): d for d in _known(differences)}
        for one in differences[:MOST]:
            found = known.get(_row_of(one))
            if found is None:
                _row(one, check).save()
            elif found.standing == Standing.MENDED:
                found.standing, found.seen_at, found.mended_at = Standing.OPEN, check.at, None
                found.save()
            else:
                continue
            check.fresh += 1
        for row in open_of(check.source) if intact else ():
            if row.record not in intact or row.problem in DOUBTFUL:
                continue  # what was sealed as it was told is as it was sealed: that alone makes it no lawful change
            row.standing, row.mended_at = Standing.MENDED, check.at
            row.save()
        check.different = len(differences)
        check.save()
        for name in ("compared", "intact", "different", "fresh"):
            act.fact(name, getattr(check, name))
        act.fact("source", check.source)
    return check


def not_evaluated(source: str, reason: str, *, at: datetime, by: Any) -> RecordCheck:
    """Keep that a source could not be checked, and why."""
    with action("integrity:records:not_evaluated", actor=by, at=at) as act:
        check = RecordCheck(source=source, at=at, outcome=Outcome.NOT_EVALUATED, reason=_fit(reason, 400))
        check.save()
        act.fact("source", source)
    return check


def explain(difference: RecordDifference, *, reason: str, by: Any, at: datetime) -> None:
    """Somebody found out that it is lawful, and says why. Raises Refused."""
    said = reason.strip()
    if len(said) < 3:
        raise Refused(_("Write why."))
    patients = [difference.patient_id] if difference.patient_id else []
    with action("integrity:records:explained", actor=by, at=at, patients=patients) as act:
        held: RecordDifference = RecordDifference.objects.select_for_update().get(pk=difference.pk)
        if held.standing != Standing.OPEN:
            raise Refused(_("This difference is not open any more. Look at it again."))
        held.standing, held.explained_by, held.explained_at = Standing.EXPLAINED, by, at
        held.reason = said[:REASON]
        held.save()
        act.fact("difference", str(held.pk))


def reopen(difference: RecordDifference, *, by: Any, at: datetime) -> None:
    """Somebody found that what explained it does not hold; the explanation stays in its act. Raises Refused."""
    patients = [difference.patient_id] if difference.patient_id else []
    with action("integrity:records:reopened", actor=by, at=at, patients=patients) as act:
        held: RecordDifference = RecordDifference.objects.select_for_update().get(pk=difference.pk)
        if held.standing != Standing.EXPLAINED:
            raise Refused(_("This difference is not explained any more. Look at it again."))
        held.standing, held.explained_by, held.explained_at, held.reason = Standing.OPEN, None, None, ""
        held.save()
        act.fact("difference", str(held.pk))


def open_of(source: str) -> Any:
    """What is open of a source."""
    return RecordDifference.objects.filter(source=source, standing=Standing.OPEN)


def unknown(differences: Sequence[Difference]) -> list[Difference]:
    """Those of which there is no row yet."""
    return of_standing(differences, None)


def of_standing(differences: Sequence[Difference], standing: Standing | None) -> list[Difference]:
    """Those whose row has a standing; None: that have no row."""
    found: list[Difference] = []
    for begin in range(0, len(differences), MOST):
        part = differences[begin : begin + MOST]
        known = {(d.system, d.record, d.problem, d.digest): d.standing for d in _known(part)}
        found += [d for d in part if known.get(_row_of(d)) == standing]
    return found


def _row_of(one: Difference) -> tuple[str, str, str, str]:
    """What names its row."""
    return (_fit(one.system), _fit(one.record, 400), str(one.problem), one.digest or "")


def _known(differences: Sequence[Difference]) -> list[RecordDifference]:
    records = sorted({_fit(one.record, 400) for one in differences[:MOST]})
    found: list[RecordDifference] = []
    for begin in range(0, len(records), 500):
        found += RecordDifference.objects.filter(record__in=records[begin : begin + 500])
    return found


def _row(one: Difference, check: RecordCheck) -> RecordDifference:
    return RecordDifference(
        source=check.source, system=_fit(one.system), record=_fit(one.record, 400), kind=_fit(one.kind),
        patient_id=_fit(one.patient or ""), problem=str(one.problem), digest=one.digest or "",
        sealed_at=_moment(one.sealed_us), found_at=_moment(one.found_us), seen_at=check.at,
    )  # fmt: skip


def _fit(text: str, longest: int = 200) -> str:
    return text.replace("\0", "")[:longest]


def _moment(us: int | None) -> datetime | None:
    try:
        return None if us is None else _EPOCH + timedelta(microseconds=us)
    except OverflowError:  # a time of the year 30000
        return None
