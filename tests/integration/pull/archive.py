# SPDX-License-Identifier: Apache-2.0
"""An archive that speaks DICOMweb as it should, and that can be told to speak otherwise at one place."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.unit.integrity.test_dicom import image, written

#: An invented patient, who must be in no error.
NAME, PATIENT = "王^小明", "P-4711"
IMAGE = re.compile(r"/dw/studies/([^/]+)/series/([^/]+)/instances/([^/]+)")
MULTIPART = 'multipart/related; type="application/dicom"; boundary=b-o-u-n-d'
#: The study at which it is told to speak otherwise.
BAD = "1.2.3.3"
#: Gets the request and answers it itself, or says that it does not.
Twist = Callable[["Asked"], bool]


def taken(study: int, number: int, **more: Any) -> bytes:
    """An image of study 2 to 5, one a day of March."""
    named = {
        "StudyInstanceUID": f"1.2.3.{study}", "SeriesInstanceUID": f"1.2.3.{study}.1", "PatientID": PATIENT,
        "SOPInstanceUID": f"1.2.3.{study}.1.{number}", "StudyDate": f"202603{study:02d}", "PatientName": NAME,
    }  # fmt: skip
    return written(image(number, **{**named, **more}))


def parted(*parts: bytes, boundary: bytes = b"b-o-u-n-d", kind: bytes = b"application/dicom", told: int = 0) -> bytes:
    heads = (
        b"--%b\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (boundary, kind, told or len(p)) for p in parts
    )
    return b"".join(head + part + b"\r\n" for head, part in zip(heads, parts, strict=True)) + b"--%b--\r\n" % boundary


class Asked(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Server

    @property
    def what(self) -> str:
        """`studies`, `images` or `image`."""
        place = urlsplit(self.path).path
        return "image" if IMAGE.fullmatch(place) else "images" if place.endswith("/instances") else "studies"

    def do_GET(self) -> None:
        self.server.fake.heard.append((self.path, dict(self.headers)))
        twist = self.server.fake.twist
        try:
            if twist is None or not twist(self):
                self.right()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True  # whoever asked has heard enough

    def right(self) -> None:
        fake = self.server.fake
        if found := IMAGE.fullmatch(urlsplit(self.path).path):
            data = fake.images.get(found[3])
            if data is None:
                self.say(404, b"", "text/plain")
            else:
                self.say(200, parted(data), MULTIPART)
            return
        self.say_list(fake.rows(self))

    def say_list(self, rows: list[Any]) -> None:
        self.say(200, json.dumps(rows).encode(), "application/dicom+json")

    def say(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@dataclass
class Fake:
    """What the archive has, and how it is told to speak."""

    images: dict[str, bytes] = field(default_factory=dict)
    twist: Twist | None = None
    heard: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    def fill(self) -> None:
        self.images = {f"1.2.3.{s}.1.{n}": taken(s, n) for s in range(2, 6) for n in range(2)}

    def rows(self, asked: Asked) -> list[dict[str, Any]]:
        parts = urlsplit(asked.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        begin, limit = int(query.get("offset", 0)), int(query.get("limit", 100))
        studies = sorted({image.rpartition(".1.")[0] for image in self.images})
        if asked.what == "images":
            study = parts.path.split("/")[3]
            found = [
                {**_of(study), "0020000E": _value(f"{study}.1"), "00080018": _value(one)}
                for one in sorted(self.images)
                if one.startswith(study + ".1.")
            ]
        else:
            found = [
                {**_of(one), "00201208": _value(sum(image.startswith(one + ".1.") for image in self.images))}
                for one in studies
                if query.get("StudyInstanceUID", one) == one and query.get("StudyDate", _day(one)) == _day(one)
            ]
        return found[begin : begin + limit]


def _day(study: str) -> str:
    return f"202603{int(study.rpartition('.')[2]):02d}"


def _value(*values: Any) -> dict[str, Any]:
    return {"vr": "UI", "Value": list(values)}


def _of(study: str) -> dict[str, Any]:
    person = {"vr": "PN", "Value": [{"Alphabetic": NAME}]}
    return {"0020000D": _value(study), "00080020": _value(_day(study)), "00100010": person, "00100020": _value(PATIENT)}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, fake: Fake) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.fake = fake

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or shakes no hands, is no matter here."""


@contextmanager
def a_fake(trusted: ssl.SSLContext | None = None) -> Iterator[Fake]:
    """Run one; with a context it speaks TLS."""
    fake = Fake()
    fake.fill()
    with Server(fake) as server:
        if trusted is not None:
            server.socket = trusted.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        fake.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join(timeout=60)


def bad_image(answer: Callable[[Asked], object]) -> Callable[[Asked], bool]:
    """Answer so where an image of one study is asked for."""

    def twist(asked: Asked) -> bool:
        if asked.what != "image" or f"/{BAD}/" not in asked.path:
            return False
        answer(asked)
        return True

    return twist


def body(data: bytes, kind: str = MULTIPART, status: int = 200, **headers: str) -> Callable[[Asked], object]:
    return lambda asked: asked.say(status, data, kind, **headers)


def endless(head: bytes, kind: str = MULTIPART) -> Callable[[Asked], object]:
    """A body without end, and with the name of a patient over and over."""

    def answer(asked: Asked) -> None:
        asked.send_response(200)
        asked.send_header("Content-Type", kind)
        asked.send_header("Transfer-Encoding", "chunked")
        asked.end_headers()
        block = head
        while True:
            asked.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
            block = NAME.encode() * 4096

    return answer


def unbounded(data: bytes, kind: str) -> Callable[[Asked], object]:
    """A body that ends with its connection."""

    def answer(asked: Asked) -> None:
        asked.send_response(200)
        asked.send_header("Content-Type", kind)
        asked.send_header("Connection", "close")
        asked.end_headers()
        asked.wfile.write(data)

    return answer


def cut(data: bytes, told: int, *, chunked: bool = False) -> Callable[[Asked], object]:
    def answer(asked: Asked) -> None:
        asked.send_response(200)
        asked.send_header("Content-Type", MULTIPART)
        if chunked:
            asked.send_header("Transfer-Encoding", "chunked")
            data_sent = b"%x\r\n%b" % (told, data)
        else:
            asked.send_header("Content-Length", str(told))
            data_sent = data
        asked.end_headers()
        asked.wfile.write(data_sent)
        asked.close_connection = True

    return answer


def of_studies(answer: Callable[[Asked], object]) -> Callable[[Asked], bool]:
    def twist(asked: Asked) -> bool:
        if asked.what != "studies" or "StudyDate=20260304" not in asked.path:
            return False
        answer(asked)
        return True

    return twist
