# SPDX-License-Identifier: Apache-2.0
"""Records that are changed when they should stay as they are, and what looks like it. Built on demand, after everything else.

Draws of its own: what a seed gives without these scenes stands word for word in what it gives with them.
"""

from simulate.changes.add import Changes, change

__all__ = ["Changes", "change"]
