# SPDX-License-Identifier: Apache-2.0
"""`LiveDetection` and `Alert`: what is looked for while it happens, and one time that it was seen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Value = int | str


class LiveDetection(StrEnum):
    """Codes of the live detections; `described.py` says what each is."""

    HONEY = "honey"
    SELF_ACCESS = "self_access"
    BATCH = "batch"
    LEAVER = "leaver"
    SHARED = "shared_credential"
    TRAVEL = "impossible_travel"
    BRUTE_FORCE = "brute_force"
    SPRAYING = "password_spraying"
    NEW_PLACE = "new_workstation"
    MAINTENANCE = "outside_ticket"
    PLAINTEXT = "plaintext_transfer"
    REMOTE_TOOL = "remote_tool"


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """One thing that was seen as it happened. It is to be verified."""

    detection: LiveDetection
    #: Empty where the source names none, and where it is not about one account.
    account: str
    #: Staff number, where the account is known as one person's.
    person: str | None = None
    #: None where it is not about one patient.
    patient_id: str | None = None
    #: When it happened by the source's clock (never after it was heard), and when it was heard.
    at_us: int
    heard_us: int
    system: str
    workstation: str = ""
    ip: str = ""
    #: The source's own id of the event that completed it, empty where it has none, and the hash of its bytes.
    event_id: str = ""
    raw_sha256: bytes = b""
    #: Numbers and codes that were seen, and the limits of the same names that they were held against.
    observed: Mapping[str, Value] = field(default_factory=dict)
    limits: Mapping[str, Value] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two of them the same thing again. An address counts only where there is no account, and a place where it
        is what is new."""
        place = self.workstation or self.ip if not self.account else ""
        if self.detection == LiveDetection.NEW_PLACE:
            place = f"{self.workstation} {self.ip}"
        return (self.detection.value, self.account, self.patient_id or "", place)
