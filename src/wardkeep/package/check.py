# SPDX-License-Identifier: Apache-2.0
"""Checking a package offline: every step, part, signature and proof is computed again, and what was altered is named.

Trusted are the verifier key or the policy that was given, the parties' keys where they were given, and nothing in the package.
A package that is no package at all is refused; of one that is, all faults are listed, each with its file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wardkeep.evidence import BundleRefused
from wardkeep.evidence.parcel import Parcel, open_parcel
from wardkeep.ledger import LedgerUnavailable
from wardkeep.ledger.note import Verifier
from wardkeep.ledger.page import LARGEST_PAGE as LARGEST_VERIFIER
from wardkeep.ledger.page import is_published
from wardkeep.ledger.policy import Policy
from wardkeep.package import layout
from wardkeep.package.act import ACTS
from wardkeep.package.errors import KeyRefused, StepRefused
from wardkeep.package.found import Checked, Problem, Signed, Worth
from wardkeep.package.law import Side
from wardkeep.package.page import LARGEST_PAGE
from wardkeep.package.part import LARGEST_PART, Part
from wardkeep.package.placed import LARGEST_PROOF, Place, Places
from wardkeep.package.signing import LARGEST_KEY, LARGEST_SIGNATURE, fingerprint, holds
from wardkeep.package.step import LARGEST_STEP, MOST_STEPS, How, Sealing, Signature, Step
from wardkeep.package.story import NOTHING

#: Bytes of all steps and proofs together: they are held while they are compared.
LARGEST_LOG = 256 << 20


def check_package(path: Path, trusted: str | Policy, *, keys: Mapping[Side, bytes] | None = None) -> Checked:
    """Check a package under a verifier key or a policy from elsewhere, and the parties' public keys (PEM) where they are known.

    Raises BundleRefused where it is no package, KeyRefused for a key that is none, OSError.
    """
    if isinstance(trusted, str):
        Verifier.parse(trusted)
    known = {side: fingerprint(pem) for side, pem in (keys or {}).items()}
    with open_parcel(path, layout.NAMES) as parcel:
        return _Check(parcel, trusted, known).run()


class _Check:
    """One check."""

    def __init__(self, parcel: Parcel, trusted: str | Policy, known: Mapping[Side, str]) -> None:
        self._parcel, self._trusted, self._known = parcel, trusted, known
        self._expected = {layout.VERIFIER}
        self._left = LARGEST_LOG

    def run(self) -> Checked:
        raw, steps = self._steps()
        first = next((one for one in steps if one is not None), None)
        if first is None:
            raise BundleRefused(f"{layout.FIRST}: it is not readable, or not in its one form")
        self._done = Checked(first.package, steps=len(raw))
        self._places(raw)
        if self._done.places:  # what the ledger says is what counts
            self._done.package = next(iter(self._done.places.values())).package
        for number, step in enumerate(steps, 1):
            if step is None:
                self._fault(layout.step_name(number), "it is not readable, or not in its one form")
            else:
                self._step(number, step)
        self._chain(raw, steps)
        # Of a step that cannot be read nobody knows which files it had.
        if all(steps):
            for name in sorted(self._parcel.names - self._expected):
                self._fault(name, "it does not belong to the package")
        self._guarded(layout.VERIFIER, self._verifier)
        return self._done

    def _steps(self) -> tuple[list[bytes], list[Step | None]]:
        """The files of the log in order, and what each says. Raises BundleRefused where one is missing."""
        names = sorted(name for name in self._parcel.names if layout.STEP.fullmatch(name))
        if names != [layout.step_name(n) for n in range(1, len(names) + 1)] or not 0 < len(names) <= MOST_STEPS:
            missing = next(n for n in range(1, MOST_STEPS + 2) if layout.step_name(n) not in names)
            raise BundleRefused(f"{layout.step_name(missing)} is missing")
        raw, steps = [], list[Step | None]()
        for number, name in enumerate(names, 1):
            raw.append(self._logged(name, LARGEST_STEP))
            try:
                step = Step.decode(raw[-1], name)
            except BundleRefused:
                step = None
            steps.append(step if step is not None and step.number == number else None)
        return raw, steps

    def _places(self, raw: list[bytes]) -> None:
        """Where each step was sealed: its act, proven."""
        names = [layout.proof_name(n) for n in range(1, len(raw) + 1)]
        proofs = [self._logged(name, LARGEST_PROOF) if name in self._parcel.names else None for name in names]
        self._expected |= set(names)
        places = Places(self._trusted, [one for one in proofs if one is not None])
        before = ("", -1)
        for number, (name, proof) in enumerate(zip(names, proofs, strict=True), 1):
            if proof is None:
                self._fault(name, "it is missing")
                continue
            try:
                place = places.place(proof, number)
            except BundleRefused as error:
                self._fault(name, str(error))
                continue
            if any(place.package != other.package for other in self._done.places.values()):
                self._fault(name, "it is of another package")
                continue
            if (place.log, place.index) <= before:
                self._fault(name, "it was not sealed after the step before it")
            before = (place.log, place.index)
            self._done.places[number] = place

    def _step(self, number: int, step: Step) -> None:
        name, place = layout.step_name(number), self._done.places.get(number)
        self._expected.add(name)
        if place is not None:
            if hashlib.sha256(step.encode()).hexdigest() != place.record:
                self._fault(name, "it is not what was sealed in the ledger")
            elif place.act != ACTS[step.kind]:
                self._fault(name, "its act in the ledger is of another kind")
        if isinstance(step.body, Sealing):
            self._guarded(layout.page_name(number), lambda: self._page(number, place))
            for part in step.body.parts:
                self._part(number, part)
        elif isinstance(step.body, Signature):
            self._signature(number, step.body)

    def _chain(self, raw: list[bytes], steps: list[Step | None]) -> None:
        """Each step names the one before it, and may follow on it."""
        story = NOTHING
        for number, step in enumerate(steps, 1):
            if step is None:
                return
            name, place = layout.step_name(number), self._done.places.get(number - 1)
            before = place.record if place else hashlib.sha256(raw[number - 2]).hexdigest() if number > 1 else None
            if step.before != before:
                self._fault(name, "it does not name the step before it")
            try:
                story = story.then(step)
            except StepRefused as error:
                self._fault(name, f"{error} ({error.hint})" if error.hint else str(error))
                return
            self._done.story = story

    def _page(self, number: int, place: Place | None) -> None:
        name = layout.page_name(number)
        self._expected.add(name)
        digest = hashlib.sha256(self._read(name, LARGEST_PAGE)).hexdigest()
        if place is not None and digest != place.page:
            raise BundleRefused(f"{name}: it is not what was sealed in the ledger")

    def _part(self, number: int, part: Part) -> None:
        if part.file is None:
            if not part.follows:
                self._done.elsewhere.append(part)
            return
        name = part.file
        if name in self._expected or not name.startswith(f"parts/{number:04}/"):
            self._fault(layout.step_name(number), f"{name} is no place of its own for a part")
            return
        self._expected.add(name)
        self._guarded(name, lambda: self._content(name, part.sha256, part.size))

    def _content(self, name: str, sha256: str | None, size: int | None) -> None:
        if name not in self._parcel.names:
            raise BundleRefused(f"{name}: it is missing")
        digest, taken = hashlib.sha256(), 0
        for piece in self._parcel.chunks(name, LARGEST_PART):
            digest.update(piece)
            taken += len(piece)
        if digest.hexdigest() != sha256 or taken != size:
            raise BundleRefused(f"{name}: it is not what the list says")

    def _signature(self, number: int, body: Signature) -> None:
        files = [(body.file, body.sha256, LARGEST_PART if body.how is How.HAND else LARGEST_SIGNATURE)]
        right = (
            {layout.picture_name(number, body.file)} if body.how is How.HAND else set(layout.signature_names(number))
        )
        if body.key is not None and body.key_sha256 is not None:
            files.append((body.key, body.key_sha256, LARGEST_KEY))
        worth, key = Worth.BY_HAND, None
        if {name for name, _, _ in files} != right:
            self._fault(layout.step_name(number), "its signature lies in no place of its own")
            worth = Worth.BROKEN
        else:
            self._expected |= {name for name, _, _ in files}
            held = [self._held(*file) for file in files]
            if not all(held):
                worth = Worth.BROKEN
            elif body.how is How.KEY:
                worth, key = self._worth(number, body)
        self._done.signatures.append(Signed(number, body.of, body.side, body.name, worth, key))

    def _held(self, name: str, sha256: str, most: int) -> bool:
        before = len(self._done.problems)

        def same() -> None:
            if name not in self._parcel.names:
                raise BundleRefused(f"{name}: it is missing")
            digest = hashlib.sha256()
            for piece in self._parcel.chunks(name, most):
                digest.update(piece)
            if digest.hexdigest() != sha256:
                raise BundleRefused(f"{name}: it is not what was sealed")

        self._guarded(name, same)
        return len(self._done.problems) == before

    def _worth(self, number: int, body: Signature) -> tuple[Worth, str | None]:
        """What a signature with a key is worth; its files are what was sealed."""
        signature, pem = layout.signature_names(number)
        listed = layout.step_name(body.of)
        if listed not in self._parcel.names:
            self._fault(layout.step_name(number), "it signs a list that is not there")
            return Worth.BROKEN, None
        key: str | None = None
        try:
            public, raw = self._read(pem, LARGEST_KEY), self._read(signature, LARGEST_SIGNATURE)
            key = fingerprint(public)
            good = holds(public, raw, self._parcel.read(listed, LARGEST_STEP))
        except LedgerUnavailable:
            return Worth.UNCHECKED, key
        except (BundleRefused, KeyRefused, UnicodeDecodeError) as error:
            self._fault(pem, str(error))
            return Worth.BROKEN, key
        wanted = self._known.get(body.side)
        if not good:
            self._fault(signature, f"it is no signature of its key over {listed}")
        elif wanted is not None and wanted != key:
            self._fault(pem, f"it is not the key that was named for {body.side}")
            good = False
        return (Worth.BROKEN if not good else Worth.UNKNOWN_KEY if wanted is None else Worth.VERIFIED), key

    def _logged(self, name: str, most: int) -> bytes:
        """A file of the log; all of them together are read up to a limit."""
        raw = self._parcel.read(name, most)
        self._left -= len(raw)
        if self._left < 0:
            raise BundleRefused(f"{name}: the log has more than {LARGEST_LOG:,} bytes")
        return raw

    def _verifier(self) -> None:
        # Nothing here rests on the page, but whoever opens a false one believes it.
        if not is_published(self._read(layout.VERIFIER, LARGEST_VERIFIER)):
            raise BundleRefused(f"{layout.VERIFIER}: it is no page that this Wardkeep knows: do not open it")

    def _read(self, name: str, most: int) -> bytes:
        if name not in self._parcel.names:
            raise BundleRefused(f"{name}: it is missing")
        return self._parcel.read(name, most)

    def _guarded(self, name: str, look: Callable[[], Any]) -> None:
        try:
            look()
        except BundleRefused as error:
            self._fault(name, str(error).removeprefix(f"{name}: "))

    def _fault(self, name: str, sentence: str) -> None:
        self._done.problems.append(Problem(name, sentence))
