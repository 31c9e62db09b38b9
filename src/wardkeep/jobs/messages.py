# SPDX-License-Identifier: Apache-2.0
"""What HL7 messages say of the hospital, into its tables: of files, of pieces that are read again, of listeners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from wardkeep.watch.store import Intake, Store

#: Messages whose sayings are gathered before the tables change.
AT_ONCE = 100_000


def load_messages(intake: Intake, store: Store, messages: Iterable[bytes], *, zone: str, source: str) -> int:
    """Load the context of messages, in any order and however often they come. What is no message is passed over. How many
    signed records were told in a way that a person should look at.

    source: what the tables' loads say that they came by. Raises StoreError, LedgerError.
    """
    from wardkeep.watch.hospital.messages import contexts_of  # noqa: PLC0415
    from wardkeep.watch.hospital.messages.records import DOUBTS  # noqa: PLC0415

    waiting, doubts = iter(messages), 0
    while part := list(islice(waiting, AT_ONCE)):
        if loads := list(contexts_of(part, zone=zone, known=store.known_table, source=source)):
            intake.context(*loads)
            doubts += sum(one.table.num_rows for one in loads if one.name == DOUBTS)
    return doubts


def messages_of(path: Path, *, format: str | None, mapped: bool) -> Iterator[bytes]:
    """The messages of a file of HL7; none of another file."""
    from wardkeep.watch.intake.hl7 import messages_in  # noqa: PLC0415

    return messages_in(path, format=format, mapped=mapped)
