# SPDX-License-Identifier: Apache-2.0
"""The witness over HTTP, as a WSGI application.

POST /add-checkpoint                         the standard's call
GET  /<SHA-256 of the origin>/checkpoint     the newest checkpoint, with the log's signatures and the witness's
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from wardkeep.ledger.errors import LedgerError
from wardkeep.ledger.witness.folder import CHECKPOINTS
from wardkeep.ledger.witness.request import MOST_BYTES
from wardkeep.ledger.witness.witness import TEXT, Answer, Witness

Clock = Callable[[], datetime]
#: Told of each answer, for the operator's log.
Told = Callable[[Answer], None]
_CHECKPOINT = re.compile(r"/([0-9a-f]{64})/checkpoint")


class Service:
    """A WSGI application."""

    def __init__(self, witness: Witness, *, clock: Clock, told: Told) -> None:
        self._witness, self._clock, self._told = witness, clock, told

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = self._answer(environ)
        self._told(answer)
        body = answer.body.encode()
        headers = [("Content-Type", answer.kind), ("Content-Length", str(len(body)))]
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        found = _CHECKPOINT.fullmatch(path)
        if path == "/add-checkpoint":
            return self._add(environ) if method == "POST" else Answer(405, "use POST\n")
        if found:
            return self._get(found[1]) if method in ("GET", "HEAD") else Answer(405, "use GET\n")
        return Answer(404, "there is /add-checkpoint and /<origin hash>/checkpoint\n")

    def _add(self, environ: dict[str, Any]) -> Answer:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()) or len(length) > 9 or int(length) > MOST_BYTES:
            return Answer(400, f"a body has at most {MOST_BYTES} bytes\n")
        body = environ["wsgi.input"].read(int(length))
        try:
            return self._witness.add_checkpoint(body, at=int(self._clock().timestamp()))
        except (LedgerError, OSError) as error:  # fails closed: nothing is cosigned that is not remembered
            return Answer(500, f"the witness cannot answer: {type(error).__name__}\n")

    def _get(self, name: str) -> Answer:
        path = self._witness.folder.path / CHECKPOINTS / name
        try:
            return Answer(200, path.read_bytes().decode(), TEXT)
        except FileNotFoundError:
            return Answer(404, "no checkpoint of this log was cosigned\n")
        except (OSError, UnicodeDecodeError) as error:
            return Answer(500, f"the witness cannot answer: {type(error).__name__}\n")
