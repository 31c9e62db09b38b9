# SPDX-License-Identifier: Apache-2.0
"""Every listener of an installation in one event loop, each with a spool, a gate and limits of its own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from wardkeep.jobs.listen.accepting import Accepting
from wardkeep.jobs.listen.counts import Counts
from wardkeep.jobs.listen.gate import Gate
from wardkeep.jobs.listen.http import Requests
from wardkeep.jobs.listen.rawspool import Heard, RawSpool, SpoolRefuses
from wardkeep.jobs.listen.streams import Deframer, Streams
from wardkeep.jobs.listen.tokens import Tokens
from wardkeep.jobs.listen.udp import Datagrams
from wardkeep.listeners import Intake, Listener

Clock = Callable[[], datetime]
#: Seconds between two tries to take a port that something else has.
RETRY = 5.0


@dataclass(slots=True)
class Port:
    """One listener while it runs."""

    name: str
    wants: Listener
    gate: Gate
    counts: Counts
    #: Where it listens; None while it does not.
    address: tuple[str, int] | None = None
    takes: Streams | Requests | Datagrams | None = None
    accepting: Accepting | None = None
    since_us: int = 0
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class Listening:
    """All ports. Belongs to one event loop."""

    def __init__(
        self, intake: Intake, *, folder: Path, home: Path, kek: Callable[[str], bytes], clock: Clock, limit: int
    ) -> None:
        """Take up the spools below `folder`; files that settings name lie below `home`. Raises SpoolBusy, OSError."""
        self._intake, self._home, self._clock = intake, home, clock
        self.ports: dict[str, Port] = {}
        for name, wants in intake.listeners.items():
            counts = Counts()
            gate = Gate(RawSpool(folder / name, kek=kek(name), limit=limit), counts, every=intake.every)
            self.ports[name] = Port(name, wants, gate, counts)

    async def run(self, stop: asyncio.Event, *, tell: Callable[[Mapping[str, Port]], None], every: float = 1.0) -> None:
        """Until `stop`; `tell` hears every second how the ports are. Raises what ends one unexpectedly."""
        gates = [asyncio.create_task(port.gate.run()) for port in self.ports.values()]
        opening = [asyncio.create_task(self._opened(port)) for port in self.ports.values()]
        waits = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                works = [*gates, *(task for port in self.ports.values() for task in port.tasks)]
                await asyncio.wait([waits, *works], timeout=every, return_when=asyncio.FIRST_COMPLETED)
                for task in (*works, *opening):
                    if task.done():
                        task.result()  # what ends one of them unexpectedly ends the process, which starts again
                tell(self.ports)
        finally:
            waits.cancel()
            for task in opening:
                task.cancel()
            await asyncio.gather(*opening, return_exceptions=True)
            for port in self.ports.values():
                await self._shut(port)
                port.gate.stop()
            await asyncio.gather(*gates, return_exceptions=True)
            tell(self.ports)

    async def _opened(self, port: Port) -> None:
        """Take the port; where that cannot be done, say so and try again: one port is not to keep the others from listening."""
        while port.address is None:
            try:
                port.address = self._open(port)
            except (OSError, ssl.SSLError) as error:
                port.counts.trouble = f"does not listen: {_why(error)}"
                await asyncio.sleep(RETRY)
        port.counts.trouble = ""
        port.since_us = self._now()
        began = Heard(port.since_us, "gap", "wardkeep", problem="began: nothing was heard before, since it last ended")
        while True:
            try:
                await port.gate.keep([began])
                return
            except SpoolRefuses:
                await asyncio.sleep(RETRY)

    def _open(self, port: Port) -> tuple[str, int]:
        wants = port.wants
        if wants.protocol == "syslog-udp":
            datagrams = Datagrams(port.gate, port.counts, clock=self._clock)
            address = datagrams.open(wants.bind, wants.port)
            port.takes = datagrams
            port.tasks.append(asyncio.create_task(datagrams.run()))
            return address
        takes: Streams | Requests
        if wants.protocol in ("http", "https"):
            tokens = Tokens(self._home / wants.tokens) if wants.tokens else None
            takes = Requests(port.gate, port.counts, tokens=tokens, clock=self._clock)
        else:
            answers = wants.protocol.startswith("mllp")
            takes = Streams(
                port.gate, port.counts, deframer=_deframer(answers=answers), answers=answers, clock=self._clock
            )
        secret = wants.protocol.endswith(("-tls", "https"))
        accepting = Accepting(takes, tls=tls_context(self._intake, self._home) if secret else None)
        address = accepting.open(wants.bind, wants.port)
        port.takes, port.accepting = takes, accepting
        port.tasks.append(asyncio.create_task(accepting.run()))
        return address

    async def _shut(self, port: Port) -> None:
        if isinstance(port.takes, Datagrams):
            port.takes.stop()
        elif port.accepting is not None:
            for task in port.tasks:
                task.cancel()
            await port.accepting.close()
        await asyncio.gather(*port.tasks, return_exceptions=True)

    def _now(self) -> int:
        return int(self._clock().timestamp() * 1e6)


def tls_context(intake: Intake, home: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer with our certificate; senders show one of the named authorities' where any are named. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(home / intake.certificate, home / intake.key)
    if intake.client_authorities:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(home / intake.client_authorities)
    return context


def _deframer(*, answers: bool) -> Callable[[], Deframer]:
    if answers:
        from wardkeep.watch.hl7 import Deframer as Mllp  # noqa: PLC0415

        return Mllp
    from wardkeep.watch.intake.syslog.framing import Deframer as Syslog  # noqa: PLC0415

    return Syslog


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
