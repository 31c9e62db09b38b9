# SPDX-License-Identifier: Apache-2.0
"""`build`: from a seed to a hospital with its tables, its log lines and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from simulate.care import make_care
from simulate.changes import Changes, change
from simulate.draw import Array
from simulate.house import House, make_house
from simulate.machines import run_machines
from simulate.misuse import commit
from simulate.parameters import Parameters, Progress
from simulate.people import People, make_people
from simulate.roster import make_roster
from simulate.sessions import accounts, expand
from simulate.sources import Sources, act, gather, stage, told
from simulate.sources.gather import persons_of_lines
from simulate.sources.identities import add_to_tables
from simulate.tables import event_table, hospital_tables, staff_ids
from simulate.truth import truth
from simulate.unwritten import Unwritten
from simulate.usual import Usual
from simulate.work import make_work


@dataclass
class Hospital:
    """What was simulated: `tables` and `events` are what a hospital hands over, `misuse` and `legitimate` are the truth."""

    parameters: Parameters
    tables: dict[str, pa.Table]
    events: pa.Table
    #: One row per event of misuse: event_id, kind, difficulty, case_id, account, staff_id, patient_id.
    misuse: pa.Table
    #: One row per legitimate event with a patient: event_id, account, patient_id, reason, source_table, source_id, documented.
    legitimate: pa.Table
    house: House
    people: People
    #: The log lines as numbers (for the calibration).
    lines: dict[str, Array] = field(repr=False)
    openings: int = 0
    #: What the other sources wrote, where they were asked for.
    sources: Sources | None = None
    #: Who it was, of every event: event_id, system, account, staff_id, how, case_id, ticket_id. Only with `sources`.
    persons: pa.Table | None = None
    #: The records office's list, and the truth about each change of a record, where these scenes were asked for.
    changes: Changes | None = None

    @property
    def scenes(self) -> dict[str, dict[str, Any]]:
        """The scenes that were staged, by name; none without `sources`."""
        return {} if self.sources is None else told(self.sources.scenes, self.misuse, self.parameters)

    @property
    def same_person(self) -> dict[str, str]:
        """Earlier numbers of people, and the number each has today; the truth, which no table has."""
        if self.sources is None:
            return {}
        i = self.sources.identities
        return dict(zip(i.second_id.tolist(), staff_ids(i.second).to_pylist(), strict=True))

    @property
    def all_events(self) -> pa.Table:
        """The events of every system in one table; what only some systems say is null for the others."""
        if self.sources is None:
            return self.events
        return pa.concat_tables([self.events, self.sources.events], promote_options="default").combine_chunks()

    @property
    def systems(self) -> set[str]:
        """The systems that wrote a log."""
        return set(self.all_events["system"].unique().to_pylist())


def build(
    seed: int = 1,
    staff: int = 300,
    patients: int = 20_000,
    days: int = 30,
    setting: str = "B",
    *,
    undocumented: float = 0.20,
    wrong_addresses: float = 0.20,
    shared: float = 0.33,
    late: float = 0.15,
    first_day: date = date(2026, 3, 2),
    sources: bool = False,
    changes: bool = False,
    progress: Progress | None = None,
) -> Hospital:
    """Simulate a hospital. Raises ValueError for arguments out of range. The same arguments give the same hospital.

    `sources` adds what says who it was (sign-ins, VPN, bastion, doors), a database audit that does not, and their scenes.
    `changes` adds records changed after they were archived, and statements that change a database, with what looks like them.
    """
    p = Parameters(
        seed=seed, staff=staff, patients=patients, days=days, setting=setting, undocumented=undocumented,
        wrong_addresses=wrong_addresses, shared=shared, late=late, first_day=first_day, sources=sources,
    )  # fmt: skip
    tell = progress or (lambda share, what: None)
    rng = np.random.default_rng(seed)
    #: Draws of the sources: the others are not moved by them.
    more = np.random.default_rng([seed, 4])
    tell(0.0, "departments, staff and patients")
    house = make_house(p, rng)
    people = make_people(p, house, rng)
    tell(0.1, "rosters and care")
    roster = make_roster(p, house, rng)
    care = make_care(p, house, people, roster, rng)
    work = make_work(p, house, people, care, roster, rng)
    staged = stage(p, house, care, work, more) if sources else None
    tell(0.2, "accesses")
    usual = Usual(p, house, people, roster, care, work, rng)
    usual.run()
    Unwritten(usual).run()
    run_machines(usual)
    tell(0.35, "misuse")
    cases = commit(usual)
    if staged is not None:
        act(staged, usual, cases, more)
    columns = usual.out.columns()
    accounts(columns, p, house, roster)
    tell(0.5, "log lines")
    lines = expand(columns, people, house, usual.out, p, rng, seated=sources)
    lines["table"], lines["row"] = columns["table"][lines["opening"]], columns["row"][lines["opening"]]
    found = None
    if staged is not None:
        tell(0.65, "sign-ins, doors and statements")
        found = gather(p, house, roster, work, lines, usual.out.texts, cases, staged, more)
    events = event_table(p, house, lines, usual.out.texts)
    tell(0.8, "tables")
    tables = hospital_tables(p, house, people, roster, care, work)
    misuse, legitimate = truth(lines, cases, house)
    hospital = Hospital(p, tables, events, misuse, legitimate, house, people, lines, len(columns["t"]), found)
    if found is not None:
        add_to_tables(tables, found.identities, p, house, people)
        hospital.misuse = pa.concat_tables([misuse, found.misuse(cases)]).combine_chunks()
        own = persons_of_lines(house, lines, events["event_id"], events["system"])
        hospital.persons = pa.concat_tables([own, found.persons]).combine_chunks()
    if changes:
        tell(0.95, "changes of records")
        change(hospital, roster, care, work, cases, usual.out.texts)
    tell(1.0, "done")
    return hospital
