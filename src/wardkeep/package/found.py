# SPDX-License-Identifier: Apache-2.0
"""What a check of a package finds: its story as far as it holds, each fault with its file, and what each signature is worth."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum

from wardkeep.package.law import Side
from wardkeep.package.part import Part
from wardkeep.package.placed import Place
from wardkeep.package.story import NOTHING, Story


class Worth(StrEnum):
    """What a signature was found to be worth."""

    #: It holds under the key that the checker was given for this side.
    VERIFIED = "verified"
    #: It holds under the key in the package; whose key that is, is not shown.
    UNKNOWN_KEY = "unknown_key"
    #: It was made on paper; what is kept is a picture, unchanged. Nothing is computed from it.
    BY_HAND = "by_hand"
    #: SM2, and its library is not installed here.
    UNCHECKED = "unchecked"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not hold, and the file that it is in."""

    file: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature and what it is worth."""

    step: int
    of: int
    side: Side
    name: str
    worth: Worth
    #: SHA-256 of the public key, None of a signature by hand.
    key: str | None


@dataclass(slots=True)
class Checked:
    """What a package was found to be."""

    package: uuid.UUID
    #: The steps as far as they hold together.
    story: Story = NOTHING
    problems: list[Problem] = field(default_factory=list)
    signatures: list[Signed] = field(default_factory=list)
    places: dict[int, Place] = field(default_factory=dict)
    #: Parts whose content is kept elsewhere: only the hash is here.
    elsewhere: list[Part] = field(default_factory=list)
    steps: int = 0

    @property
    def ok(self) -> bool:
        return not self.problems
