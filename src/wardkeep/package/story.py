# SPDX-License-Identifier: Apache-2.0
"""What the steps of a package come to, and whether one may follow on those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wardkeep.package.errors import LawRefused, StepRefused
from wardkeep.package.law import Side, opening_refused, sealing_refused
from wardkeep.package.part import Part
from wardkeep.package.step import MOST_STEPS, Demand, Kind, Opening, Sealing, Signature, Step


@dataclass(frozen=True, slots=True)
class Story:
    """The steps of one package, in order, each allowed after those before it."""

    steps: tuple[Step, ...]

    @property
    def first(self) -> Sealing:
        """The first list."""
        body = self.steps[0].body
        if not isinstance(body, Sealing):
            raise StepRefused("a package begins with a list")
        return body

    @property
    def lists(self) -> list[tuple[Step, Sealing]]:
        return [(step, step.body) for step in self.steps if isinstance(step.body, Sealing)]

    @property
    def openings(self) -> list[tuple[Step, Opening]]:
        return [(step, step.body) for step in self.steps if isinstance(step.body, Opening)]

    @property
    def signatures(self) -> list[tuple[Step, Signature]]:
        return [(step, step.body) for step in self.steps if isinstance(step.body, Signature)]

    @property
    def parts(self) -> list[Part]:
        """Every part that is sealed, of all lists."""
        return [part for _, body in self.lists for part in body.parts if not part.follows]

    @property
    def to_follow(self) -> list[str]:
        """Names of parts that were announced and are not sealed yet."""
        there = {part.name for part in self.parts}
        asked = [part.name for _, body in self.lists for part in body.parts if part.follows]
        return [name for name in dict.fromkeys(asked) if name not in there]

    @property
    def sealers(self) -> set[Side]:
        """Whose people were present at any sealing."""
        return {one.side for _, body in self.lists for one in body.present}

    @property
    def since(self) -> datetime:
        """From when three years without a demand are counted."""
        return max(step.at for step in self.steps if isinstance(step.body, Sealing | Demand))

    def unsigned(self, number: int) -> list[Side]:
        """Which sides that were present have not signed the list of a step."""
        present = {one.side for step, body in self.lists if step.number == number for one in body.present}
        signed = {body.side for _, body in self.signatures if body.of == number}
        return [side for side in Side if side in present - signed]

    def then(self, step: Step) -> Story:
        """The story with one more step. Raises StepRefused."""
        if step.number != len(self.steps) + 1 or step.number > MOST_STEPS:
            raise StepRefused(f"step {step.number} does not follow on step {len(self.steps)}")
        if (step.kind is Kind.LIST) != (not self.steps):
            raise StepRefused("a package begins with one list, and later ones supplement it")
        if self.steps and step.package != self.steps[0].package:
            raise StepRefused(f"step {step.number} is of another package")
        self._allow(step)
        return Story((*self.steps, step))

    def _allow(self, step: Step) -> None:
        body = step.body
        if isinstance(body, Sealing):
            self._allow_sealing(body)
        elif isinstance(body, Signature):
            if body.side not in self.unsigned(body.of):
                raise StepRefused(f"{body.side} was not present at list {body.of}, or has signed it", hint=_SIGN)
        elif isinstance(body, Opening):
            refusal = opening_refused(
                body.ground,
                {one.side for one in body.present},
                sealers=self.sealers,
                since=self.since,
                at=step.at,
                document=body.document,
            )
            if refusal:
                raise LawRefused(refusal)
        elif body.by.side is not Side.FAMILY:
            raise StepRefused("a demand is made by the patient or kin")

    def _allow_sealing(self, body: Sealing) -> None:
        if refusal := sealing_refused({one.side for one in body.present}):
            raise LawRefused(refusal)
        if self.steps and (body.patient, body.hospital) != (self.first.patient, self.first.hospital):
            raise StepRefused("a supplement is of the same patient and hospital")
        taken = {part.name for part in self.parts}
        if again := [number for number, part in enumerate(body.parts, 1) if part.name in taken]:
            raise StepRefused(
                f"part {again[0]} has the name of one that is sealed already", hint="give it another name"
            )


_SIGN = "`--list` names the list; each side signs a list once"
NOTHING = Story(())


def story_of(steps: Sequence[Step]) -> Story:
    """The steps as one story. Raises StepRefused."""
    story = NOTHING
    for step in steps:
        story = story.then(step)
    return story
