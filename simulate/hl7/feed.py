# SPDX-License-Identifier: Apache-2.0
"""The messages by time: ADT, SIU and ORM of the HIS, ORU of laboratory and imaging, MDM of the EMR."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulate.draw import stable
from simulate.hl7.segments import CLASSES, Row, Sender, Visit, later, patient, safe
from simulate.hospital import Hospital
from simulate.parameters import DAY, HOUR, MINUTE
from simulate.tables import times

HIS = Sender(application="HIS", version="2.4", charset="GB 18030-2000", encoding="gb18030", zoned=False)
LIS = Sender(application="LIS", version="2.3.1", charset="UNICODE UTF-8", encoding="utf-8", zoned=True)
EMR = Sender(application="EMR", version="2.5.1", charset="UNICODE UTF-8", encoding="utf-8", zoned=True)

#: What is ordered, and the section that does it (table 0074).
SERVICES = {
    "laboratory": ("LAB", "1001^血常规^L"), "imaging": ("RAD", "2001^胸部CT平扫^L"), "medication": ("PHR", "3001^注射用药^L"),
    "procedure": ("OTH", "4001^内镜检查^L"), "consult": ("CON", "5001^会诊^L"),
}  # fmt: skip
SUMMARY = "DS^出院小结"
#: Share of discharges that are entered too early and taken back.
TAKEN_BACK = 0.02
#: Share of registrations of somebody who did not wait.
CANCELLED = 0.01
#: Numbers that were given to one person twice, and joined.
MERGED = 3


@dataclass(frozen=True, slots=True)
class Message:
    """When it was sent, by whom, and what it says (without its header)."""

    time: str
    sender: Sender
    kind: str
    lines: tuple[str, ...]
    #: Who it is for, where it is for one department.
    to: str = ""


class Feed:
    """Makes messages of the tables of a hospital; those of its last `days`."""

    def __init__(self, hospital: Hospital, days: int) -> None:
        self.hospital, p = hospital, hospital.parameters
        t = hospital.tables
        self.first, self.last = times(p, np.array([max(0, p.days - days) * DAY, p.days * DAY - 1])).to_pylist()
        self.patients: dict[str, Row] = {row["patient_id"]: row for row in t["patients"].to_pylist()}
        self.encounters: list[Row] = [row for row in t["encounters"].to_pylist() if row["kind"] in CLASSES]
        self.moves: dict[str, list[Row]] = defaultdict(list)
        for row in t["transfers"].to_pylist():
            self.moves[row["patient_id"]].append(row)
        sites = dict(zip(t["departments"]["department"].to_pylist(), t["departments"]["site"].to_pylist(), strict=True))
        staff = dict(zip(t["staff"]["staff_id"].to_pylist(), t["staff"]["name"].to_pylist(), strict=True))
        self.visits = {sender.application: Visit(sender, sites, staff) for sender in (HIS, LIS, EMR)}

    def messages(self) -> list[Message]:
        """Every message by time."""
        out = [*self.stays(), *self.merges(), *self.bookings(), *self.orders(), *self.documents()]
        return sorted((m for m in out if self.first <= m.time <= self.last), key=lambda m: m.time)

    def person(self, patient_id: str | None, time: str) -> str:
        return patient(self.patients[str(patient_id)], time)

    def _adt(self, trigger: str, sent: str, happened: str | None, row: Row, **visit: object) -> Message:
        lines = (
            f"EVN|{trigger}|{HIS.time(sent)}||||{HIS.time(happened)}".rstrip("|"),
            self.person(row["patient_id"], sent),
            self.visits["HIS"].line(row, **visit),  # type: ignore[arg-type]
        )
        return Message(sent, HIS, f"ADT^{trigger}", lines)

    def stays(self) -> Iterator[Message]:
        """Admissions and registrations, transfers, discharges; some taken back."""
        chance = stable(np.arange(len(self.encounters)), self.hospital.parameters.seed, 91)
        for n, (row, u) in enumerate(zip(self.encounters, chance.tolist(), strict=True)):
            bed = row["kind"] == "inpatient"
            start, sent, end = str(row["start"]), str(row["recorded_at"]), row["end"]
            if end is not None and max(end, sent) < self.first:
                continue
            yield self._adt("A01" if bed else "A04", sent, start, row)
            if not bed and u > 1 - CANCELLED:
                # Somebody else's registration, who did not wait: the tables never had it.
                gone = {**row, "encounter_id": f"V9{n:06d}"}
                yield self._adt("A04", later(sent, 5 * MINUTE), start, gone)
                yield self._adt("A11", later(sent, 40 * MINUTE), start, gone)
            at = row["department"]
            if bed:
                for move in self._moves_of(row):
                    before, at = move["from_department"], move["to_department"]
                    yield self._adt("A02", str(move["recorded_at"]), move["time"], row, at=at, before=before)
            if end is None or end > self.last:
                continue
            if bed and u < TAKEN_BACK and sent < later(end, -3 * HOUR):
                wrong = {**row, "end": later(end, -3 * HOUR)}
                yield self._adt("A03", later(end, -3 * HOUR), wrong["end"], wrong, at=at, ended=True)
                yield self._adt("A13", later(end, -3 * HOUR + 20 * MINUTE), None, row, at=at)
            # A visit that was entered when it was over ends in the feed when it is known.
            yield self._adt("A03", min(max(end, later(sent, 1)), self.last), end, row, at=at, ended=True)

    def _moves_of(self, row: Row) -> list[Row]:
        """The transfers within a stay."""
        start, end = str(row["start"]), row["end"]
        mine = self.moves.get(str(row["patient_id"]), [])
        return sorted(
            (m for m in mine if start <= str(m["time"]) and (end is None or str(m["time"]) <= end)),
            key=lambda m: str(m["time"]),
        )

    def merges(self) -> Iterator[Message]:
        """A number that was given at night, joined to the one the person had."""
        for n, row in enumerate(self.encounters[-MERGED:]):
            sent = later(self.first, (9 + n) * HOUR)
            lines = (
                f"EVN|A40|{HIS.time(sent)}", self.person(row["patient_id"], sent),
                f"MRG|P9{900_000 + n:06d}^^^YUNXI^PI",
            )  # fmt: skip
            yield Message(sent, HIS, "ADT^A40", lines)

    def bookings(self) -> Iterator[Message]:
        """Appointments, as they were made: some days before."""
        rows = self.hospital.tables["appointments"].to_pylist()
        lead = (stable(np.arange(len(rows)), 92) * 9 * DAY).astype(np.int64) + 2 * HOUR
        visit = self.visits["HIS"]
        for row, before in zip(rows, lead.tolist(), strict=True):
            if row["time"] < self.first:
                continue
            sent = later(row["time"], -before)
            timing = f"^^M15^{HIS.time(row['time'])}"
            lines = (
                f"SCH|{row['appointment_id']}|||||BOOKED||NORMAL|15|min|{timing}", self.person(row["patient_id"], sent),
                "RGS|1|A", f"AIL|1|A|{visit.place(row['department'])}",
                f"AIP|2|A|{visit.person(row['staff_id'])}",
            )  # fmt: skip
            yield Message(sent, HIS, "SIU^S12", lines)

    def orders(self) -> Iterator[Message]:
        """Orders to whoever performs them, and results of laboratory and imaging."""
        rows = self.hospital.tables["orders"].to_pylist()
        long_ago = later(self.first, -3 * DAY)  # neither entered late nor answered since
        by_id = {row["encounter_id"]: row for row in self.encounters}
        wait = stable(np.arange(len(rows)), 93)
        for row, u in zip(rows, wait.tolist(), strict=True):
            if row["time"] < long_ago:
                continue
            stay = by_id.get(row["encounter_id"])
            if row["encounter_id"] and stay is None:
                continue  # by telehealth
            sent, to = row["recorded_at"], row["performing_department"]
            order = _order(row, self.visits["HIS"].person(row["ordered_by"]), stay["department"] if stay else "")
            yield Message(sent, HIS, "ORM^O01", (*self._whose(HIS, row, stay, sent), *order), to)
            if row["kind"] in ("laboratory", "imaging"):
                lab = row["kind"] == "laboratory"
                done = later(row["time"], int((0.6 + u * (5 if lab else 28)) * HOUR))
                report = _report(row, self.visits["LIS"].person(row["ordered_by"]), done)
                yield Message(done, LIS, "ORU^R01", (*self._whose(LIS, row, stay, done), report, *_findings(lab, u)))

    def _whose(self, sender: Sender, row: Row, stay: Row | None, time: str) -> tuple[str, ...]:
        """Patient and visit of an order, as they were known at the time."""
        person = self.person(row["patient_id"], time)
        if stay is None:
            return (person,)
        ended = stay["end"] is not None and stay["end"] <= time
        return person, self.visits[sender.application].line(stay, ended=ended)

    def documents(self) -> Iterator[Message]:
        """Discharge summaries, as they were signed; and the one that was changed later."""
        visit = self.visits["EMR"]
        edit = self.hospital.scenes.get("edit", {})
        stays = [
            row for row in self.encounters if row["kind"] == "inpatient" and row["end"] and row["end"] <= self.last
        ]
        wait = stable(np.arange(len(stays)), 94)
        for row, u in zip(stays, wait.tolist(), strict=True):
            # Signed before anybody could ask for copies.
            signed = later(str(row["end"]), int((0.5 + 6 * u) * HOUR))
            yield self._document("MDM^T02", row, signed, visit.person(row["attending_id"]))
            if row["encounter_id"] == edit.get("encounter_id"):
                yield self._document("MDM^T08", row, edit["time"], visit.person(row["attending_id"]))

    def _document(self, kind: str, row: Row, time: str, author: str) -> Message:
        number = str(row["encounter_id"]).replace("V", "DOC")
        lines = (
            f"EVN|{kind[4:]}|{EMR.time(time)}", self.person(row["patient_id"], time),
            self.visits["EMR"].line(row, ended=True),
            f"TXA|1|{SUMMARY}|TX|{EMR.time(time)}|||||{author}|||{number}|||||LA||AV",
            f"OBX|1|TX|{SUMMARY}||{safe('出院诊断与经过见病历')}||||||F",
        )  # fmt: skip
        return Message(time, EMR, kind, lines)


def _order(row: Row, who: str, ward: str | None) -> tuple[str, str]:
    """The order, and what is ordered. Who performs it gives its number (the filler's)."""
    section, service = SERVICES[str(row["kind"])]
    filler, time = _filler(row), HIS.time(row["time"])
    control = f"ORC|NW|{row['order_id']}|{filler}||SC||||{time}|||{who}|||||{ward}".rstrip("|")
    if row["kind"] == "medication":
        return control, f"RXO|{service}|1||支"
    return control, f"OBR|1|{row['order_id']}|{filler}|{service}||{time}{'|' * 10}{who}{'|' * 8}{section}"


def _report(row: Row, who: str, done: str) -> str:
    section, service = SERVICES[str(row["kind"])]
    return (
        f"OBR|1|{row['order_id']}|{_filler(row)}|{service}|||{LIS.time(row['time'])}|||||||||{who}{'|' * 6}"
        f"{LIS.time(done)}||{section}|F"
    )


def _filler(row: Row) -> str:
    return f"F{str(row['order_id'])[1:]}^{row['performing_department']}"


def _findings(lab: bool, u: float) -> tuple[str, ...]:
    if not lab:
        return ("OBX|1|TX|2001^影像所见^L||未见明显异常||||||F",)
    return (
        f"OBX|1|NM|WBC^白细胞^L||{4 + 6 * u:.1f}|10*9/L|3.5-9.5||||F",
        f"OBX|2|NM|HGB^血红蛋白^L||{110 + 50 * u:.0f}|g/L|115-150||||F",
    )
