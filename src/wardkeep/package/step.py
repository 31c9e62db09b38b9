# SPDX-License-Identifier: Apache-2.0
"""The steps of a package: one JSON file each, in one form, chained by the hash of the one before, each sealed by an act.

list        the first: what is sealed, who was present, why, when, where
supplement  a list of parts that were completed later
signature   of one side under a list: made with a key, or by hand on paper with a picture kept
opening     who opened it, why, who was present
demand      the patient's side asked again for the dispute to be settled

A step carries 16 random bytes, so that the hash in the ledger says nothing of names that someone could guess.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from wardkeep.evidence import BundleRefused
from wardkeep.evidence.record import canonical
from wardkeep.package.law import Ground, Side
from wardkeep.package.part import MOST_PARTS, Part, Person, exactly, hashed, people, several, text_of, whole

FORMAT = "wardkeep-sealed-record/1"
MOST_STEPS = 9_999
LARGEST_STEP = 8 << 20
SALT = 16
PICTURES = (".jpg", ".jpeg", ".png", ".pdf", ".tif", ".tiff")


class Kind(StrEnum):
    LIST = "list"
    SUPPLEMENT = "supplement"
    SIGNATURE = "signature"
    OPENING = "opening"
    DEMAND = "demand"


class How(StrEnum):
    """What kind of signature it is."""

    KEY = "key"
    HAND = "hand"


class Body(Protocol):
    """What a step says beyond its place in the chain."""

    def said(self) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealing:
    """A list, or a later one that supplements it."""

    hospital: str
    patient: str
    patient_name: str
    reason: str
    place: str
    present: tuple[Person, ...]
    parts: tuple[Part, ...]

    def said(self) -> dict[str, Any]:
        return {
            "hospital": self.hospital, "patient": self.patient, "patient_name": self.patient_name,
            "reason": self.reason, "place": self.place, "present": [one.said() for one in self.present],
            "parts": [one.said() for one in self.parts],
        }  # fmt: skip

    @classmethod
    def read(cls, said: Any) -> Sealing:
        exactly(said, "hospital", "patient", "patient_name", "reason", "place", "present", "parts")
        parts = tuple(Part.read(one) for one in several(said["parts"], MOST_PARTS))
        if len({one.name for one in parts}) != len(parts):
            raise ValueError("two parts have one name")
        return cls(
            hospital=text_of(said["hospital"]), patient=text_of(said["patient"]), patient_name=text_of(said["patient_name"]),
            reason=text_of(said["reason"]), place=text_of(said["place"]), present=people(said["present"]), parts=parts,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """One side signed the list of the step `of`: `file` is the signature, or the picture of the signed paper."""

    of: int
    side: Side
    name: str
    how: How
    file: str
    sha256: str
    key: str | None
    key_sha256: str | None

    def said(self) -> dict[str, Any]:
        return {
            "of": self.of, "side": str(self.side), "name": self.name, "how": str(self.how), "file": self.file,
            "sha256": self.sha256, "key": self.key, "key_sha256": self.key_sha256,
        }  # fmt: skip

    @classmethod
    def read(cls, said: Any) -> Signature:
        exactly(said, "of", "side", "name", "how", "file", "sha256", "key", "key_sha256")
        how, of = How(said["how"]), whole(said["of"])
        if (
            of is None
            or (how is How.KEY) != (said["key"] is not None)
            or (how is How.KEY) != (said["key_sha256"] is not None)
        ):
            raise ValueError("a signature names its list, and its key where it has one")
        return cls(
            of=of, side=Side(said["side"]), name=text_of(said["name"]), how=how, file=text_of(said["file"]),
            sha256=hashed(said["sha256"]), key=None if said["key"] is None else text_of(said["key"]),
            key_sha256=None if said["key_sha256"] is None else hashed(said["key_sha256"]),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """The package was opened."""

    ground: Ground
    reason: str
    #: What shows that the dispute is settled, the order of the court, or what else there is; empty where there is none.
    document: str
    place: str
    present: tuple[Person, ...]

    def said(self) -> dict[str, Any]:
        return {
            "ground": str(self.ground), "reason": self.reason, "document": self.document, "place": self.place,
            "present": [one.said() for one in self.present],
        }  # fmt: skip

    @classmethod
    def read(cls, said: Any) -> Opening:
        exactly(said, "ground", "reason", "document", "place", "present")
        return cls(
            ground=Ground(said["ground"]), reason=text_of(said["reason"]), document=text_of(said["document"], empty=True),
            place=text_of(said["place"]), present=people(said["present"]),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """The patient's side asked again for the dispute to be settled: three years are counted from here."""

    by: Person
    reason: str

    def said(self) -> dict[str, Any]:
        return {"by": self.by.said(), "reason": self.reason}

    @classmethod
    def read(cls, said: Any) -> Demand:
        exactly(said, "by", "reason")
        return cls(by=Person.read(said["by"]), reason=text_of(said["reason"]))


BODIES: dict[Kind, Any] = {
    Kind.LIST: Sealing, Kind.SUPPLEMENT: Sealing, Kind.SIGNATURE: Signature, Kind.OPENING: Opening, Kind.DEMAND: Demand,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step."""

    package: uuid.UUID
    number: int
    #: SHA-256 of the step before, None of the first.
    before: str | None
    kind: Kind
    at: datetime
    salt: bytes
    body: Sealing | Signature | Opening | Demand

    def encode(self) -> bytes:
        """The one form of the file."""
        said = {
            "format": FORMAT, "package": str(self.package), "step": self.number, "before": self.before,
            "kind": str(self.kind), "at": self.at.isoformat(timespec="seconds"), "salt": self.salt.hex(),
            "says": self.body.said(),
        }  # fmt: skip
        return canonical(said)

    @classmethod
    def decode(cls, raw: bytes, name: str) -> Step:
        """Read the file `name`. Raises BundleRefused for any other form."""
        try:
            said = json.loads(raw)
            exactly(said, "format", "package", "step", "before", "kind", "at", "salt", "says")
            kind, number, at = Kind(said["kind"]), whole(said["step"]), datetime.fromisoformat(text_of(said["at"]))
            if said["format"] != FORMAT or number is None or at.tzinfo is None:
                raise ValueError
            found = cls(
                package=uuid.UUID(text_of(said["package"])), number=number,
                before=None if said["before"] is None else hashed(said["before"]), kind=kind, at=at,
                salt=bytes.fromhex(text_of(said["salt"])), body=BODIES[kind].read(said["says"]),
            )  # fmt: skip
            if len(found.salt) != SALT or found.encode() != raw:
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            raise BundleRefused(f"{name}: it is not readable, or not in its one form") from None
        return found
