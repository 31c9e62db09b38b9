# SPDX-License-Identifier: Apache-2.0
"""Segments of HL7 v2 messages, as text: header, patient, visit, and the escapes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\r": " ", "\n": " "})
#: Patient class by kind of encounter (table 0004); telehealth is not in the feed.
CLASSES = {"inpatient": "I", "outpatient": "O", "emergency": "E"}
Row = dict[str, str | None]


def safe(text: str | None) -> str:
    """The text as it may stand in a component."""
    return (text or "").translate(_ESCAPES)


def stamp(time: str, *, zoned: bool = False) -> str:
    """ISO 8601 as HL7 writes it."""
    plain = time[:19].replace("-", "").replace("T", "").replace(":", "")
    return plain + time[19:].replace(":", "") if zoned else plain


def later(time: str, seconds: int) -> str:
    return (datetime.fromisoformat(time) + timedelta(seconds=seconds)).isoformat()


def name(whole: str | None) -> str:
    """Family and given name: the first character, and the rest."""
    return f"{safe((whole or '')[:1])}^{safe((whole or '')[1:])}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """A system that sends: what its headers say."""

    application: str
    version: str
    #: MSH-18, and what it is called here.
    charset: str
    encoding: str
    #: Whether its times have an offset.
    zoned: bool

    def header(self, kind: str, time: str, number: int, to: str = "") -> str:
        control = f"{self.application}{number:08d}"
        return (
            f"MSH|^~\\&|{self.application}|YUNXI|ESB|{to or 'YUNXI'}|{self.time(time)}||{kind}|{control}|P|{self.version}"
            f"|||AL|NE|CHN|{self.charset}"
        )

    def time(self, time: str | None) -> str:
        return stamp(time, zoned=self.zoned) if time else ""


def patient(row: Row, time: str) -> str:
    """PID of a row of the patients' table, as it was known at the time."""
    born, died = ((row[column] or "").replace("-", "") for column in ("birth_date", "died_on"))
    known = f"{'|' * 16}{died}|Y" if died and died <= stamp(time)[:8] else ""
    home, phone = safe(row["address"]), safe(row["phone"])
    return f"PID|1||{row['patient_id']}^^^YUNXI^PI||{name(row['name'])}||{born}|{row['sex']}|||{home}||{phone}{known}".rstrip(
        "|"
    )


class Visit:
    """PV1 of rows of the encounters' table."""

    def __init__(self, sender: Sender, sites: dict[str, str], staff: dict[str, str]) -> None:
        self.sender, self.sites, self.staff = sender, sites, staff

    def place(self, department: str | None) -> str:
        """A location: point of care, and the site as its facility."""
        return f"{department}^^^{self.sites[department]}" if department else ""

    def person(self, staff_id: str | None) -> str:
        """A person of the staff: number and name."""
        return f"{staff_id}^{name(self.staff[staff_id])}" if staff_id else ""

    def line(self, row: Row, *, at: str | None = None, before: str | None = None, ended: bool = False) -> str:
        """`at`: where the patient lies now, where that is not the department of the admission."""
        fields = [""] * 46
        fields[1], fields[2] = "1", CLASSES[str(row["kind"])]
        fields[3], fields[6] = self.place(at or row["department"]), self.place(before)
        fields[7], fields[10] = self.person(row["attending_id"]), row["department"] or ""
        fields[19] = row["encounter_id"] or ""
        fields[44] = self.sender.time(row["start"])
        fields[45] = self.sender.time(row["end"]) if ended else ""
        return ("PV1" + "|".join(fields)).rstrip("|")
