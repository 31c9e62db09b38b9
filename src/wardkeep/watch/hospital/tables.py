# SPDX-License-Identifier: Apache-2.0
"""The hospital's tables: names, columns and types, as the hospital folder contract fixes them.

Every reader of context (folder, FHIR bulk, Synthea, OMOP) yields these tables; the store keeps them; the engines query
them. In the normalised form that engines see

* a `time` column is `<name>_us`, BIGINT, microseconds since 1970-01-01 UTC,
* a `date` column is `<name>_day`, INTEGER, days since 1970-01-01 in the hospital's calendar,
* a `list` column stays text, wrapped in separators: `;vip;minor;` (so that LIKE '%;vip;%' is exact), '' where empty,
* a `flag` column is BOOLEAN, FALSE where empty; other columns are VARCHAR; an empty cell is NULL,
* every table ends with `src` VARCHAR: how the hospital finds the row again: the value of its id column where the table
  has one, else `<file>:<line>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "time", "date", "list", "flag"]


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: Type = "text"
    #: A row without it goes to quarantine.
    required: bool = False
    #: A closed vocabulary; another value quarantines the row. Empty: any text.
    values: tuple[str, ...] = ()
    #: What an unknown value loads as, instead of quarantine.
    fallback: str | None = None

    @property
    def engine_name(self) -> str:
        """The column's name in the normalised form."""
        return self.name + {"time": "_us", "date": "_day"}.get(self.type, "")


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    #: The natural key: the columns that name a row across exports.
    key: tuple[str, ...]
    #: The id column whose value `src` carries; None: `<file>:<line>`.
    id: str | None = None


def _c(name: str, type: Type = "text", *, need: bool = False, values: str = "", fallback: str | None = None) -> Column:
    return Column(name, type, need, tuple(values.split()), fallback)


DEPARTMENT_KINDS = "clinical diagnostic support administrative"
ROLES = (
    "physician nurse therapist technician pharmacist registrar coder biller researcher it device_engineer "
    "administrator student vendor"
)
PURPOSES = "treatment payment operations research public_health sharing"
WORK_KINDS = (
    "coding billing quality result records registration bed_management infection_control audit verification "
    "copy_request complaint"
)
SENSITIVITIES = ("vip", "minor", "psychiatric", "infectious", "reproductive", "genetic", "staff")

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        Table(
            "departments",
            (_c("department", need=True), _c("name"), _c("kind", values=DEPARTMENT_KINDS), _c("site"), _c("parent")),
            key=("department",),
            id="department",
        ),
        Table(
            "staff",
            (
                _c("staff_id", need=True),
                _c("name"),
                _c("role", values=ROLES),
                _c("department"),
                _c("manager_id"),
                _c("employed_from", "date"),
                _c("employed_to", "date"),
                _c("address"),
                _c("phone"),
                _c("patient_id"),
            ),
            key=("staff_id",),
            id="staff_id",
        ),
        Table(
            "staff_history",
            (_c("staff_id", need=True), _c("department", need=True), _c("from", "date"), _c("to", "date")),
            key=("staff_id", "department", "from"),
        ),
        Table(
            "accounts",
            (
                _c("account", need=True),
                _c("staff_id"),
                _c("kind", need=True, values="person service shared"),
                _c("enabled_from", "date"),
                _c("enabled_to", "date"),
                _c("department"),
            ),
            key=("account",),
            id="account",
        ),
        Table(
            "shifts",
            (
                _c("staff_id", need=True),
                _c("department", need=True),
                _c("start", "time", need=True),
                _c("end", "time"),
            ),
            key=("staff_id", "department", "start"),
        ),
        Table(
            "patients",
            (
                _c("patient_id", need=True),
                _c("name"),
                _c("sex"),
                _c("birth_date", "date"),
                _c("address"),
                _c("phone"),
                _c("emergency_contact"),
                _c("died_on", "date"),
                _c("sensitivity", "list", values=" ".join(SENSITIVITIES)),
                _c("honey", "flag"),
            ),
            key=("patient_id",),
            id="patient_id",
        ),
        Table(
            "encounters",
            (
                _c("encounter_id", need=True),
                _c("patient_id", need=True),
                _c("kind", values="outpatient inpatient emergency telehealth"),
                _c("department"),
                _c("start", "time", need=True),
                _c("end", "time"),
                _c("attending_id"),
                _c("recorded_at", "time"),
            ),
            key=("encounter_id",),
            id="encounter_id",
        ),
        Table(
            "appointments",
            (
                _c("appointment_id", need=True),
                _c("patient_id", need=True),
                _c("department"),
                _c("staff_id"),
                _c("time", "time", need=True),
            ),
            key=("appointment_id",),
            id="appointment_id",
        ),
        Table(
            "orders",
            (
                _c("order_id", need=True),
                _c("patient_id", need=True),
                _c("encounter_id"),
                _c("kind", values="laboratory imaging medication procedure consult"),
                _c("ordered_by"),
                _c("performing_department"),
                _c("time", "time", need=True),
                _c("recorded_at", "time"),
            ),
            key=("order_id",),
            id="order_id",
        ),
        Table(
            "transfers",
            (
                _c("patient_id", need=True),
                _c("from_department"),
                _c("to_department", need=True),
                _c("time", "time", need=True),
                _c("recorded_at", "time"),
            ),
            key=("patient_id", "to_department", "time"),
        ),
        Table(
            "care_team",
            (
                _c("patient_id", need=True),
                _c("staff_id", need=True),
                _c("role"),
                _c("start", "time", need=True),
                _c("end", "time"),
                _c("recorded_at", "time"),
            ),
            key=("patient_id", "staff_id", "start"),
        ),
        Table(
            "work_items",
            (
                _c("patient_id", need=True),
                _c("department"),
                _c("kind", values=WORK_KINDS, fallback="records"),
                _c("staff_id"),
                _c("start", "time", need=True),
                _c("end", "time"),
                _c("recorded_at", "time"),
            ),
            key=("patient_id", "department", "kind", "staff_id", "start"),
        ),
        Table(
            "consents",
            (
                _c("patient_id", need=True),
                _c("purpose", need=True, values=PURPOSES),
                _c("recipient"),
                _c("decision", need=True, values="permit deny"),
                _c("start", "time", need=True),
                _c("end", "time"),
            ),
            key=("patient_id", "purpose", "recipient", "decision", "start"),
        ),
        Table(
            "tickets",
            (
                _c("ticket_id", need=True),
                _c("account", need=True),
                _c("kind", values="maintenance statistics research export"),
                _c("scope"),
                _c("start", "time", need=True),
                _c("end", "time"),
                _c("approved_by"),
            ),
            key=("ticket_id",),
            id="ticket_id",
        ),
    )
}

STATES = "message_state"
#: What Wardkeep itself keeps beside the hospital's tables: numbers of patients that were given up for others, digests of signed
#: records, those that a person should look at, and what is known of each object that messages speak of. No export holds them,
#: and no reason is read from them.
KEPT: dict[str, Table] = {
    t.name: t
    for t in (
        Table(
            "merges",
            (_c("retired_id", need=True), _c("patient_id", need=True), _c("time", "time")),
            key=("retired_id",),
        ),
        Table(
            "record_versions",
            (
                _c("system", need=True),
                _c("record", need=True),
                _c("digest", need=True),
                _c("kind"),
                _c("patient_id"),
                _c("stage", need=True),
                _c("time", "time", need=True),
                _c("by"),
            ),
            key=("system", "record", "digest"),
        ),
        Table(
            "record_doubts",
            (
                _c("system", need=True),
                _c("record", need=True),
                _c("problem", need=True),
                _c("digest", need=True),
                _c("kind"),
                _c("patient_id"),
                _c("sealed", "time"),
                _c("found", "time"),
            ),
            key=("system", "record", "problem", "digest"),
        ),
        Table(STATES, (_c("object", need=True), _c("state", need=True)), key=("object",), id="object"),
    )
}

#: Without these (and one events file) a folder is no hospital folder.
REQUIRED_TABLES = ("staff", "accounts", "patients")
