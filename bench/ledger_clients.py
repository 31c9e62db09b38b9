# SPDX-License-Identifier: Apache-2.0
"""Many clients of the ledger's writer, each of them a connection with so many batches of one event in flight.

    python -m bench.ledger_clients serve FOLDER
    python -m bench.ledger_clients load FOLDER CLIENTS IN_FLIGHT REQUESTS FIRST

The writer and the clients have a process each, as in a hospital. The clients are one loop over plain sockets, so that they cost
little of what is measured; each answer is looked at, after the clock has stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger import run_writer
from wardkeep.ledger.client import LENGTH, SOCKET, socket_address

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HEAD = LENGTH.size


def now() -> datetime:
    return datetime.now(UTC)


def event(number: int) -> bytes:
    """An event leaf."""
    return b"\x01" + hashlib.sha256(number.to_bytes(8, "big")).digest()


class Client:
    """One connection and its producer."""

    def __init__(self, folder: Path, number: int, numbers: range) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with socket_address(folder) as address:
            self.socket.connect(address)
        self.frames = deque(frame(f"client-{number}", seq, number << 32 | seq) for seq in numbers)
        self.sent: deque[float] = deque()
        self.rest = b""

    def send(self, count: int) -> None:
        frames = [self.frames.popleft() for _ in range(min(count, len(self.frames)))]
        if frames:
            moment = time.perf_counter()
            self.sent.extend([moment] * len(frames))
            self.socket.sendall(b"".join(frames))

    def take(self, answers: list[bytes], seconds: list[float]) -> int:
        """Read what has come; keep the answers and how long each took. Returns their number."""
        raw = self.rest + self.socket.recv(1 << 18)
        moment, at, found = time.perf_counter(), 0, 0
        while len(raw) - at >= HEAD:
            end = at + HEAD + int.from_bytes(raw[at : at + HEAD], "big")
            if end > len(raw):
                break
            answers.append(raw[at + HEAD : end])
            seconds.append(moment - self.sent.popleft())
            at, found = end, found + 1
        self.rest = raw[at:]
        return found


def frame(producer: str, seq: int, number: int) -> bytes:
    body = event(number)
    raw = msgspec.msgpack.encode([seq + 1, "append", [producer, seq, len(body).to_bytes(2, "big") + body]])
    return LENGTH.pack(len(raw)) + raw


def load(folder: Path, clients: int, flight: int, requests: int, first: int) -> dict[str, float]:
    """Append so many batches in all, each client's from number `first` on.

    Entries a second, the 50th and 99th percentile of the acknowledgement, and the number to go on with.
    """
    each = requests // clients
    crowd = [Client(folder, number, range(first, first + each)) for number in range(clients)]
    answers: list[bytes] = []
    seconds: list[float] = []
    with selectors.EpollSelector() as selector:
        for client in crowd:
            selector.register(client.socket, selectors.EVENT_READ, client)
        began = time.perf_counter()
        for client in crowd:
            client.send(flight)
        while len(answers) < each * clients:
            for key, _ in selector.select():
                key.data.send(key.data.take(answers, seconds))
        took = time.perf_counter() - began
    for client in crowd:
        client.socket.close()
    places = set()
    for raw in answers:
        _, good, value = msgspec.msgpack.decode(raw)
        assert good, value
        places.add(value[1])
    assert len(places) == each * clients, "two batches have one place"
    seconds.sort()
    return {
        "rate": len(answers) / took,
        "p50": seconds[len(seconds) // 2],
        "p99": seconds[len(seconds) * 99 // 100],
        "next": first + each,
    }


def load_apart(folder: Path, clients: int, flight: int, requests: int, first: int) -> dict[str, float]:
    """As `load`, in a process of its own."""
    words = ["load", str(folder), str(clients), str(flight), str(requests), str(first)]
    done = subprocess.run([sys.executable, "-m", "bench.ledger_clients", *words], stdout=subprocess.PIPE, check=True)
    return dict(json.loads(done.stdout))


@contextlib.contextmanager
def served(folder: Path) -> Iterator[None]:
    """A writer in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "bench.ledger_clients", "serve", str(folder)])
    try:
        until = time.monotonic() + 60
        while not _answers(folder):
            assert process.poll() is None and time.monotonic() < until, "the writer did not come up"
            time.sleep(0.01)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _answers(folder: Path) -> bool:
    if not (folder / SOCKET).exists():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one, socket_address(folder) as address:
        return one.connect_ex(address) == 0


async def _serve(folder: Path) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run_writer(folder, signer=SIGNER, clock=now, stop=stop)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(_serve(Path(sys.argv[2])))
    else:
        _, _, where, *counts = sys.argv
        print(json.dumps(load(Path(where), *map(int, counts))))  # type: ignore[call-arg]
