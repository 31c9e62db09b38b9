# SPDX-License-Identifier: Apache-2.0
"""Reaching a witness: over what, how far, how long; and a server that means harm gets an error out of us and nothing else."""

from __future__ import annotations

import random
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from wardkeep.ledger.errors import LedgerUnavailable, PolicyError
from wardkeep.ledger.witness import client
from wardkeep.ledger.witness.client import HttpWitness, Reply


@contextmanager
def a_server(answer: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Takes every call and does with it what it is told; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    call, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(call,), daemon=True).start()

        def talk(call: socket.socket) -> None:
            try:
                with context.wrap_socket(call, server_side=True) if context else call as plain:
                    answer(plain)
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def request_of(call: socket.socket) -> bytes:
    """All of a request: a call that ends before it was read whole may take the answer with it."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += call.recv(65536) or b"\r\n\r\n"
    head, _, body = raw.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: (\d+)", head)
    while found and len(body) < int(found[1]) and (more := call.recv(65536)):
        body += more
    return head + b"\r\n\r\n" + body


def saying(raw: bytes) -> Callable[[socket.socket], None]:
    def answer(call: socket.socket) -> None:
        request_of(call)
        call.sendall(raw)

    return answer


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers])
    return head.encode() + b"\r\n\r\n" + body


def ask(port: int) -> Reply:
    return HttpWitness(f"http://127.0.0.1:{port}").add_checkpoint(b"old 0\n\n")


def test_what_a_witness_answers_is_given_back_with_its_status() -> None:
    for status in (200, 400, 403, 404, 409, 422, 500, 503):
        with a_server(saying(http(f"{status} x", b"6\n"))) as port:
            assert ask(port) == Reply(status, "6\n")


def test_the_request_is_a_post_below_the_address(tmp_path: Path) -> None:
    got: list[bytes] = []

    def answer(call: socket.socket) -> None:
        got.append(request_of(call))
        call.sendall(http("200 OK"))

    with a_server(answer) as port:
        HttpWitness(f"http://127.0.0.1:{port}/some/place/").add_checkpoint(b"old 0\n\n")
        HttpWitness(f"http://127.0.0.1:{port}/some/place").checkpoint("a.example/log")
    assert got[0].startswith(b"POST /some/place/add-checkpoint HTTP/1.1\r\n")
    assert got[1].startswith(b"GET /some/place/")
    assert b"\r\n\r\n" in got[1] and b"/checkpoint HTTP/1.1" in got[1]
    assert not any(word in got[0].lower() for word in (b"cookie", b"authorization", b"referer"))


def test_a_redirect_is_not_followed() -> None:
    elsewhere: list[bytes] = []

    def note_call(call: socket.socket) -> None:
        elsewhere.append(call.recv(100))

    with a_server(note_call) as other:
        for status in ("301", "302", "307", "308"):
            with a_server(saying(http(f"{status} x", b"", f"Location: http://127.0.0.1:{other}/"))) as port:
                assert ask(port).status == int(status)
    assert elsewhere == []


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 2.0)

    def endless(call: socket.socket) -> None:
        call.recv(65536)
        call.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            call.sendall(b"x" * 65536)

    def endless_head(call: socket.socket) -> None:
        call.recv(65536)
        call.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            call.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")

    for answer in (endless, endless_head):
        with a_server(answer) as port, pytest.raises(LedgerUnavailable):
            ask(port)


def test_who_takes_the_call_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.5)
    hold = threading.Event()
    with a_server(lambda call: hold.wait(20) and None) as port:
        began = time.monotonic()
        with pytest.raises(LedgerUnavailable, match="no answer"):
            ask(port)
        assert time.monotonic() - began < 15  # and not the twenty seconds of the other side
    hold.set()


@pytest.mark.parametrize("seed", range(5))
def test_octets_at_random_are_no_answer(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 2.0)
    dice = random.Random(seed)
    good = http("200 OK", b"\xe2\x80\x94 w.example AAAA\n")
    for _ in range(40):
        raw = bytearray(good if dice.random() < 0.8 else dice.randbytes(dice.randrange(200)))
        for _ in range(dice.randrange(1, 6)):
            if raw:
                raw[dice.randrange(len(raw))] = dice.randrange(256)
        raw = raw[: dice.randrange(len(raw) + 1)] if dice.random() < 0.3 else raw
        with a_server(saying(bytes(raw))) as port, suppress(LedgerUnavailable):
            assert isinstance(ask(port).body, str)


@pytest.fixture
def certified(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for localhost, and the certificate that vouches for it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    words = "openssl req -x509 -newkey ed25519 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost"
    subprocess.run(
        [*words.split(), "-addext", "subjectAltName=DNS:localhost"], cwd=tmp_path, capture_output=True, check=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context, tmp_path / "cert.pem"


def test_a_certificate_that_nobody_vouches_for_is_refused(certified: tuple[ssl.SSLContext, Path]) -> None:
    with a_server(saying(http("200 OK")), certified[0]) as port, pytest.raises(LedgerUnavailable, match="certificate"):
        HttpWitness(f"https://localhost:{port}").add_checkpoint(b"x")


def test_a_hospitals_own_authority_is_named_by_the_environment(
    certified: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certified[1]))
    with a_server(saying(http("200 OK", b"x")), certified[0]) as port:
        assert HttpWitness(f"https://localhost:{port}").add_checkpoint(b"x") == Reply(200, "x")
        with pytest.raises(LedgerUnavailable, match="certificate"):
            HttpWitness(f"https://127.0.0.1:{port}").add_checkpoint(b"x")  # another name than the certificate's


def test_another_machine_is_reached_by_the_proxy_of_the_environment_and_our_own_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    got: list[bytes] = []

    def proxy(call: socket.socket) -> None:
        got.append(request_of(call))
        call.sendall(http("200 OK", b"by proxy"))

    with a_server(proxy) as port, a_server(saying(http("200 OK", b"straight"))) as near:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert HttpWitness("http://witness.example", plain_http=True).add_checkpoint(b"x").body == "by proxy"
        assert HttpWitness(f"http://127.0.0.1:{near}").add_checkpoint(b"x").body == "straight"
    assert [line.split(b"\r\n")[0] for line in got] == [b"POST http://witness.example/add-checkpoint HTTP/1.1"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "witness.example",
        "//witness.example",
        "ftp://witness.example",
        "file:///etc/passwd",
        "https://",
        "https://user@witness.example",
        "https://witness.example/?q",
        "https://witness.example/#f",
        "https://witness.example:port",
        "https://[::1",
        "http://witness.example",
        "http://192.0.2.1/",
        "http://127.0.0.1.example/",
    ],
)
def test_an_address_that_is_none_or_not_encrypted_is_refused(url: str) -> None:
    with pytest.raises(PolicyError):
        HttpWitness(url)


def test_plain_http_is_for_the_loopback_unless_it_was_accepted() -> None:
    for url in ("http://127.0.0.1:1", "http://localhost:1/x", "http://[::1]:1", "https://witness.example"):
        HttpWitness(url)
    HttpWitness("http://witness.example", plain_http=True)
