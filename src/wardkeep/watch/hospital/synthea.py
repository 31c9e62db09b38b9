# SPDX-License-Identifier: Apache-2.0
"""Synthea's CSV export as hospital tables.

Synthea has no accounts, no wards and no rosters: a provider becomes a staff member and an account of the same id, an
organisation a department. What a patient got in an encounter becomes an order by the encounter's provider.
"""

from __future__ import annotations

from wardkeep.watch.hospital.sources import Making, Model, Source

_KIND = """CASE lower(e.encounterclass)
    WHEN 'inpatient' THEN 'inpatient' WHEN 'snf' THEN 'inpatient' WHEN 'hospice' THEN 'inpatient'
    WHEN 'emergency' THEN 'emergency' WHEN 'urgentcare' THEN 'emergency' WHEN 'virtual' THEN 'telehealth'
    ELSE 'outpatient' END"""


def _orders(source: str, kind: str, time: str, id: str | None = None) -> Making:
    """Orders of one kind; without an id of its own a row is named by its file and line."""
    order_id = f"x.{id}" if id else f"'{source}.csv:' || x.line"
    return Making(
        "orders",
        source,
        f"""
        SELECT {order_id} AS order_id, x.patient AS patient_id, x.encounter AS encounter_id, '{kind}' AS kind,
            e.provider AS ordered_by, e.organization AS performing_department, moment({time}) AS time, x.line
        FROM {source} AS x LEFT JOIN (SELECT id, any_value(provider) AS provider, any_value(organization) AS organization
            FROM encounters GROUP BY id) AS e ON e.id = x.encounter AND x.encounter <> ''
        """,  # noqa: S608 - our own names
    )


SYNTHEA = Model(
    "synthea",
    {
        "organizations": Source(("id", "name"), ("city",)),
        "providers": Source(("id", "organization", "name"), ("address", "city", "speciality")),
        "patients": Source(
            ("id", "birthdate"), ("deathdate", "first", "middle", "last", "gender", "address", "city", "state", "zip")
        ),
        "encounters": Source(
            ("id", "start", "patient", "encounterclass"), ("stop", "organization", "provider"), times=("start", "stop")
        ),
        "procedures": Source(("patient", "encounter"), ("start", "date"), times=("start", "date")),
        "medications": Source(("start", "patient", "encounter"), times=("start",)),
        "imaging_studies": Source(("id", "date", "patient", "encounter"), times=("date",)),
        "observations": Source(("date", "patient", "encounter"), ("category",), times=("date",)),
        "careplans": Source(("start", "patient", "encounter"), ("stop",), times=("start", "stop")),
    },
    (
        Making(
            "departments",
            "organizations",
            "SELECT id AS department, name, 'clinical' AS kind, city AS site, line FROM organizations",
        ),
        Making(
            "staff",
            "providers",
            """SELECT id AS staff_id, name, 'physician' AS role, organization AS department,
            concat_ws(', ', nullif(address, ''), nullif(city, '')) AS address, line FROM providers""",
        ),
        Making("accounts", "providers", "SELECT id AS account, id AS staff_id, 'person' AS kind, line FROM providers"),
        Making(
            "patients",
            "patients",
            """SELECT id AS patient_id, concat_ws(' ', nullif(first, ''), nullif(middle, ''), nullif(last, '')) AS name,
            gender AS sex, birthdate AS birth_date, deathdate AS died_on,
            concat_ws(', ', nullif(address, ''), nullif(city, ''), nullif(state, ''), nullif(zip, '')) AS address, line
            FROM patients""",
        ),
        Making(
            "encounters",
            "encounters",
            f"""SELECT e.id AS encounter_id, e.patient AS patient_id, {_KIND} AS kind, e.organization AS department,
            moment(e.start) AS start, moment_end(e.stop) AS "end", e.provider AS attending_id, e.line
            FROM encounters AS e""",  # noqa: S608 - our own text
        ),
        _orders("procedures", "procedure", "coalesce(nullif(x.start, ''), x.date)"),
        _orders("medications", "medication", "x.start"),
        _orders("imaging_studies", "imaging", "x.date", id="id"),
        Making(
            "orders",
            "observations",
            """
            SELECT 'observations.csv:' || min(x.line) AS order_id, x.patient AS patient_id, x.encounter AS encounter_id,
                'laboratory' AS kind, any_value(e.provider) AS ordered_by,
                any_value(e.organization) AS performing_department, moment(x.date) AS time, min(x.line) AS line
            FROM observations AS x LEFT JOIN encounters AS e ON e.id = x.encounter AND x.encounter <> ''
            WHERE lower(x.category) = 'laboratory' GROUP BY x.patient, x.encounter, x.date
            """,
        ),
        Making(
            "care_team",
            "careplans",
            """
            SELECT c.patient AS patient_id, e.provider AS staff_id, 'care plan' AS role, moment(c.start) AS start,
                max(CASE WHEN c.stop = '' THEN '' ELSE moment_end(c.stop) END) AS "end", min(c.line) AS line
            FROM careplans AS c JOIN encounters AS e ON e.id = c.encounter AND c.encounter <> '' AND e.provider <> ''
            GROUP BY c.patient, e.provider, c.start
            """,
        ),
    ),
)
#: Files that only a Synthea folder has; `patients` and `encounters` are names of the hospital folder too.
SIGNS = frozenset(SYNTHEA.sources) - {"patients", "encounters"}
