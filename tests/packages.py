# SPDX-License-Identifier: Apache-2.0
"""Sealed record packages for tests: a real ledger, real steps, no home and no database. People are invented."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.stored import NOON, SIGNER, Kept
from wardkeep.ledger import Ledger, act_leaf
from wardkeep.ledger.page import page as verifier_page
from wardkeep.ledger.proof_bundle import ProofBundle
from wardkeep.package import layout, pack
from wardkeep.package.act import ACTS, facts_of
from wardkeep.package.law import Ground, Side
from wardkeep.package.listing import parts_of
from wardkeep.package.page import page_of
from wardkeep.package.part import Form, Part, Person
from wardkeep.package.signed import by_hand_of, by_key_of
from wardkeep.package.step import Demand, Kind, Opening, Sealing, Step
from wardkeep.package.story import NOTHING, Story

SHANGHAI = timezone(timedelta(hours=8))
SEALED = datetime(2026, 3, 2, 12, 0, tzinfo=SHANGHAI)
PACKAGE = uuid.UUID("0195f5a0-0000-7000-8000-000000000001")
DOCTOR = Person(side=Side.INSTITUTION, name="李主任", role="病案科主任")
KIN = Person(side=Side.FAMILY, name="张四", role="儿子")
NOTARY = Person(side=Side.NOTARY, name="王公证员", role="第一公证处")
HOSPITAL_KEY = Ed25519PrivateKey.from_private_bytes(b"h" * 32)


def pem_of(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def part(name: str, *, content: bytes | None = b"x", file: str | None = None, **more: Any) -> Part:
    said: dict[str, Any] = {"kind": "record", "form": Form.COPY, "pages": None} | more
    if content is None:
        return Part(name=name, size=None, sha256=None, file=None, **said)
    return Part(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest(), file=file, **said)


def sealing(*parts: Part, present: Sequence[Person] = (DOCTOR, KIN), **more: Any) -> Sealing:
    said: dict[str, Any] = {
        "hospital": "第一医院", "patient": "P1", "patient_name": "张三", "reason": "家属提出争议", "place": "病案室",
    }  # fmt: skip
    return Sealing(present=tuple(present), parts=parts or (part("入院记录"),), **(said | more))


def opening(ground: Ground, *present: Person, document: str = "") -> Opening:
    return Opening(ground=ground, reason="说明", document=document, place="病案室", present=present)


def step_of(story: Story, body: Any, *, at: datetime = SEALED, kind: Kind | None = None, **more: Any) -> Step:
    """The next step of a story."""
    kinds = {Sealing: Kind.SUPPLEMENT if story.steps else Kind.LIST, Opening: Kind.OPENING, Demand: Kind.DEMAND}
    before = hashlib.sha256(story.steps[-1].encode()).hexdigest() if story.steps else None
    said: dict[str, Any] = {
        "package": PACKAGE,
        "number": len(story.steps) + 1,
        "before": before,
        "salt": b"s" * 16,
    } | more
    return Step(kind=kind or kinds.get(type(body), Kind.SIGNATURE), at=at, body=body, **said)


class Desk:
    """A medical records office with a ledger and one package."""

    def __init__(self, folder: Path, *, ending: str = "") -> None:
        self.folder = folder
        self.kept = Kept(folder / "home")
        self.package = folder / f"package{ending}"
        self.story = NOTHING
        self.signer = SIGNER
        self._count = 0

    @property
    def vkey(self) -> str:
        return self.kept.reader().vkey("2026")

    def file(self, name: str, content: bytes) -> Path:
        path = self.folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def seal(self, records: Mapping[str, bytes], *, follows: Sequence[str] = (), kept: bool = True) -> Step:
        """A list of records, or a supplement."""
        files = [(name, self.file(name, content)) for name, content in records.items()]
        number = len(self.story.steps) + 1
        parts, inside = parts_of(number, files, {}, form=Form.COPY, follows=follows, kept=kept)
        return self.add(sealing(*parts), inside)

    def sign(self, side: Side = Side.INSTITUTION, *, of: int = 1, key: Any = HOSPITAL_KEY) -> Step:
        raw = key.sign(self.story.steps[of - 1].encode())
        files = self.file("list.sig", raw), self.file("key.pem", pem_of(key))
        return self.add(*by_key_of(self.story, of, side, "李主任", *files))

    def sign_by_hand(self, side: Side = Side.FAMILY, *, of: int = 1) -> Step:
        return self.add(*by_hand_of(self.story, of, side, "张四", self.file("scan.jpg", b"\xff\xd8picture")))

    def add(self, body: Any, files: Mapping[str, Path] | None = None, *, lawful: bool = True, **more: Any) -> Step:
        """Seal one step; `lawful` False writes what the program itself would refuse."""
        step = step_of(self.story, body, **more)
        self.story = self.story.then(step) if lawful else Story((*self.story.steps, step))
        page = page_of(step, body) if isinstance(body, Sealing) else None
        there = dict(files or {})
        if page is not None:
            there[layout.page_name(step.number)] = self.file("page", page)
        if step.number == 1:
            there[layout.VERIFIER] = self.file("verifier", verifier_page())
        there[layout.proof_name(step.number)] = self.file("proof", self.prove(step, page))
        there[layout.step_name(step.number)] = self.file("step", step.encode())
        (pack.add if step.number > 1 else pack.begin)(self.package, there)
        return step

    def prove(self, step: Step, page: bytes | None, **facts: Any) -> bytes:
        """Append the act of a step; its proof in one file."""
        act = {"v": 1, "act": ACTS[step.kind], "at": 1_772_424_000_000_000, "actor": "cli", "rows": []}
        self._count += 1
        with Ledger.connect(self.kept.path / "ledger", signer=self.signer, clock=lambda: NOON) as ledger:
            receipt = ledger.append("desk", self._count, [act_leaf({**act, "facts": facts_of(step, page) | facts})])
            ledger.publish()
        return self.proof(receipt.log, receipt.first)

    def proof(self, log: str, n: int) -> bytes:
        reader = self.kept.reader()
        handovers = tuple(one.body() for one in reader.description.handovers)
        return ProofBundle(
            proof=reader.proof(log, n), entry=reader.body(log, n), vkey=reader.vkey(log), handovers=handovers
        ).encode()


def whole_desk(folder: Path, *, ending: str = "") -> Desk:
    """A package with everything that one can have: two lists, signatures of both kinds, a demand, two openings."""
    desk = Desk(folder, ending=ending)
    desk.seal({"入院记录.txt": b"admitted", "手术同意书.pdf": b"%PDF-1.4 consent"}, follows=["出院小结.txt"])
    desk.sign()
    desk.sign_by_hand()
    desk.seal({"出院小结.txt": b"discharged"})
    desk.add(opening(Ground.COPY, DOCTOR, KIN))
    desk.add(Demand(by=KIN, reason="再次要求调解"))
    desk.add(opening(Ground.SETTLED, DOCTOR, document="调解协议书12号"))
    return desk
