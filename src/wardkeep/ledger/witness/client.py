# SPDX-License-Identifier: Apache-2.0
"""How a witness is reached: where the program opens a connection to another machine.

Only addresses from the operator's policy are asked. What is sent is a checkpoint and hashes: sizes and times, nobody's data.
An answer is read up to a limit, redirects are not followed, and HTTPS asks for a valid certificate.
"""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import IO
from urllib.parse import urlsplit

from wardkeep.ledger.errors import LedgerUnavailable, PolicyError
from wardkeep.ledger.witness.folder import origin_hash

#: Seconds that one step of a conversation may take.
TIMEOUT = 10.0
#: Bytes of an answer; a hundred large signatures fit.
MOST_BYTES = 600_000
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Reply:
    """What a witness said."""

    status: int
    body: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


@dataclass(frozen=True, slots=True)
class HttpWitness:
    """A witness behind an address."""

    url: str
    #: Accepts that others on the way can read and change what is said; they can forge no cosignature.
    plain_http: bool = False

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            host = parts.hostname
            _ = parts.port
        except ValueError:
            host = None
            parts = urlsplit("")
        if parts.scheme not in ("https", "http") or not host or parts.username or parts.query or parts.fragment:
            raise PolicyError(
                f"{self.url!r} is no address of a witness", hint="write https://HOST or https://HOST/PATH"
            )
        if parts.scheme == "http" and host not in LOOPBACK and not self.plain_http:
            raise PolicyError(
                f"{self.url!r} is not encrypted", hint="use https, or set ledger.plain_http = true to accept it"
            )

    def add_checkpoint(self, body: bytes) -> Reply:
        """Send a request of `add-checkpoint`. Raises LedgerUnavailable where nobody answers."""
        return self._ask("add-checkpoint", body)

    def checkpoint(self, origin: str) -> Reply:
        """The newest checkpoint that it saw of a log. Raises LedgerUnavailable where nobody answers."""
        return self._ask(f"{origin_hash(origin)}/checkpoint", None)

    def _ask(self, path: str, body: bytes | None) -> Reply:
        request = urllib.request.Request(f"{self.url.rstrip('/')}/{path}", data=body)  # noqa: S310 - scheme checked above
        if body is not None:
            request.add_header("Content-Type", "text/plain; charset=utf-8")
        handlers: list[urllib.request.BaseHandler] = [
            _NoRedirect(),
            urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        ]
        if urlsplit(self.url).hostname in LOOPBACK:
            handlers.append(urllib.request.ProxyHandler({}))
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=TIMEOUT) as answer:
                return _read(answer.status, answer)
        except urllib.error.HTTPError as error:
            with error:
                return _read(error.code, error)
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise LedgerUnavailable(f"no answer: {reason}") from None


def _read(status: int, answer: IO[bytes]) -> Reply:
    try:
        raw = answer.read(MOST_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise LedgerUnavailable(f"the answer ended early: {error}") from None
    if len(raw) > MOST_BYTES:
        raise LedgerUnavailable("the answer has no end")
    return Reply(status, raw.decode("utf-8", "replace"))
