# SPDX-License-Identifier: Apache-2.0
"""`FromSource`: what came of reading signed records from a source of them, a view of a database or an archive of images."""

from __future__ import annotations

from dataclasses import dataclass, field

from wardkeep.watch.integrity import Difference


@dataclass(kw_only=True, slots=True)
class FromSource:
    """What came of sealing, and of a check where there was one."""

    read: int = 0
    sealed: int = 0
    #: Rows that are no record: no number, no time, a stage that is none.
    unusable: int = 0
    #: Up to where the source was read; None where it never was.
    watermark: str | None = None
    compared: int = 0
    intact: int = 0
    #: Sealed records that could not be asked for: their number does not fit the key.
    unaskable: int = 0
    differences: list[Difference] = field(default_factory=list)
    #: What was sealed, and should be looked at by a person all the same.
    doubtful: list[Difference] = field(default_factory=list)
    #: Records that were looked for and are as they were sealed.
    as_sealed: frozenset[str] = frozenset()
    #: Sentences about studies that could not be read as they should.
    troubles: list[str] = field(default_factory=list)

    def add(self, more: tuple[Difference, ...]) -> None:
        """Differences, each record once."""
        seen = {(d.system, d.record) for d in self.differences}
        self.differences += [d for d in more if (d.system, d.record) not in seen]
