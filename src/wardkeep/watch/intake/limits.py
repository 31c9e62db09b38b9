# SPDX-License-Identifier: Apache-2.0
"""How much of anything a reader takes at once. What is over a limit is rejected with its size, never cut silently."""

from __future__ import annotations

KIB, MIB = 1024, 1024 * 1024

#: How much of a file is looked at to tell what it is.
LOOK = 256 * KIB
#: One record: a line, a row with its line breaks, a resource in a Bundle.
RECORD = 4 * MIB
#: How much of a piece that is over a limit is kept.
KEEP = 64 * KIB
#: One JSON document that is no list of lines (a Bundle); lines have no such limit.
DOCUMENT = 256 * MIB
#: A row may go over so many lines (a statement in quotes).
ROW_LINES = 1000
#: Bytes that are cut and parsed at once, about 2,500 audit events.
BLOCK = 4 * MIB
#: A batch is handed on when it has grown to so many bytes, whatever its rows.
BATCH = 256 * MIB
#: Gzip: how many times its size a file may expand, looked at once so much came out of it.
GZIP_RATIO, GZIP_GRACE = 400, 32 * MIB
#: An event of many patients repeats its query and `extra` on each row while that takes no more than this.
SPREAD = 64 * KIB
#: Times outside these years are not believed.
YEARS = (1970, 2200)
