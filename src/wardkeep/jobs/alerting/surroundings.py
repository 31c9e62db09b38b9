# SPDX-License-Identifier: Apache-2.0
"""The snapshot that live detections go by: the hospital's tables as they are now, and what the last days of events show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wardkeep.alerts import Live
from wardkeep.watch.attribute.spelt import spell, spellings_of
from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.live import Holder, Known, Ticket
from wardkeep.watch.live.programs import program_of
from wardkeep.watch.spelling import Spellings
from wardkeep.watch.store import Store
from wardkeep.watch.store.merges import same_person

#: Tables of which the snapshot is made.
TABLES = ("accounts", "staff", "patients", "tickets", "merges")
_EPOCH = date(1970, 1, 1)
#: A workstation stands at a site where so much of its use was there.
SURE = 0.9


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """What the last days show. Empty where nothing was learned."""

    peers: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)


def state_of(store: Store) -> tuple[str, ...]:
    """Tells one state of the tables from another: the loads that made it."""
    return tuple(row.id for row in store.manifest.files("context") if row.facts["table"] in TABLES)


def known_of(store: Store, live: Live, learned: Learned, *, zone: str) -> Known:
    """The snapshot. Raises StoreError."""
    has = {row.facts["table"] for row in store.manifest.files("context")}
    tables = {name: store.known_table(name) if name in has else None for name in TABLES}
    staff = {row["staff_id"]: row for row in _rows(tables["staff"])}
    accounts = list(_rows(tables["accounts"]))
    spellings = Spellings(((row["account"], row["staff_id"], row["kind"]) for row in accounts), staff)
    local = ZoneInfo(zone)
    tickets: dict[str, tuple[Ticket, ...]] = {}
    for row in _rows(tables["tickets"]):
        one, account = Ticket(from_us=row["start_us"], until_us=row["end_us"]), spellings.account(row["account"])
        tickets[account] = (*tickets.get(account, ()), one)
    patients = tables["patients"]
    decoys = patients.filter(patients.column("honey")) if patients is not None else None
    honey = {row["patient_id"] for row in _rows(decoys)}
    others = _others(_rows(tables["merges"]))
    return Known(
        honey=frozenset(honey.union(*(others[number] for number in honey & others.keys()))),
        holders={row["account"]: _holder(row, staff.get(row["staff_id"], {}), others, local) for row in accounts},
        spellings=spellings,
        tickets=tickets,
        peers=learned.peers,
        privileged=frozenset(map(spellings.account, live.privileged)),
        places=learned.places,
        sites=learned.sites,
        remote_tools=frozenset(program_of(name) for name in live.remote_tools),
        plain_protocols=frozenset(name.lower() for name in live.plain_protocols),
        plain_ports=frozenset(live.plain_ports),
    )


def learned_of(store: Store, live: Live, *, at: datetime, memory_limit: str) -> Learned:
    """What the last days of events show. Raises StoreError: the caller goes on without."""
    if live.learned_days < 1:
        return Learned()
    since = int((at - timedelta(days=live.learned_days)).timestamp() * 1e6)
    con = store.connect(from_us=since, memory_limit=memory_limit, threads=1)
    try:
        spell(engine := DuckEngine(con))
        privileged = sorted(set(map(spellings_of(engine).account, live.privileged)))
        names = engine.tables()
        peers = con.execute(_PEERS).fetchall() if {"accounts", "staff"} <= names else []
        sites = con.execute(_SITES, [SURE]).fetchall()
        places: dict[str, set[str]] = {}
        meant = _meant(engine, privileged)
        for account, station, ip in con.execute(_PLACES, [sorted(meant)]).fetchall():
            places.setdefault(meant[account], set()).update(place for place in (station, ip) if place)
    finally:
        con.close()
    return Learned(
        peers={role: int(top) for role, top in peers},
        places={account: frozenset(found) for account, found in places.items()},
        sites=dict(sites),
    )


#: Of each role the 99th percentile of different patients in a slice of ten minutes in which its people worked at all.
_PEERS = """
    SELECT s.role, quantile_disc(u.n, 0.99) FROM (
        SELECT e.account, e.time_us // 600000000 AS slice, count(DISTINCT e.patient_id) AS n
        FROM events AS e WHERE e.patient_id IS NOT NULL AND e.outcome = 'success' GROUP BY ALL
    ) AS u
    JOIN accounts AS a ON a.account = u.account AND a.kind <> 'service'
    JOIN staff AS s ON s.staff_id = a.staff_id
    WHERE s.role IS NOT NULL
    GROUP BY s.role HAVING count(*) >= 100
"""
_SITES = """
    SELECT u.workstation, max_by(u.site, u.n) FROM (
        SELECT e.workstation, e.site, count(*) AS n FROM events AS e
        WHERE e.workstation IS NOT NULL AND e.site IS NOT NULL AND e.site <> 'remote' GROUP BY ALL
    ) AS u
    GROUP BY u.workstation HAVING max(u.n) >= ? * sum(u.n)
"""
_PLACES = """
    SELECT DISTINCT e.account, e.workstation, e.ip FROM events AS e
    WHERE list_contains(?, e.account) AND e.outcome = 'success'
"""


def _meant(engine: DuckEngine, privileged: Sequence[str]) -> dict[str, str]:
    """As events write it -> the privileged account; of those that stand in no table by any spelling, as `Privileged` does."""
    held = (
        {account for (account,) in engine.rows("SELECT a.account FROM accounts AS a")}
        if "accounts" in engine.tables()
        else set()
    )
    meant = {account: account for account in privileged}
    strangers = Spellings(((account, None, None) for account in privileged if account not in held), ())
    for (written,) in engine.rows("SELECT DISTINCT e.account FROM events AS e WHERE e.account IS NOT NULL"):
        if written not in held and (account := strangers.account(written)) in meant:
            meant[written] = account
    return meant


def _others(merges: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """Number of a patient -> the other numbers of the same person, however they were merged."""
    found: dict[str, set[str]] = {}
    for one, other in same_person((row["retired_id"], row["patient_id"]) for row in merges):
        found.setdefault(one, set()).add(other)
    return {one: frozenset(rest) for one, rest in found.items()}


def _holder(
    account: Mapping[str, Any], person: Mapping[str, Any], others: Mapping[str, frozenset[str]], zone: ZoneInfo
) -> Holder:
    begins = [day for day in (account["enabled_from_day"], person.get("employed_from_day")) if day is not None]
    ends = [day for day in (account["enabled_to_day"], person.get("employed_to_day")) if day is not None]
    return Holder(
        kind=account["kind"],
        person=account["staff_id"],
        role=person.get("role") or "",
        own=person.get("patient_id"),
        others=others.get(person.get("patient_id") or "", frozenset()),
        from_us=_midnight(max(begins), zone) if begins else None,
        until_us=_midnight(min(ends) + 1, zone) if ends else None,  # the last day counts
    )


def _midnight(day: int, zone: ZoneInfo) -> int | None:
    """When a local day begins; None for a day that no calendar has."""
    try:
        return int(datetime.combine(_EPOCH + timedelta(days=day), time(), zone).timestamp() * 1e6)
    except (OverflowError, ValueError):
        return None


def _rows(table: Any) -> Iterable[dict[str, Any]]:
    return table.to_pylist() if table is not None else ()
