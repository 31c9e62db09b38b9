# SPDX-License-Identifier: Apache-2.0
"""Keeping live alerts, and what people do with them. Each function writes rows and act together; none asks for permission."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from wardkeep.govern.alerts.models import LiveAlert
from wardkeep.govern.alerts.standing import FOLLOWING, State
from wardkeep.seal.act import action
from wardkeep.watch.live import Alert

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 200
#: Letters that a reason may have.
REASON = 2000


class Refused(Exception):
    """The alert is not in a state in which this can be done, or what was given is incomplete."""

    exit_status = 2


def keep(alerts: Sequence[Alert], *, at: datetime) -> list[LiveAlert]:
    """Keep what was seen, all of it in one act, which names detections, counts and pseudonyms."""
    if not alerts:
        return []
    patients = {alert.patient_id for alert in alerts if alert.patient_id}
    with action("alert:live:raised", actor="jobs", at=at, patients=patients) as act:
        made: list[LiveAlert] = LiveAlert.objects.bulk_create([_row(alert, at) for alert in alerts])
        act.fact("detections", dict(sorted(Counter(alert.detection.value for alert in alerts).items())))
    return made


def see(alert: LiveAlert, *, by: Any, at: datetime, again: bool = False, via: str = "") -> None:
    """Somebody looks into it. `again`: it was dismissed, and the reason, which stays in its act, does not hold.

    `via`: where it was said, where that is not the console. Raises Refused.
    """
    with action("alert:live:seen", actor=by, at=at, patients=_patients(alert)) as act:
        held = _take(alert, State.SEEN, after=State.DISMISSED if again else State.NEW)
        held.seen_by, held.seen_at = by, at
        held.dismissed_by, held.dismissed_at, held.reason = None, None, ""
        held.save()
        act.fact("alert", str(held.pk))
        if again:
            act.fact("again", True)
        if via:
            act.fact("via", via)
    alert.refresh_from_db()


def dismiss(alert: LiveAlert, *, reason: str, by: Any, at: datetime, via: str = "") -> None:
    """Somebody says why nothing is to be done. Raises Refused."""
    said = reason.strip()
    if len(said) < 3:
        raise Refused(_("Write why."))
    with action("alert:live:dismissed", actor=by, at=at, patients=_patients(alert)) as act:
        held = _take(alert, State.DISMISSED)
        held.dismissed_by, held.dismissed_at, held.reason = by, at, said[:REASON]
        held.save()
        act.fact("alert", str(held.pk))
        if via:
            act.fact("via", via)
    alert.refresh_from_db()


def _take(alert: LiveAlert, wanted: State, *, after: State | None = None) -> LiveAlert:
    """The alert as it stands now, locked, in the state that follows, from `after` only where it is named. Raises Refused."""
    held: LiveAlert = LiveAlert.objects.select_for_update().get(pk=alert.pk)
    if wanted not in FOLLOWING[State(held.state)] or after not in (None, held.state):
        raise Refused(_("Somebody else has dealt with this alert. Look at it again."))
    held.state = wanted
    return held


def _patients(alert: LiveAlert) -> list[str]:
    return [alert.patient_id] if alert.patient_id else []


def _row(alert: Alert, at: datetime) -> LiveAlert:
    return LiveAlert(
        detection=alert.detection.value,
        account=_fit(alert.account),
        person=_fit(alert.person or ""),
        patient_id=_fit(alert.patient_id or ""),
        happened_at=_moment(alert.at_us),
        heard_at=_moment(alert.heard_us),
        made_at=at,
        system=_fit(alert.system),
        workstation=_fit(alert.workstation),
        ip=_fit(alert.ip),
        event_id=_fit(alert.event_id),
        raw_sha256=alert.raw_sha256.hex(),
        observed={name: _fit(value) if isinstance(value, str) else value for name, value in alert.observed.items()},
        limits=dict(alert.limits),
    )


def _fit(text: str) -> str:
    """What a source says, as a column takes it: no longer, and without the zero bytes that PostgreSQL refuses."""
    return text.replace("\0", "")[:_LONGEST]


def _moment(us: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=us)
    except OverflowError:  # a clock that says the year 30000
        return _EPOCH
