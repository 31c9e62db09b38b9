# SPDX-License-Identifier: Apache-2.0
"""What verification finds: problems named by the smallest unit that can be read, and how much is whole."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """One damage.

    kind, and what `where` then names:

    - `entry`: an entry (`2026:123`) whose body is not what was sealed
    - `missing`: an entry without a body and without an act that allows it, or a file or log that must be there
    - `bundle`, `tile`: a file below the ledger's folder; `detail` says which of its entries or hashes
    - `journal`: a file and the byte at which the record begins (`journal/2026/<file>@<byte>`)
    - `checkpoint`, `description`, `key`: a file; `root`: a checkpoint whose root the log does not give
    - `stray`: a file that the ledger did not write
    """

    kind: str
    where: str
    detail: str = ""


@dataclass(slots=True)
class Report:
    """The state of a ledger. Each entry is intact, expunged (gone under an act), or named in `problems`."""

    #: Entries that were acknowledged, in all logs.
    size: int = 0
    #: Entries whose body is what was sealed.
    intact: int = 0
    #: Entries whose body was removed under an `expunge` act.
    expunged: int = 0
    problems: list[Problem] = field(default_factory=list)
    #: What is no damage and yet worth knowing, such as what a crash left for the next start to mend.
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def say(self, kind: str, where: str, detail: str = "") -> None:
        """Name a problem, once."""
        problem = Problem(kind, where, detail)
        if problem not in self.problems[-1000:]:
            self.problems.append(problem)
