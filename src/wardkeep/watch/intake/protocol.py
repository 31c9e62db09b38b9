# SPDX-License-Identifier: Apache-2.0
"""What a reading process and its owner say to each other: a Task for each block, a Done for each answer.

Every message is its length in eight bytes, little-endian, and its bytes.
"""

from __future__ import annotations

from typing import IO

import msgspec

from wardkeep.watch.event import Rejected


class Task(msgspec.Struct, frozen=True, array_like=True):
    """A block: the number of its first line, and where it stands; `path` empty: its bytes follow."""

    line: int
    path: str = ""
    offset: int = 0
    size: int = 0


class Done(msgspec.Struct, frozen=True, array_like=True):
    """What a block gave beside its events."""

    records: int
    rejected: list[Rejected]


def send(out: IO[bytes], *messages: bytes | memoryview) -> None:
    """Write messages, each after its length."""
    for message in messages:
        out.write(len(message).to_bytes(8, "little"))
        out.write(message)
    out.flush()


def receive(stream: IO[bytes]) -> bytes:
    """The next message; EOFError at the end."""
    head = stream.read(8)
    if len(head) < 8:
        raise EOFError
    size = int.from_bytes(head, "little")
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
