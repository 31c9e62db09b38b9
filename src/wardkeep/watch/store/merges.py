# SPDX-License-Identifier: Apache-2.0
"""Patients with several numbers: what the tables say of one number is shown for every other number of the same person.

Events keep the number that their source wrote. So an access under a number that was given up is explained by the care of the
one that survives, and the reverse, and whoever asks for either number sees both. What is compared with a patient's number
elsewhere (the own number of somebody of the staff) is compared with every number of the same person: `same_person`.
"""

from __future__ import annotations

from collections.abc import Iterable

from wardkeep.watch.hospital.tables import TABLES

#: The tables of care. In `staff` the number is an attribute of somebody else's row.
OF_PATIENTS = frozenset(t.name for t in TABLES.values() if any(c.name == "patient_id" for c in t.columns)) - {"staff"}


def same_person(merges: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(number, another number of the same person), in both directions, from (given up, survives) however they are chained."""
    above: dict[str, str] = {}

    def top(number: str) -> str:
        while (next_up := above.get(number, number)) != number:
            number = next_up
        return number

    for retired, survivor in sorted(merges):
        if top(retired) != top(survivor):
            above[top(retired)] = top(survivor)
    groups: dict[str, set[str]] = {}
    for number in {*above, *above.values()}:
        groups.setdefault(top(number), set()).add(number)
    return sorted((one, other) for group in groups.values() for one in group for other in group if one != other)


#: Rows of patients, each with what the rows of the same person's other numbers say of the person, who is a decoy,
#: protected or dead under every number. Address and telephone stay those of the row.
_PERSONS = """(
    SELECT k.* REPLACE (
        k.honey OR coalesce(o.honey, false) AS honey, coalesce(k.died_on_day, o.died_on_day) AS died_on_day,
        CASE WHEN coalesce(o.sensitivity, '') = '' THEN k.sensitivity ELSE
            array_to_string(list_sort(list_distinct(string_split(concat(k.sensitivity, o.sensitivity), ';'))), ';') || ';'
        END AS sensitivity
    )
    FROM kept.patients k
    LEFT JOIN (
        SELECT s.other_id AS patient_id, bool_or(x.honey) AS honey, max(x.died_on_day) AS died_on_day,
            string_agg(x.sensitivity, '') AS sensitivity
        FROM kept.patients x JOIN kept.same_person s ON s.patient_id = x.patient_id GROUP BY s.other_id
    ) o ON o.patient_id = k.patient_id
)"""


def view_sql(name: str) -> str:
    """The SELECT of a table's view, where `kept.same_person` is (patient_id, other_id)."""
    rows = _PERSONS if name == "patients" else f'kept."{name}"'
    copies = f"""
        SELECT t.* REPLACE (s.other_id AS patient_id) FROM {rows} t
        JOIN kept.same_person s ON s.patient_id = t.patient_id
    """  # noqa: S608 - names of our own tables
    if name == "patients":  # a number with a row of its own keeps that, and has one
        copies += """
            WHERE s.other_id NOT IN (SELECT p.patient_id FROM kept.patients p)
            QUALIFY row_number() OVER (PARTITION BY s.other_id ORDER BY t.patient_id) = 1
        """
    return f"SELECT * FROM {rows} UNION ALL {copies}"  # noqa: S608
