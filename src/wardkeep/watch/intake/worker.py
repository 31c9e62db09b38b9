# SPDX-License-Identifier: Apache-2.0
"""A reading process: takes blocks of lines on its standard input, gives columns on its standard output.

    in    a plan (msgpack), then for each block a Task (msgpack) and, where it names no file range, its bytes
    out   for each block a Done (msgpack) and the events as an Arrow IPC stream

End of input ends the process.
"""

from __future__ import annotations

import gc
import sys
from typing import IO

import msgspec
import pyarrow as pa

from wardkeep.watch.event import BATCH_SCHEMA
from wardkeep.watch.intake.batch import columns_of
from wardkeep.watch.intake.planning import Plan
from wardkeep.watch.intake.protocol import Done, Task, receive, send

_task = msgspec.msgpack.Decoder(Task)
_plan = msgspec.msgpack.Decoder(Plan)


def serve(stream: IO[bytes], out: IO[bytes]) -> None:
    """Work until the input ends."""
    gc.disable()  # rows hold no cycles; looking for them costs a tenth
    plan = _plan.decode(receive(stream))
    reader = plan.reader()
    while True:
        task = _task.decode(receive(stream))
        if task.path:
            with open(task.path, "rb") as file:  # noqa: PTH123 - unbuffered would be slower
                file.seek(task.offset)
                data = file.read(task.size)
        else:
            data = receive(stream)
        events, rejected, records = columns_of(reader.parse(data, task.line), plan.source)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, BATCH_SCHEMA) as writer:
            writer.write_batch(events)
        send(out, msgspec.msgpack.encode(Done(records, rejected)), memoryview(sink.getvalue()))


if __name__ == "__main__":
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        sys.exit(0)
