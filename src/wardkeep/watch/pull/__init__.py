# SPDX-License-Identifier: Apache-2.0
"""Pulling rows from a view of a database: what a source file says, what of a page is complete, how far a pull is. Pure."""

from wardkeep.watch.pull.beyond import Beyond, beyond
from wardkeep.watch.pull.cells import RowReader, column_named, used_columns
from wardkeep.watch.pull.errors import (
    BadAnswer,
    BadSource,
    OfOneRecord,
    PullError,
    SchemaChanged,
    StateNotKept,
    TooManyAlike,
)
from wardkeep.watch.pull.pace import late_after, pause_after
from wardkeep.watch.pull.paging import before, complete
from wardkeep.watch.pull.source import PullSource, parse_source
from wardkeep.watch.pull.state import PullState, read_state, write_state
from wardkeep.watch.pull.watermark import Kind, Mark, begin_of, kind_of, mark_of

__all__ = [
    "BadAnswer",
    "BadSource",
    "Beyond",
    "Kind",
    "Mark",
    "OfOneRecord",
    "PullError",
    "PullSource",
    "PullState",
    "RowReader",
    "SchemaChanged",
    "StateNotKept",
    "TooManyAlike",
    "before",
    "begin_of",
    "beyond",
    "column_named",
    "complete",
    "kind_of",
    "late_after",
    "mark_of",
    "parse_source",
    "pause_after",
    "read_state",
    "used_columns",
    "write_state",
]
