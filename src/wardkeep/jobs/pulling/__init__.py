# SPDX-License-Identifier: Apache-2.0
"""`wardkeep pull`: a view of a database read page by page, sealed, and only then counted as read."""

from wardkeep.jobs.pulling.pulling import Pulled, password_of, pull_source, source_named

__all__ = ["Pulled", "password_of", "pull_source", "source_named"]
