# SPDX-License-Identifier: Apache-2.0
"""Runs, cases, their findings, and what people did with them. All rows are sealed; only `actions.py` writes them.

Lists from a judgement are kept as JSON: they are shown, never joined.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardkeep.seal.models import Sealed
from wardkeep.watch.cases.case import OutcomeCode, State, TouchKind

STATE_NAMES = {
    State.WAITING: _("waiting for late documentation"),
    State.OPEN: _("open"),
    State.DECIDED: _("decided"),
    State.EXPLAINED: _("explained"),
}
OUTCOME_NAMES = {
    OutcomeCode.MISUSE: _("misuse confirmed"),
    OutcomeCode.RULE_BROKEN: _("a rule was broken, no misuse"),
    OutcomeCode.UNDOCUMENTED_REASON: _("explained by a reason that is not documented"),
    OutcomeCode.NOT_MISUSE: _("not misuse"),
    OutcomeCode.WRONG_DATA: _("the data was wrong"),
    OutcomeCode.UNCLEAR: _("unclear"),
}
PERSON = settings.AUTH_USER_MODEL


class Run(Sealed):
    """One judgement that was stored: what it was made of, so that it can be made again."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    #: `command`, `nightly` or `demo`.
    trigger = models.CharField(max_length=20)
    #: The judged interval of event times [from, to), and the moment whose knowledge of context was used.
    from_at = models.DateTimeField(null=True)
    to_at = models.DateTimeField(null=True)
    as_of = models.DateTimeField()
    #: SHA-256 of code, SQL and settings, by name.
    hashes = models.JSONField(default=dict)
    #: Context tables and their snapshots, by name.
    context = models.JSONField(default=dict)
    #: reason -> `available`, or the tables that are missing for it.
    available = models.JSONField(default=dict)
    ledger_log = models.CharField(max_length=16, blank=True)
    ledger_size = models.BigIntegerField(default=0)
    ledger_root = models.CharField(max_length=64, blank=True)
    events = models.BigIntegerField(default=0)
    explained = models.BigIntegerField(default=0)
    #: Numbers for pages, by local day and by system, and what could not be evaluated (run_actions._run).
    summary = models.JSONField(default=dict)
    cases_opened = models.IntegerField(default=0)
    cases_explained = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"run {self.id}"

    @property
    def unevaluated(self) -> dict[str, list[str]]:
        """Detections that could not be evaluated, and the tables that they miss."""
        return {name: missing for name, missing in self.summary.get("evaluated", {}).items() if missing != "evaluated"}


class Case(Sealed):
    """Findings about one account over a window, for one reviewer."""

    #: The judgement's name for it, the same in every run.
    key = models.CharField(max_length=120, unique=True)
    account = models.CharField(max_length=200, db_index=True)
    #: Staff number of the person, where the account is one person's.
    person = models.CharField(max_length=120, null=True)
    department = models.CharField(max_length=120, blank=True)
    #: Local date on which it opens, and its place among the cases of that date (1 is read first).
    opened_on = models.DateField(db_index=True)
    rank = models.IntegerField()
    score = models.FloatField()
    probability = models.FloatField(default=0)
    harm = models.FloatField(default=0)
    #: The terms of the score, [{"name", "value", "weight"}, ...].
    terms = models.JSONField(default=list)
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    #: When the settling time has passed.
    settles_at = models.DateTimeField()
    state = models.CharField(
        _("state"), max_length=12, choices=[(s.value, STATE_NAMES[s]) for s in State], default=State.WAITING
    )
    #: Why it closed itself: codes and numbers, made into a sentence by the page.
    explained_by = models.JSONField(default=dict)
    detections = models.JSONField(default=list)
    patients = models.JSONField(default=list)
    event_ids = models.JSONField(default=list)
    #: The same events by the store's numbers.
    eids = models.JSONField(default=list)
    reasons_missing = models.JSONField(default=list)
    #: Drawn by lot, to measure with. Never shown before the case is decided.
    random = models.BooleanField(default=False)
    first_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    last_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    assigned_to = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="cases")
    #: The outcome that stands; the decisions are rows of their own.
    outcome = models.CharField(max_length=24, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "opened_on", "rank"], name="case_reading_order")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(state__in=[s.value for s in State]), name="case_state_known"),
            models.CheckConstraint(
                condition=~models.Q(state="decided") | ~models.Q(outcome=""),
                name="case_decided_has_outcome",
                violation_error_message=_("A decided case has an outcome."),
            ),
        ]

    def __str__(self) -> str:
        return self.key


class CasePatient(Sealed):
    """One patient of a case, so that a patient's page finds its cases."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="patient_rows")
    patient_id = models.CharField(max_length=200, db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "patient_id"], name="case_patient_once")]

    def __str__(self) -> str:
        return f"patient of {self.case_id}"


class Finding(Sealed):
    """One flag of one detection: what was looked for, what was found and what was not."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="findings")
    finding_id = models.CharField(max_length=120, unique=True)
    detection = models.CharField(max_length=60)
    account = models.CharField(max_length=200)
    person = models.CharField(max_length=120, null=True)
    patient_id = models.CharField(max_length=200, null=True)
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    event_ids = models.JSONField(default=list)
    observed = models.JSONField(default=dict)
    threshold = models.JSONField(default=dict)
    #: [{"reason", "state": "found"|"not_found"|"not_available", "missing": [...], "source_table", "source_id"}, ...]
    looked_for = models.JSONField(default=list)
    #: False after a run that no longer made it.
    stands = models.BooleanField(default=True)
    first_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    last_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.finding_id


class Outcome(Sealed):
    """A person's decision about a case, with the reason. Never changed; a later decision is another row."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="outcomes")
    code = models.CharField(max_length=24, choices=[(o.value, OUTCOME_NAMES[o]) for o in OutcomeCode])
    reason = models.TextField()
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    #: What the case rested on when it was decided.
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(reason=""),
                name="outcome_has_reason",
                violation_error_message=_("Write why."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.case_id}"


class Note(Sealed):
    """What a person wrote about a case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    text = models.TextField()
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"note on {self.case_id}"


class Assignment(Sealed):
    """A case in one person's hands from `at` until `ended_at`: a documented reason for that person's accesses."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="assignments")
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="assignments")
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(ended_at=None), name="assignment_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"assignment of {self.case_id}"


class History(Sealed):
    """One happening to a case, in the order in which they are shown."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="history")
    happening = models.CharField(max_length=12)
    #: None where a run did it.
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    facts = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "history"

    def __str__(self) -> str:
        return f"{self.happening} {self.case_id}"


class Touch(Sealed):
    """One access to patients' or staff's information in Wardkeep itself; fed to the store as an event of `wardkeep`."""

    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in TouchKind])
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_index=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="+")
    patient_id = models.CharField(max_length=200, blank=True)
    #: The hospital account that was looked at.
    account = models.CharField(max_length=200, blank=True)
    query = models.TextField(blank=True)
    ip = models.CharField(max_length=45, blank=True)
    session = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name_plural = "touches"

    def __str__(self) -> str:
        return f"touch {self.id}"


class Fed(models.Model):
    """How far our own touches have reached the store. Losing it costs time only: the store knows each by its id."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.until)
