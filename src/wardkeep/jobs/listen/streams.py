# SPDX-License-Identifier: Apache-2.0
"""A listener for streams of frames: syslog over TCP and TLS, and MLLP, which answers each message.

Nothing more is read from a connection until what was read of it is durable, so that a sender that we cannot follow sees a
window that is closed, and keeps what it has.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from wardkeep.jobs.listen.counts import Counts
from wardkeep.jobs.listen.door import Door
from wardkeep.jobs.listen.gate import Gate
from wardkeep.jobs.listen.limits import AGAIN, ANSWER, CHUNK, KEEP, PATIENCE, SILENCE
from wardkeep.jobs.listen.rawspool import Heard, SpoolRefuses
from wardkeep.watch.hl7 import Code, answer_to, begins_a_message, framed


class Frame(Protocol):
    """A message without its marks; or bytes that are none, and why."""

    @property
    def message(self) -> bytes: ...
    @property
    def size(self) -> int: ...
    @property
    def problem(self) -> str | None: ...


class Deframer(Protocol):
    """Cuts one direction of one connection into messages."""

    def feed(self, data: bytes) -> Sequence[Frame]: ...
    def close(self) -> Sequence[Frame]: ...
    @property
    def waiting(self) -> int: ...
    @property
    def overlong(self) -> bool: ...


class Streams:
    """Takes the connections of one listener."""

    def __init__(
        self,
        gate: Gate,
        counts: Counts,
        *,
        deframer: Callable[[], Deframer],
        answers: bool,
        clock: Callable[[], datetime],
        patience: float = PATIENCE,
    ) -> None:
        """`answers`: whether each message is answered in MLLP."""
        self._gate, self._counts, self._deframer, self._answers = gate, counts, deframer, answers
        self._clock, self._patience = clock, patience
        self._silence = SILENCE["mllp" if answers else "syslog"]
        self.door = Door(counts)
        #: What was read of each connection and is not durable yet.
        self._unkept: dict[object, list[Heard]] = {}
        self._closing = False

    def closing(self) -> None:
        """What cannot be kept is counted from here on, and not tried again."""
        self._closing = True

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        """One connection, until its end; what was read of it is kept."""
        deframer, begun = self._deframer(), 0.0
        loop = asyncio.get_running_loop()
        why = ""
        try:
            while True:
                await self._gate.room()
                wait = max(0.01, begun + self._patience - loop.time()) if deframer.waiting else self._silence
                try:
                    data = await asyncio.wait_for(reader.read(CHUNK), timeout=wait)
                except TimeoutError:
                    why = "too-slow: the message was not whole in time"
                    break
                if not data:
                    break
                self._counts.bytes_read += len(data)
                before = deframer.waiting
                frames = deframer.feed(data)
                if frames or not before:
                    begun = loop.time()
                await self._take(frames, writer, host)
                if deframer.overlong:
                    why = "too-long: the message has no end within the limit"
                    break
                if not self.door.holds(writer, deframer.waiting):
                    why = "too-much: the unfinished messages of all senders are over the limit"
                    break
        finally:
            rest = deframer.close()
            if why and rest:
                self._counts.turned_away += 1
            heard = [*self._unkept.pop(writer, ()), *(_heard(frame, host, self._now(), why) for frame in rest)]
            await asyncio.shield(self._keep(heard))

    async def _take(self, frames: Sequence[Frame], writer: asyncio.StreamWriter, host: str) -> None:
        """Keep what came, and answer it in its order."""
        if not frames:
            return
        at = self._now()
        heard = [_heard(frame, host, at) for frame in frames]
        if not self._answers:
            self._unkept[writer] = heard
            await self._keep(heard)
            self._unkept[writer] = []
            return
        try:
            await self._gate.keep(heard)
            codes = [
                Code.ACCEPTED if frame.problem is None and begins_a_message(frame.message) else Code.ERROR
                for frame in frames
            ]
        except SpoolRefuses:
            self._counts.refused += len(frames)
            codes = [Code.REJECTED] * len(frames)
        texts = {Code.ERROR: "no message", Code.REJECTED: "not kept, send again", Code.ACCEPTED: ""}
        for frame, code in zip(frames, codes, strict=True):
            answer = answer_to(frame.message, code, at=self._clock(), text=texts[code])
            if answer:
                writer.write(framed(answer))
        await asyncio.wait_for(writer.drain(), timeout=ANSWER)

    async def _keep(self, heard: Sequence[Heard]) -> None:
        """Keep what has no answer: until it is kept nothing more is read, and the sender's window closes."""
        while heard:
            with contextlib.suppress(SpoolRefuses):
                await self._gate.keep(heard)
                return
            if self._closing:  # a supervisor waits for seconds only: what cannot be kept is counted
                self._counts.refused += len(heard)
                return
            await asyncio.sleep(AGAIN)

    def _now(self) -> int:
        return int(self._clock().timestamp() * 1e6)


def _heard(frame: Frame, host: str, at_us: int, why: str = "") -> Heard:
    if problem := why or frame.problem:
        return Heard(at_us, "broken", host, frame.message[:KEEP], problem, frame.size)
    return Heard(at_us, "message", host, frame.message)
