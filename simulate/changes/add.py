# SPDX-License-Identifier: Apache-2.0
"""`change`: add the scenes of changed records to a hospital that is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from simulate.care import Care
from simulate.changes import archive, database, late, lawful, merge
from simulate.changes.journal import Journal
from simulate.roster import Roster
from simulate.scene import Case
from simulate.sources.gather import persons_of_lines
from simulate.tables import event_ids, event_table, take
from simulate.truth import truth
from simulate.work import Work

if TYPE_CHECKING:
    from simulate.hospital import Hospital


@dataclass
class Changes:
    """`archive`: the records office's list of what was archived when, which a hospital hands over; `truth`: each change."""

    #: record_id, patient_id, encounter_id, stage, archived_at, archived_by.
    archive: pa.Table
    #: event_id, system, account, staff_id, patient_id, change (`record`, `database`), form, lawful, difficulty, case_id.
    truth: pa.Table


def change(
    hospital: Hospital, roster: Roster, care: Care, work: Work, cases: list[Case], texts: list[str]
) -> None:  # fmt: skip
    """Add log lines, statements, work items, tickets, cases and their truth. Changes `hospital`, `cases` and `texts`."""
    p, h = hospital.parameters, hospital.house
    # Draws of their own: no other is moved by them.
    rng = np.random.default_rng([p.seed, 5])
    j = Journal(p, h, hospital.people, roster, care, work, rng, cases)
    office = archive.archive(j, hospital.lines)
    lawful.run(j, office)
    copies, complaints = lawful.requests(j, office)
    database.run(j)
    late.run(j, office, copies, complaints)
    hospital.tables["work_items"] = _more(hospital.tables["work_items"], merge.items_of(j))
    hospital.tables["tickets"] = _more(hospital.tables["tickets"], merge.tickets_of(j))
    added, forms = merge.lines_of(j, hospital.lines, texts, statements=hospital.sources is None)
    names, events = event_ids(added), event_table(p, h, added, texts)
    bad, good = truth(added, cases, h)
    hospital.misuse = _more(hospital.misuse, bad)
    hospital.legitimate = _more(hospital.legitimate, good)
    hospital.lines = merge.together(hospital.lines, added)
    told = [merge.truth_of(j, names, events["system"].combine_chunks(), added, added["actor"],
                           take(h.a_name, added["account"]), forms)]  # fmt: skip
    hospital.events = event_table(p, h, hospital.lines, texts)
    if (found := hospital.sources) is not None:
        more, persons, columns = merge.audit_of(j, found)
        own = persons_of_lines(h, added, names, events["system"])
        hospital.persons = pa.concat_tables([hospital.persons, own, persons]).combine_chunks()
        told.append(merge.truth_of(
            j, more["event_id"].combine_chunks(), more["system"].combine_chunks(), columns, columns["person"],
            more["account"].combine_chunks(), merge.forms_of_audit(j, columns),
        ))  # fmt: skip
        hospital.misuse = _more(hospital.misuse, merge.misuse_of(j, more["event_id"].combine_chunks(), columns))
        found.events = _by_source(found.events, more)
    hospital.changes = Changes(archive.as_table(j, office), pa.concat_tables(told).combine_chunks())


def _more(table: pa.Table, rows: pa.Table) -> pa.Table:
    """Rows after those that stand there."""
    return pa.concat_tables([table, rows.cast(table.schema)]).combine_chunks()


def _by_source(events: pa.Table, more: pa.Table) -> pa.Table:
    """The statements among the others of the audit, by their time; the other sources as they were."""
    both = _more(events, more)
    rank = {name: n for n, name in enumerate(events["system"].unique().to_pylist())}
    source = np.array([rank.get(s, 0) for s in both["system"].to_pylist()])
    order = np.lexsort((np.array(both["time"].to_pylist(), dtype="U25"), source))
    return both.take(pa.array(order))
