# SPDX-License-Identifier: Apache-2.0
"""`wardkeep pull` and the process of `wardkeep serve` that pulls: a view of a database read page by page, sealed, and only then
counted as read."""

from wardkeep.jobs.pulling.lock import PullBusy
from wardkeep.jobs.pulling.pulling import Pulled, pull_source, source_named

__all__ = ["PullBusy", "Pulled", "pull_source", "source_named"]
