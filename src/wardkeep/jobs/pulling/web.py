# SPDX-License-Identifier: Apache-2.0
"""How an archive is reached: by HTTPS with a certificate that is checked; by HTTP on this machine alone.

Nothing else is asked than the address of its source: no redirect is followed and no proxy used, so that its password goes
nowhere else.

An answer is read as it comes, within limits of silence, of time and of the rate. No address and no answer is in an error.
"""

from __future__ import annotations

import base64
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from wardkeep.jobs.pulling.database import ServerLost
from wardkeep.watch.pull import BadAnswer, BadSource, OfOneRecord, PullError
from wardkeep.watch.pull.dicomweb import PacsSource

#: Bytes that are read at once.
BLOCK, MIB = 65_536, 1 << 20
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)


class ToldToStop(PullError):
    """Whoever reads was told to stop."""

    exit_status = 3


class TooSlow(BadAnswer):
    """An answer takes longer than it may."""


class Answer:
    """What came back: a status, headers, and a body that is read once."""

    def __init__(self, web: Web, response: http.client.HTTPResponse) -> None:
        self._web, self._response = web, response
        self.status = response.status
        self.content_type = response.headers.get("Content-Type", "")
        #: Whether its end can be told from a lost connection.
        self.has_end = response.length is not None or bool(response.chunked)

    def blocks(self) -> Iterator[bytes]:
        """The body. Raises BadAnswer where it is cut off, ToldToStop."""
        response = self._response
        try:
            while block := response.read1(BLOCK):
                self._web.rest(len(block))
                yield block
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            # A response that is cut from another thread falls over its own missing file.
            raise self._web.lost() from None
        if response.length or self._web.is_given_up:
            raise self._web.lost()

    def whole(self, most: int) -> bytes:
        """The body, where it is no longer than so many bytes. Raises BadAnswer, ToldToStop."""
        held = bytearray()
        for block in self.blocks():
            held += block
            if len(held) > most:
                raise OfOneRecord(f"an answer is longer than {most >> 20} MiB")
        return bytes(held)


class Web:
    """One connection to an archive, opened when it is needed; use it in a `with`."""

    def __init__(self, source: PacsSource, secret: str | None, stop: Callable[[], bool]) -> None:
        """secret: the password of the source's user, or a token. Raises BadSource."""
        self._source, self._stop = source, stop
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "wardkeep", **_authorization(source, secret)}
        self._http = _Http(source, _trusting(source))
        self._path = source.address.path.rstrip("/")
        self._watch = _Watch(self._http.cut)
        self._free_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._http.close()

    @contextmanager
    def ask(self, path: str, accept: str, query: Mapping[str, str | int] | None = None) -> Iterator[Answer]:
        """An answer, whatever its status is, redirects apart. Raises ServerLost, BadAnswer, ToldToStop."""
        if self._stop():
            raise ToldToStop
        asked = f"{self._path}/{path}" + (f"?{urlencode(query)}" if query else "")
        with self._watch.over(self._source.answer_timeout):
            response = self._sent(asked, {**self._headers, "Accept": accept})
            try:
                self._usable(response)
                yield Answer(self, response)
            finally:
                if not response.isclosed():  # what is left of it is not waited for
                    response.close()
                    self._http.close()

    def rest(self, count: int) -> None:
        """Wait as long as the rate asks for after so many bytes. Raises ToldToStop."""
        now = time.monotonic()
        if self._source.rate:
            self._free_at = max(now, self._free_at) + count / (self._source.rate * MIB)
            while (left := self._free_at - time.monotonic()) > 0 and not self._stop():
                time.sleep(min(left, 0.2))
            self._watch.more(time.monotonic() - now)
        if self._stop():
            raise ToldToStop

    @property
    def is_given_up(self) -> bool:
        """Whether the answer at hand was cut because it took too long."""
        return self._watch.fired

    def lost(self) -> BadAnswer:
        """What to say of an answer that did not come to its end."""
        if self._watch.fired:
            return TooSlow(f"an answer takes longer than {self._source.answer_timeout} seconds")
        return BadAnswer("an answer was cut off, or nothing came for long")

    def _sent(self, asked: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """Ask; once more where a connection that was kept open is not open any more."""
        for kept in (self._http.sock is not None, False):
            self._connected()
            try:
                self._http.request("GET", asked, headers=dict(headers))
                return self._http.getresponse()
            except (ConnectionError, http.client.RemoteDisconnected):
                self._http.close()
                if not kept or self._watch.fired:
                    raise self.lost() from None
            except (OSError, http.client.HTTPException, ValueError, AttributeError):
                self._http.close()
                raise self.lost() from None
        raise AssertionError("asked once or twice")

    def _connected(self) -> None:
        if self._http.sock is not None:
            return
        name = self._source.name
        try:
            self._http.connect()
        except ssl.SSLCertVerificationError as exc:
            self._http.close()
            raise ServerLost(
                f"{name}: the certificate is not accepted: {exc.verify_message}",
                hint="name the authority that signed it as ca_file, and the host as the certificate does",
            ) from None
        except (OSError, ValueError, AttributeError) as exc:
            self._http.close()
            raise ServerLost(f"{name}: no connection: {type(exc).__name__}", hint="is the url right?") from None

    def _usable(self, response: http.client.HTTPResponse) -> None:
        if response.status in (401, 403):
            raise ServerLost(
                f"{self._source.name}: refused with status {response.status}",
                hint="is the account or the token right, and may it read?",
            )
        if 300 <= response.status < 400:
            raise BadAnswer(f"an answer sends elsewhere (status {response.status}): nothing else is asked than the url")
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("identity", ""):
            raise BadAnswer("an answer is packed, and that was not asked for")


class _Http(http.client.HTTPConnection):
    """A connection that can be cut from another thread at every moment, also while it is made."""

    def __init__(self, source: PacsSource, trusting: ssl.SSLContext | None) -> None:
        address = source.address
        super().__init__(address.hostname or "", address.port or (443 if trusting else 80), timeout=source.timeout)
        self._trusting = trusting
        #: Stays known while an answer is read after which the connection is closed: `sock` does not.
        self._last: socket.socket | None = None

    def connect(self) -> None:
        """Connect, and shake hands where the address says so. Raises OSError."""
        self._last = self.sock = socket.create_connection((self.host, self.port), self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._trusting is not None:
            # First known, then shaken: a hand that is shaken without end can be let go.
            self._last = self.sock = self._trusting.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def cut(self) -> None:
        if (sock := self._last) is not None:
            with suppress(OSError):  # fails open: it is cut already
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Watch:
    """Cuts what takes too long, from another thread."""

    def __init__(self, cut: Callable[[], None]) -> None:
        self._cut, self.fired, self._until = cut, False, 0.0
        self._done = threading.Event()

    @contextmanager
    def over(self, seconds: float) -> Iterator[None]:
        self.fired, self._until = False, time.monotonic() + seconds
        self._done = threading.Event()
        threading.Thread(target=self._wait, args=(self._done,), daemon=True).start()
        try:
            yield
        finally:
            self._done.set()

    def more(self, seconds: float) -> None:
        """So much longer: we waited ourselves."""
        self._until += seconds

    def _wait(self, done: threading.Event) -> None:
        while (left := self._until - time.monotonic()) > 0:
            if done.wait(left):
                return
        self.fired = True
        while not done.wait(0.2):
            self._cut()  # again: a connection may just be made


def _trusting(source: PacsSource) -> ssl.SSLContext | None:
    """Who may have signed the server's certificate. Raises BadSource."""
    if source.address.scheme != "https":
        return None
    try:
        return ssl.create_default_context(cafile=source.ca_file)
    except (OSError, ValueError) as exc:
        raise BadSource(f"{source.ca_file} cannot be read as certificates: {type(exc).__name__}") from None


def _authorization(source: PacsSource, secret: str | None) -> dict[str, str]:
    if secret is None:
        return {}
    if source.user:
        return {"Authorization": "Basic " + base64.b64encode(f"{source.user}:{secret}".encode()).decode()}
    if not _TOKEN.fullmatch(secret):
        raise BadSource("the token holds what no token has", hint="put nothing but the token into its file")
    return {"Authorization": f"Bearer {secret}"}
