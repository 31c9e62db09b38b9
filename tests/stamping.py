# SPDX-License-Identifier: Apache-2.0
"""A time-stamping authority of our own: `openssl ts` behind a small HTTP server, with a root that signed its certificate."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/root.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""
EXTENSIONS = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:false\n"


def openssl(*words: object, folder: Path, given: bytes = b"") -> bytes:
    done = subprocess.run(
        ["openssl", *map(str, words)], cwd=folder, input=given, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Authority:
    """Keys, certificates, and answers."""

    def __init__(self, folder: Path, name: str = "Test TSA") -> None:
        if shutil.which("openssl") is None:
            pytest.skip("no openssl here to be a time-stamping authority")
        self.folder = folder
        folder.mkdir(parents=True)
        new = ("req", "-newkey", "rsa:2048", "-nodes")
        root = ("-x509", "-days", "30", "-subj", f"/CN={name} root", "-keyout", "root.key", "-out", "root.pem")
        openssl(*new, *root, folder=folder)
        openssl(*new, "-subj", f"/CN={name}", "-keyout", "tsa.key", "-out", "tsa.csr", folder=folder)
        (folder / "extensions").write_text(EXTENSIONS)
        signed = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "30", "-extfile", "extensions")
        openssl("x509", "-req", "-in", "tsa.csr", *signed, "-out", "tsa.pem", folder=folder)
        (folder / "serial").write_text("01")
        (folder / "config").write_text(CONFIG.format(folder=folder))

    @property
    def roots(self) -> Path:
        return self.folder / "root.pem"

    def answer(self, request: bytes) -> bytes:
        (self.folder / "query").write_bytes(request)
        openssl("ts", "-reply", "-config", "config", "-queryfile", "query", "-out", "reply", folder=self.folder)
        return (self.folder / "reply").read_bytes()


@contextlib.contextmanager
def reached(answer: Callable[[bytes], bytes], *, status: int = 200) -> Iterator[str]:
    """An HTTP server that answers each request with `answer` of its body; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsr"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
