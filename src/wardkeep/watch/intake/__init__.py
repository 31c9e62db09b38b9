# SPDX-License-Identifier: Apache-2.0
"""Reading the logs of other systems: every record becomes an event, or a piece that is kept with the reason why not."""

from wardkeep.watch.intake.batch import Batch, batches_of
from wardkeep.watch.intake.errors import BadMapping, IntakeError, NoSuchFile, UnknownFormat
from wardkeep.watch.intake.finding import log_files
from wardkeep.watch.intake.mapping import Mapping, load_mapping, mapping_beside
from wardkeep.watch.intake.planning import FORMATS
from wardkeep.watch.intake.reading import read_batches, read_events
from wardkeep.watch.intake.replaying import reread
from wardkeep.watch.intake.showing import as_line, rejected_line

__all__ = [
    "FORMATS",
    "BadMapping",
    "Batch",
    "IntakeError",
    "Mapping",
    "NoSuchFile",
    "UnknownFormat",
    "as_line",
    "batches_of",
    "load_mapping",
    "log_files",
    "mapping_beside",
    "read_batches",
    "read_events",
    "rejected_line",
    "reread",
]
