# SPDX-License-Identifier: Apache-2.0
"""`Thresholds`: every margin and limit of a judgement, with its unit. A run records their hash."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


class ThresholdError(ValueError):
    """A threshold has a value that makes no sense; the message lists every fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """Margins of reasons, limits of detections, and the reviewers' budget. The name or the comment gives the unit.

    Margins of reasons are counted to whole local days: a reason that reaches into a day holds on the whole of it.
    """

    # -- reasons ------------------------------------------------------------------------------------------------------
    #: Days before a planned encounter (outpatient, inpatient, telehealth) on which its department prepares.
    encounter_before_days: int = 2
    #: Days after the end of an encounter on which its department completes the record, also after death.
    completion_days: int = 7
    #: Days before an appointment on which its department prepares, and after it on which the department completes.
    appointment_before_days: int = 2
    appointment_after_days: int = 7
    #: Days around a personal tie (own appointment, attending, care team) on which that person prepares and completes.
    person_before_days: int = 2
    person_after_days: int = 14
    #: Days before an order on which its author opens the record, and after it on which the result is read.
    order_before_days: int = 1
    result_days: int = 14
    #: Days after an order on which the performing department works on it (worklist, priors, report).
    perform_days: int = 7
    #: The same for imaging, procedures and consults, which are planned ahead.
    perform_planned_days: int = 14
    #: Hours before a transfer on which the receiving ward prepares, and days after it on which the sending ward completes.
    transfer_before_hours: int = 24
    transfer_after_days: int = 3
    #: Days around a work item.
    work_before_days: int = 1
    work_after_days: int = 1
    #: Minutes before the start and after the end of a shift in which its person already, or still, works.
    shift_early_minutes: int = 60
    shift_late_minutes: int = 120
    #: Minutes by which clocks of systems may differ: added to tickets and consents.
    clock_minutes: int = 15
    #: Confidence from which the ticket of the likeliest person covers a statement whose asker is not named.
    likely: float = 0.3
    #: Days for which someone who changed departments still finishes work of the former one.
    move_grace_days: int = 1
    #: Seconds a record may have been open to count as a mistaken opening, and within which the right one must follow.
    mistake_open_seconds: int = 30
    mistake_follow_seconds: int = 180
    #: Mistaken openings that one account may have on one local day.
    mistakes_a_day: int = 2
    #: Other local days on which a service account must have read in the same hour from the same host.
    service_days: int = 3
    #: Days after the end of an encounter on which its department may still be asked about the former patient.
    follow_up_days: int = 60
    #: What is usual (department pairs, whose workstation) is learned from this many local days before the judged one.
    learned_days: int = 30
    #: A department pair is learned from at least this many of the other department's patients, opened without a
    #: documented reason and without anything suspicious ...
    learned_patients: int = 6
    #: ... by at least this many other accounts of the department ...
    learned_accounts: int = 3
    #: ... and at least this many times as often as the totals of the two departments would give by chance.
    learned_lift: float = 2.0
    #: A workstation is a department's where at least this share of its use was by the department ...
    presence_share: float = 0.6
    #: ... and at least this many of its accounts used it.
    presence_accounts: int = 3
    #: Patients under care of a department in whose records someone wrote on one day, to have worked there that day.
    presence_patients: int = 2

    # -- who it was ---------------------------------------------------------------------------------------------------
    #: Confidence from which on one person is named for a use of a department's or an application's account.
    attribute_confidence: float = 0.95
    #: Hours after which a session without a sign-out counts as over (at most 24).
    attribute_session_hours: int = 12
    #: Minutes after its begin in which such a session speaks as strongly as one that was signed out of.
    attribute_open_minutes: int = 120
    #: Minutes for which such a session may still be in use after somebody else signed in at its place.
    attribute_linger_minutes: int = 30
    #: Seconds by which a source's clock may be wrong where too few pairs say how far.
    attribute_clock_seconds: int = 300
    #: Strength of evidence, 0 to 1: a session of the same number; one at the same workstation or address; the same near
    #: its begin or end (within what the clocks may be wrong); just outside it, or after somebody else took the place.
    attribute_session_number: float = 0.999
    attribute_session: float = 0.97
    attribute_near: float = 0.96
    attribute_edge: float = 0.6
    #: Behind a department's account: a session of the person's own in an application at that place.
    attribute_application: float = 0.6
    #: A badge in the department, a badge on the site, a shift there.
    attribute_badge: float = 0.5
    attribute_site: float = 0.2
    attribute_shift: float = 0.4
    #: Factor on the odds of a person whom a badge saw on another site, of one without a shift where others had one, and of
    #: one who was signed in at another place at that time too.
    attribute_elsewhere: float = 0.05
    attribute_off_duty: float = 0.2
    attribute_two_places: float = 0.2
    #: The same of a person whose sign-in to the machine stands alone, with neither door nor shift, on a day of which the
    #: hospital knows who was there.
    attribute_unseen: float = 0.2
    #: Pairs from which on a clock's offset is applied, minutes within which two marks may be a pair, and seconds of spread
    #: above which they are two acts, one after the other, and not one.
    clock_pairs: int = 20
    clock_pair_minutes: int = 30
    clock_spread_seconds: int = 10

    # -- detections ---------------------------------------------------------------------------------------------------
    #: Share of patients with a surname from which on a shared surname says nothing.
    surname_common_share: float = 0.02
    #: Patients in one building from which on a shared building says nothing.
    building_patients: int = 60
    #: Patients and staff at one address from which on it is a home or an institution, not a household.
    household_size: int = 8
    #: Patients with one telephone number from which on it is a switchboard.
    phone_patients: int = 6
    #: Days without encounter, appointment, order or work item from which on a patient counts as not under care.
    inactive_days: int = 30
    #: Days after a death from which on opening the record is looked at.
    deceased_days: int = 14
    #: Distinct accounts from distinct departments that open a record without reason within `crowd_days` local days.
    crowd_accounts: int = 5
    crowd_departments: int = 3
    crowd_days: int = 3
    #: Distinct patients without reason in ten minutes, and in a local day.
    batch_10min: int = 15
    batch_day: int = 40
    #: Times the peers' usual top (99th percentile of the role's account-days) that the patients of a day must reach.
    batch_peer_factor: float = 2.0
    #: Records in one export, print or query without a ticket.
    bulk_records: int = 100
    #: Different pieces of a statistic of medicines (one prescriber's lines, one day's) that together make it, and the local
    #: days within which they count together.
    statistics_pieces: int = 8
    statistics_days: int = 31
    #: Accounts that may share the pieces by one form of statement; a form that more use is an application's.
    statistics_accounts: int = 5
    #: CUSUM of patients without reason a day: slack above the peers' mean, and the level that is a finding.
    slow_slack: float = 1.0
    slow_level: float = 10.0
    #: Least local days with a patient without reason.
    slow_days: int = 4
    #: Days without use from which on an account counts as dormant.
    dormant_days: int = 21
    #: Minutes within which one person cannot be at two sites.
    travel_minutes: int = 20
    #: Minutes within which use of two workstations in turn (A, B, A) counts as at the same time.
    overlap_minutes: int = 10
    #: Hours until a break-glass opening must be followed by documentation.
    breakglass_hours: int = 72
    #: Searches in an hour; denied openings in a day; records with consecutive numbers in an hour.
    searches_hour: int = 40
    denied_day: int = 10
    sequence_run: int = 12
    #: Days after copies were asked for or a complaint was made in which a change of the record is looked at, and hours after
    #: the end of the last encounter from which on it is.
    edit_request_days: int = 90
    edit_after_hours: int = 720
    #: Records in which one account deletes in a day.
    deletes_day: int = 20
    #: Rows that an application's account deletes in a day by one form of statement (`bulk_records` or more at once), and times
    #: the most of its former days that they must reach.
    mass_delete_rows: int = 1_000
    mass_delete_factor: float = 3.0
    #: Expected share of openings without reason in a department pair below which it is unusual.
    unusual_pair_lift: float = 0.2

    # -- cases --------------------------------------------------------------------------------------------------------
    #: Whether opening one's own record is a case or goes to a weekly list.
    self_access: Literal["case", "weekly"] = "case"
    #: Local days without a finding after which the next one of the same account is another case.
    case_gap_days: int = 7
    #: Cases that reviewers read per local day, and the share of them that is drawn by lot.
    cases_a_day: int = 10
    random_share: float = 0.1
    #: Largest share of a day's cases that one family of detections may take while others wait.
    family_share: float = 0.5
    #: Local days for which what found no place on its day may still take a free one.
    backlog_days: int = 7
    #: Hours after the last event before a case opens, so that late documentation can explain it.
    settling_hours: int = 48
    #: Events that one case, and one finding, names at most: the earliest.
    case_events: int = 5000

    def __post_init__(self) -> None:
        faults = []
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if item.name == "self_access":
                if value not in ("case", "weekly"):
                    faults.append(f"self_access = {value!r}: use case or weekly")
            elif isinstance(value, bool) or not isinstance(value, int | float):
                faults.append(f"{item.name} = {value!r}: use a number")
            elif value < 0 or (item.name.endswith("_share") and value > 1):
                faults.append(f"{item.name} = {value!r}: out of range")
            elif isinstance(item.default, int) and not isinstance(value, int):
                faults.append(f"{item.name} = {value!r}: use a whole number")
        if self.cases_a_day < 1:
            faults.append(f"cases_a_day = {self.cases_a_day}: use at least 1")
        if faults:
            raise ThresholdError("; ".join(faults))

    @classmethod
    def of(cls, named: Mapping[str, Any], **others: Any) -> Thresholds:
        """The defaults, changed where `named` (the operator's settings) or `others` say so. Raises ThresholdError."""
        known = {f.name for f in dataclasses.fields(cls)}
        if unknown := sorted({*named, *others} - known):
            raise ThresholdError(
                f"no such threshold: {', '.join(unknown)}; the names are in docs/reference/detections.md"
            )
        return cls(**{**others, **named})
