# SPDX-License-Identifier: Apache-2.0
"""What people do with cases. Each function writes the row and its act together; none asks for permission."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from wardkeep.seal.act import action
from wardkeep.watch.cases.case import TRANSITIONS, Happening, OutcomeCode, State, TouchKind
from wardkeep.watch.cases.models import Assignment, Case, History, Note, Outcome, Touch


class Refused(Exception):
    """The case is not in a state in which this can be done, or what was given is incomplete."""

    exit_status = 2


def decide(case: Case, *, outcome: str, reason: str, by: Any, at: datetime) -> Outcome:
    """Give a case its outcome, with the reason in words. Raises Refused."""
    if outcome not in set(OutcomeCode):
        raise Refused(_("There is no outcome “%(code)s”.") % {"code": outcome})
    if not reason.strip():
        raise Refused(_("Write why."))
    with action("case:outcome:set", actor=by, at=at, patients=case.patients) as act:
        held = _take(case, Happening.DECIDED)
        held.outcome, held.decided_at = outcome, at
        held.save()
        decision = Outcome(case=held, code=outcome, reason=reason.strip(), by=by, at=at, run_id=held.last_run_id)
        decision.save()
        _end_assignments(held, at)
        _remember(held, Happening.DECIDED, by, at, outcome=str(decision.id))
        act.fact("case", str(held.id))
        act.fact("outcome", outcome)
    case.refresh_from_db()
    return decision


def reopen(case: Case, *, reason: str, by: Any, at: datetime) -> None:
    """Open a decided or explained case again. Its decisions stay. Raises Refused."""
    if not reason.strip():
        raise Refused(_("Write why."))
    with action("case:state:reopened", actor=by, at=at, patients=case.patients) as act:
        held = _take(case, Happening.REOPENED)
        held.outcome, held.decided_at, held.explained_by = "", None, {}
        # Whoever had it in hand has it no longer: his assignment ended when the case closed.
        held.assigned_to = None
        held.save()
        note = Note(case=held, text=reason.strip(), by=by, at=at)
        note.save()
        _remember(held, Happening.REOPENED, by, at, note=str(note.id))
        act.fact("case", str(held.id))
    case.refresh_from_db()


def note(case: Case, *, text: str, by: Any, at: datetime) -> Note:
    """Write something on a case. Raises Refused."""
    if not text.strip():
        raise Refused(_("Write something."))
    with action("case:note:added", actor=by, at=at, patients=case.patients) as act:
        held = _take(case, Happening.NOTED)
        row = Note(case=held, text=text.strip(), by=by, at=at)
        row.save()
        _remember(held, Happening.NOTED, by, at, note=str(row.id))
        act.fact("case", str(held.id))
    return row


def assign(case: Case, *, to: Any | None, by: Any, at: datetime) -> None:
    """Put a case into someone's hands, or into nobody's with `to=None`. Raises Refused."""
    with action("case:assignee:set", actor=by, at=at, patients=case.patients) as act:
        held = _take(case, Happening.ASSIGNED)
        held.assigned_to = to
        held.save()
        _end_assignments(held, at)
        if to is not None:
            Assignment(case=held, user=to, by=by, at=at).save()
        _remember(held, Happening.ASSIGNED, by, at, to=str(to.pk) if to else None)
        act.fact("case", str(held.id))
    case.refresh_from_db()


def touch(
    kind: TouchKind | str,
    *,
    user: Any,
    at: datetime,
    case: Case | None = None,
    patient_id: str = "",
    account: str = "",
    query: str = "",
    ip: str = "",
    session: str = "",
) -> Touch:
    """Record that `user` opened something of patients or staff in Wardkeep: an event like those of any other system."""
    patients = [patient_id] if patient_id else (case.patients if case is not None else [])
    with action(f"touch:{TouchKind(kind)}:opened", actor=user, at=at, patients=patients[:100]):
        row = Touch(
            kind=TouchKind(kind),
            user=user,
            at=at,
            case=case,
            patient_id=patient_id,
            account=account,
            query=query,
            ip=ip,
            session=session,
        )
        row.save()
    return row


def _take(case: Case, happening: Happening) -> Case:
    """The case as it stands now, locked, in the state that follows. Raises Refused."""
    held: Case = Case.objects.select_for_update().get(pk=case.pk)
    following = TRANSITIONS.get((State(held.state), happening))
    if following is None:
        raise Refused(
            _("The case is %(state)s: this cannot be done to it now. Look at it again.")
            % {"state": held.get_state_display()}
        )
    held.state = following
    return held


def _remember(case: Case, happening: Happening, by: Any | None, at: datetime, **facts: Any) -> None:
    History(case=case, happening=happening, by=by, at=at, facts=facts).save()


def _end_assignments(case: Case, at: datetime) -> None:
    for row in Assignment.objects.filter(case=case, ended_at=None):
        row.ended_at = at
        row.save()
