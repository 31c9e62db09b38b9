# SPDX-License-Identifier: Apache-2.0
"""OMOP CDM 5.4 tables as CSV, made into hospital tables.

OMOP has no accounts and no rosters: a provider becomes a staff member and an account of the same id, a care site a
department. Ids are OMOP's own (`person_id`, `provider_id`), as text; 0 stands for none. Times without an offset are local.
"""

from __future__ import annotations

from wardkeep.watch.hospital.sources import Making, Model, Source

#: Standard concepts of the Visit domain.
_KIND = """CASE v.visit_concept_id
    WHEN '9201' THEN 'inpatient' WHEN '262' THEN 'inpatient' WHEN '8717' THEN 'inpatient' WHEN '32037' THEN 'inpatient'
    WHEN '42898160' THEN 'inpatient' WHEN '9203' THEN 'emergency' WHEN '5083' THEN 'telehealth'
    WHEN '722455' THEN 'telehealth' WHEN '9202' THEN 'outpatient' WHEN '581476' THEN 'outpatient'
    WHEN '581477' THEN 'outpatient' ELSE '' END"""


def _id(column: str) -> str:
    """A foreign key, '' where it is 0."""
    return f"CASE WHEN {column} = '0' THEN '' ELSE {column} END"


def _time(stem: str, *, end: bool = False) -> str:
    """`<stem>_datetime` where it is there, else `<stem>_date`."""
    return f"moment{'_end' if end else ''}(coalesce(nullif({stem}_datetime, ''), {stem}_date))"


def _orders(source: str, kind: str, id: str, stem: str) -> Making:
    return Making(
        "orders",
        source,
        f"""SELECT '{source}/' || x.{id} AS order_id, x.person_id AS patient_id,
        {_id("x.visit_occurrence_id")} AS encounter_id, '{kind}' AS kind, {_id("x.provider_id")} AS ordered_by,
        {_time(f"x.{stem}")} AS time, x.line FROM {source} AS x WHERE x.{id} <> ''""",  # noqa: S608 - our own names
    )


def _dated(*need: str, stems: tuple[str, ...], may: tuple[str, ...] = ()) -> Source:
    """A table with `<stem>_date` and `<stem>_datetime` columns, of which either may be missing."""
    times = tuple(f"{stem}_{form}" for stem in stems for form in ("date", "datetime"))
    return Source(need, (*may, *times), times=times)


OMOP = Model(
    "omop",
    {
        "care_site": Source(("care_site_id",), ("care_site_name", "place_of_service_source_value")),
        "provider": Source(("provider_id",), ("provider_name", "care_site_id")),
        "person": Source(
            ("person_id",), ("gender_source_value", "year_of_birth", "month_of_birth", "day_of_birth", "location_id")
        ),
        "location": Source(("location_id",), ("address_1", "address_2", "city", "state", "zip"), adds_to="patients"),
        "death": Source(("person_id",), ("death_date",), adds_to="patients"),
        "visit_occurrence": _dated(
            "visit_occurrence_id",
            "person_id",
            stems=("visit_start", "visit_end"),
            may=("visit_concept_id", "provider_id", "care_site_id"),
        ),
        "visit_detail": _dated(
            "visit_detail_id",
            "person_id",
            stems=("visit_detail_start", "visit_detail_end"),
            may=("visit_occurrence_id", "provider_id", "care_site_id"),
        ),
        "drug_exposure": _dated(
            "drug_exposure_id",
            "person_id",
            stems=("drug_exposure_start",),
            may=("provider_id", "visit_occurrence_id"),
        ),
        "procedure_occurrence": _dated(
            "procedure_occurrence_id", "person_id", stems=("procedure",), may=("provider_id", "visit_occurrence_id")
        ),
        "measurement": _dated(
            "measurement_id", "person_id", stems=("measurement",), may=("provider_id", "visit_occurrence_id")
        ),
    },
    (
        Making(
            "departments",
            "care_site",
            "SELECT care_site_id AS department, care_site_name AS name, 'clinical' AS kind, line FROM care_site",
        ),
        Making(
            "staff",
            "provider",
            f"""SELECT provider_id AS staff_id, provider_name AS name, {_id("care_site_id")} AS department, line
            FROM provider""",  # noqa: S608 - our own names
        ),
        Making(
            "accounts",
            "provider",
            "SELECT provider_id AS account, provider_id AS staff_id, 'person' AS kind, line FROM provider",
        ),
        Making(
            "patients",
            "person",
            """
            SELECT p.person_id AS patient_id, p.gender_source_value AS sex, CASE WHEN p.month_of_birth = '' OR
                p.day_of_birth = '' OR p.year_of_birth = '' THEN '' ELSE lpad(p.year_of_birth, 4, '0') || '-' ||
                lpad(p.month_of_birth, 2, '0') || '-' || lpad(p.day_of_birth, 2, '0') END AS birth_date,
                concat_ws(', ', nullif(l.address_1, ''), nullif(l.address_2, ''), nullif(l.city, ''), nullif(l.state, ''),
                nullif(l.zip, '')) AS address, substr(d.death_date, 1, 10) AS died_on, p.line
            FROM person AS p
            LEFT JOIN (SELECT person_id, min(death_date) AS death_date FROM death GROUP BY person_id) AS d
                ON d.person_id = p.person_id
            LEFT JOIN (SELECT DISTINCT ON (location_id) * FROM location) AS l
                ON l.location_id = p.location_id AND p.location_id <> ''
            """,
        ),
        Making(
            "encounters",
            "visit_occurrence",
            f"""
            SELECT v.visit_occurrence_id AS encounter_id, v.person_id AS patient_id, {_KIND} AS kind,
                {_id("v.care_site_id")} AS department, {_time("v.visit_start")} AS start,
                {_time("v.visit_end", end=True)} AS "end", {_id("v.provider_id")} AS attending_id, v.line
            FROM visit_occurrence AS v
            """,  # noqa: S608 - our own text
        ),
        _orders("drug_exposure", "medication", "drug_exposure_id", "drug_exposure_start"),
        _orders("procedure_occurrence", "procedure", "procedure_occurrence_id", "procedure"),
        _orders("measurement", "laboratory", "measurement_id", "measurement"),
        Making(
            "transfers",
            "visit_detail",
            f"""
            SELECT patient_id, any_value(coalesce(before, '')) AS from_department, site AS to_department, time,
                min(line) AS line FROM (
                SELECT d.person_id AS patient_id, {_id("d.care_site_id")} AS site, d.line,
                    {_time("d.visit_detail_start")} AS time,
                    lag({_id("d.care_site_id")}, 1, {_id("coalesce(v.care_site_id, '')")}) OVER (
                        PARTITION BY d.person_id, d.visit_occurrence_id
                        ORDER BY coalesce(nullif(d.visit_detail_start_datetime, ''), d.visit_detail_start_date), d.line
                    ) AS before
                FROM visit_detail AS d
                LEFT JOIN (SELECT DISTINCT ON (visit_occurrence_id) * FROM visit_occurrence) AS v
                    ON v.visit_occurrence_id = d.visit_occurrence_id AND d.visit_occurrence_id <> ''
            ) WHERE site <> '' AND site IS DISTINCT FROM before GROUP BY patient_id, site, time
            """,  # noqa: S608 - our own text
        ),
        Making(
            "care_team",
            "visit_detail",
            f"""
            SELECT d.person_id AS patient_id, d.provider_id AS staff_id, 'visit' AS role,
                {_time("d.visit_detail_start")} AS start, max({_time("d.visit_detail_end", end=True)}) AS "end",
                min(d.line) AS line
            FROM visit_detail AS d WHERE d.provider_id NOT IN ('', '0') GROUP BY 1, 2, 3, 4
            """,  # noqa: S608 - our own text
        ),
    ),
    # R, PostgreSQL.
    blanks=("NA", "\\N", "NULL"),
)
#: Without these a folder is no OMOP folder.
REQUIRED = ("person", "visit_occurrence")
