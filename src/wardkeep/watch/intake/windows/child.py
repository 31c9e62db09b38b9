# SPDX-License-Identifier: Apache-2.0
"""The process that decodes: one chunk in, its records out as JSON. Run as a file, so that it loads nothing of the house.

The decoder is foreign code over hostile bytes: a chunk of 64 KiB may ask for gigabytes. So it has a limit on memory and on
time, and when it dies only the chunk at hand is lost. Messages are their length in eight bytes, little-endian, and their bytes.
"""

from __future__ import annotations

import json
import resource
import sys
from io import BytesIO
from typing import IO, Any

MEMORY = 1 << 30
#: Seconds of processor time for all chunks of one process; the parent starts another one.
SECONDS = 600
#: A record's JSON, and all of a chunk's.
LONGEST, ALL = 4 << 20, 64 << 20


def main(stream: IO[bytes], out: IO[bytes]) -> None:
    """Work until the input ends."""
    from evtx import PyEvtxParser  # noqa: PLC0415 - after the limits

    while True:
        head = stream.read(8)
        if len(head) < 8:
            return
        data = stream.read(int.from_bytes(head, "little"))
        answer = json.dumps(decoded(PyEvtxParser, data)).encode()
        out.write(len(answer).to_bytes(8, "little"))
        out.write(answer)
        out.flush()


def decoded(parser: Any, data: bytes) -> list[tuple[int, str | None]]:
    """Number and JSON of each record in its place; number -1 where it cannot be had, no JSON where it is too long."""
    found: list[tuple[int, str | None]] = []
    size = 0
    try:
        records = parser(BytesIO(data), number_of_threads=1).records_json()
    except (RuntimeError, OSError, ValueError):
        return found
    for _ in range(5000):  # no chunk holds so many records
        try:
            record = next(records)
        except StopIteration:
            break
        except (RuntimeError, OSError, ValueError):
            found.append((-1, ""))
            continue
        text = record["data"]
        size += len(text)
        if size > ALL:
            break
        found.append((record["event_record_id"], text if len(text) <= LONGEST else None))
    return found


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stderr.close()
    main(sys.stdin.buffer, sys.stdout.buffer)
