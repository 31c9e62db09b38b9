# SPDX-License-Identifier: Apache-2.0
"""Senders as a hospital has them, each numbering what it sends and knowing what became of it.

Every message is about a patient of its own, so that what is stored can be held against what was sent, whatever the protocol.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import ClassVar

from tests.listening import audit
from tests.ports import free_port
from tests.unit.intake.atna.messages import audit as audit_message
from tests.unit.intake.atna.messages import participant, patient
from wardkeep.watch.hl7 import framed

CHINA = timezone(timedelta(hours=8))
FHIR = {"Content-Type": "application/fhir+json"}
#: Seconds between two tries of what was refused.
AGAIN = 0.05
#: Seconds between some messages of those whom no answer holds up: a flood for minutes would take longer to store than to send.
PACE = 0.05


class Sender(threading.Thread):
    """Sends numbered messages to one port until told to stop, in their order."""

    #: Of the listener and of its protocol.
    name_of: ClassVar[str]
    protocol: ClassVar[str]
    letter: ClassVar[str]

    def __init__(self, port: int, begin: int = 0) -> None:
        super().__init__(daemon=True)
        self.port, self.number = port, begin
        #: Numbers that the other side has taken on.
        self.acknowledged: set[int] = set()
        #: How often it said that it takes nothing.
        self.refused = 0
        self.ends = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.ends.is_set():
                self.one(self.number)
                self.number += 1
        except BaseException as failure:
            self.failure = failure
        finally:
            self.close()

    def one(self, n: int) -> None:
        """Send number n; back when it is acknowledged, given up, or when this sender ends."""
        raise NotImplementedError

    def goes_on(self) -> Callable[[], bool]:
        """What says, from now on, whether the other side has taken on something more."""
        before = len(self.acknowledged)
        return lambda: len(self.acknowledged) > before + 1

    def close(self) -> None:
        """Let go of the connection."""

    def tries(self) -> Iterator[None]:
        """Again and again until told to stop, with a breath between."""
        while not self.ends.is_set():
            yield
            self.ends.wait(AGAIN)


class Fhir(Sender):
    """Posts an AuditEvent and sends it again until it is answered with 201."""

    name_of, protocol, letter = "fhir", "http", "F"

    def one(self, n: int) -> None:
        for _ in self.tries():
            made = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            with contextlib.closing(made), contextlib.suppress(OSError, http.client.HTTPException):
                made.request("POST", "/AuditEvent", audit(n, entity=[{"what": {"reference": f"Patient/F{n}"}}]), FHIR)
                status = made.getresponse().status
                if status == 201:
                    self.acknowledged.add(n)
                    return
                assert status == 503, status
                self.refused += 1


class Hl7(Sender):
    """Sends a message of HL7 and sends it again until it is answered with AA."""

    name_of, protocol, letter = "adt", "mllp", "H"
    _sock: socket.socket | None = None

    def one(self, n: int) -> None:
        at = datetime.now(CHINA).strftime("%Y%m%d%H%M%S%z")
        said = framed(
            f"MSH|^~\\&|HIS|H|WK|H|{at}||ADT^A08|H{n}|P|2.4\rEVN|A08|{at}\rPID|1||H{n}^^^H^MR||Invented^Name\rPV1|1|O\r".encode()
        )
        for _ in self.tries():
            try:
                answer = self._answer(said)
            except OSError:
                self.close()
                continue
            if b"|AA|" in answer or b"|AA\r" in answer:
                assert b"H%d" % n in answer
                self.acknowledged.add(n)
                return
            assert b"|AR" in answer, answer
            self.refused += 1

    def _answer(self, said: bytes) -> bytes:
        if self._sock is None:
            self._sock = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        self._sock.sendall(said)
        answer = b""
        while not answer.endswith(b"\x1c\r"):
            part = self._sock.recv(4096)
            if not part:
                raise ConnectionResetError
            answer += part
        return answer

    def close(self) -> None:
        if self._sock is not None:
            self._sock.close()
        self._sock = None


def atna(patient_id: str) -> bytes:
    """An audit message in its frame of syslog."""
    now = datetime.now(CHINA)
    text = audit_message(participant("nurse1", "IRCP"), patient(patient_id), time=now.isoformat())
    return f"<85>1 {now.isoformat()} ehr app 1 ID - {text}".encode()


class Syslog(Sender):
    """Writes to a connection of TCP as syslog does: nobody answers, and what a broken connection held is not sent again."""

    name_of, protocol, letter = "log", "syslog-tcp", "T"
    _sock: socket.socket | None = None

    def __init__(self, port: int, begin: int = 0) -> None:
        super().__init__(port, begin)
        #: Of each connection the first number and the one after the last that were written into it whole.
        self.connections: list[list[int]] = []
        #: To hang up and begin another connection.
        self.anew = threading.Event()

    def goes_on(self) -> Callable[[], bool]:
        """One that is made now was made by a listener that is alive: an older one may be dead, and take what nobody reads."""
        before = len(self.connections)
        self.anew.set()
        return lambda: len(self.connections) > before and self.connections[-1][1] > self.connections[-1][0] + 1

    def one(self, n: int) -> None:
        for _ in self.tries():
            try:
                if self.anew.is_set():
                    self.anew.clear()
                    self.close()
                if self._sock is None:
                    self._sock = socket.create_connection(("127.0.0.1", self.port), timeout=20)
                    self.connections.append([n, n])
                said = atna(f"T{n}")
                self._write(b"%d %b" % (len(said), said))
            except OSError:
                self.close()
                return  # what became of it nobody knows: it is not sent again
            self.connections[-1][1] = n + 1
            if n % 10 == 9:
                self.ends.wait(PACE)
            return

    def _write(self, data: bytes) -> None:
        assert self._sock is not None
        self._sock.settimeout(AGAIN)
        until = time.monotonic() + 120
        while data:
            try:
                data = data[self._sock.send(data) :]
            except TimeoutError:  # the window is closed: nobody reads
                self.refused += 1
                if time.monotonic() > until:
                    raise

    def close(self) -> None:
        if self._sock is not None:
            self._sock.close()
        self._sock = None


class Datagrams(Sender):
    """Sends datagrams and never hears of them again."""

    name_of, protocol, letter = "fw", "syslog-udp", "U"

    def __init__(self, port: int, begin: int = 0) -> None:
        super().__init__(port, begin)
        #: When each was sent, in microseconds.
        self.sent: dict[int, int] = {}
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def goes_on(self) -> Callable[[], bool]:
        before = self.number
        return lambda: self.number > before + 1

    def one(self, n: int) -> None:
        data = atna(f"U{n}")
        self.sent[n] = time.time_ns() // 1000
        self._sock.sendto(data, ("127.0.0.1", self.port))
        if n % 10 == 9:
            self.ends.wait(PACE)

    def close(self) -> None:
        self._sock.close()


KINDS: tuple[type[Sender], ...] = (Fhir, Hl7, Syslog, Datagrams)


def free_ports() -> dict[str, int]:
    """A port for each."""
    return {kind.name_of: free_port() for kind in KINDS}
