# SPDX-License-Identifier: Apache-2.0
"""A listener for FHIR AuditEvents over HTTP: one resource or a Bundle in a POST, answered when it is durable.

201   one resource is kept          401   no token of a known sender
200   a batch or transaction is     413, 415, 400   too long, no JSON, no AuditEvent or Bundle: nothing of it is kept as
      kept: one 201 for each entry        an event; what is no JSON is set aside
503   nothing was kept: send again
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

import h11
import msgspec

from wardkeep.jobs.listen.counts import Counts
from wardkeep.jobs.listen.door import Door
from wardkeep.jobs.listen.gate import Gate
from wardkeep.jobs.listen.limits import ANSWER, CHUNK, KEEP, LINGER, LONGEST_REQUEST, PATIENCE, SILENCE
from wardkeep.jobs.listen.rawspool import Heard, SpoolRefuses
from wardkeep.jobs.listen.tokens import Tokens

FHIR = b"application/fhir+json"
_TAKEN = {b"application/fhir+json", b"application/json", b"application/json+fhir"}


class _Posted(msgspec.Struct):
    """As much of a resource as the answer needs; what is in it the reader sees later."""

    resourceType: str = ""
    #: Of a Bundle text, of an AuditEvent a coding.
    type: msgspec.Raw = msgspec.Raw()
    entry: msgspec.Raw = msgspec.Raw()


_posted = msgspec.json.Decoder(_Posted)
_entries = msgspec.json.Decoder(list[msgspec.Raw])
_RESPONSES = {b'"batch"': "batch-response", b'"transaction"': "transaction-response"}


class _Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Requests:
    """Takes the connections of one listener."""

    def __init__(
        self,
        gate: Gate,
        counts: Counts,
        *,
        tokens: Tokens | None,
        clock: Callable[[], datetime],
        patience: float = PATIENCE,
    ) -> None:
        """`tokens`: None where everyone on the loopback may post."""
        self._gate, self._counts, self._tokens, self._clock = gate, counts, tokens, clock
        self._patience = patience
        self.door = Door(counts)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        """One connection, until its end. Who has no answer then sends again."""
        with contextlib.suppress(h11.LocalProtocolError):
            await _Talk(self, reader, writer, host).run()

    def closing(self) -> None:
        """Nothing is held that has no answer."""

    def sender(self, request: h11.Request) -> str:
        """The name behind the request's token. Raises _Refused."""
        if self._tokens is None:
            return ""
        said = dict(request.headers).get(b"authorization", b"")
        name = self._tokens.sender(said)
        if name is None:
            self._counts.trouble = self._tokens.trouble and f"no token can be checked: {self._tokens.trouble}"
            raise _Refused(401, "give the token of a known sender: Authorization: Bearer TOKEN")
        return f"/{name}"

    def holds(self, who: object, size: int) -> None:
        """Raises _Refused where the unfinished requests of all senders are too much."""
        if not self.door.holds(who, size):
            raise _Refused(503, "too many unfinished requests; send again")

    async def take(self, body: bytes, peer: str) -> tuple[int, bytes]:
        """Keep what was posted; the status and the body of the answer. Raises _Refused."""
        at = int(self._clock().timestamp() * 1e6)
        try:
            posted = _posted.decode(body)
            answers = _RESPONSES.get(bytes(posted.type)) if posted.resourceType == "Bundle" else None
            entries = _entries.decode(posted.entry) if answers and bytes(posted.entry) else []
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            await self._keep(Heard(at, "broken", peer, body[:KEEP], "not-json: the body of a request", len(body)))
            raise _Refused(400, "the body is no JSON; it was set aside") from None
        if posted.resourceType not in ("AuditEvent", "Bundle"):
            raise _Refused(400, "the body is no AuditEvent and no Bundle")
        await self._keep(Heard(at, "message", peer, body))
        if answers is None:
            return 201, b""
        said = [{"response": {"status": "201"}} for _ in entries]
        return 200, msgspec.json.encode({"resourceType": "Bundle", "type": answers, "entry": said})

    def read(self, size: int) -> None:
        self._counts.bytes_read += size

    def turn_away(self) -> None:
        """A request ends without anything of it being kept, and not because of the disk."""
        self._counts.turned_away += 1

    async def room(self) -> None:
        await self._gate.room()

    @property
    def patience(self) -> float:
        return self._patience

    async def _keep(self, heard: Heard) -> None:
        try:
            await self._gate.keep([heard])
        except SpoolRefuses:
            self._counts.refused += 1
            raise _Refused(503, "nothing was kept: there is no room; send again") from None


class _Talk:
    """One connection, request after request."""

    def __init__(self, owner: Requests, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._owner, self._reader, self._writer, self._host = owner, reader, writer, host
        self._http = h11.Connection(h11.SERVER)
        self._until: float | None = None

    async def run(self) -> None:
        while True:
            self._until = None
            try:
                request = await self._event()
                if not isinstance(request, h11.Request):
                    return
                status, body = await self._answer(request)
            except _Refused as refused:
                status, body = refused.status, _outcome(refused.text)
                if status < 500:
                    self._owner.turn_away()
            except h11.RemoteProtocolError as error:
                self._owner.turn_away()
                status, body = error.error_status_hint, _outcome("the request cannot be read")
            finally:
                self._owner.holds(self._writer, 0)
            whole = self._http.their_state is h11.DONE
            await self._send(status, body, close=not whole)
            if not whole:
                return await self._linger()
            if self._http.our_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    async def _linger(self) -> None:
        """Read on a moment: closed on unread bytes, a connection is reset and our answer lost with it (RFC 9112, 9.6)."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            if self._writer.can_write_eof():
                self._writer.write_eof()
            async with asyncio.timeout(LINGER):
                for _ in range(LONGEST_REQUEST // CHUNK):
                    data = await self._reader.read(CHUNK)
                    self._owner.read(len(data))
                    if not data:
                        return

    async def _answer(self, request: h11.Request) -> tuple[int, bytes]:
        headers = dict(request.headers)
        if request.method != b"POST":
            raise _Refused(405, "post an AuditEvent, or a Bundle of them")
        peer = self._host + self._owner.sender(request)
        if headers.get(b"content-type", b"").split(b";")[0].strip().lower() not in _TAKEN:
            raise _Refused(415, "send application/fhir+json")
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise _Refused(415, "send it without a content encoding")
        if int(headers.get(b"content-length", b"0")) > LONGEST_REQUEST:
            raise _Refused(413, f"more than {LONGEST_REQUEST} bytes: send smaller Bundles")
        if headers.get(b"expect", b"").lower() == b"100-continue":
            self._writer.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        body = bytearray()
        while not isinstance(event := await self._event(), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                raise ConnectionResetError
            body += event.data
            if len(body) > LONGEST_REQUEST:
                raise _Refused(413, f"more than {LONGEST_REQUEST} bytes: send smaller Bundles")
            self._owner.holds(self._writer, len(body))
        return await self._owner.take(bytes(body), peer)

    async def _event(self) -> object:
        """The next event of the protocol. Raises TimeoutError where a request is not whole in time, _Refused."""
        loop = asyncio.get_running_loop()
        while (event := self._http.next_event()) is h11.NEED_DATA:
            await self._owner.room()
            wait = SILENCE["http"] if self._until is None else max(0.01, self._until - loop.time())
            try:
                data = await asyncio.wait_for(self._reader.read(CHUNK), timeout=wait)
            except TimeoutError:
                if self._until is not None:
                    self._owner.turn_away()
                raise
            if self._until is None:
                self._until = loop.time() + self._owner.patience
            self._owner.read(len(data))
            self._http.receive_data(data)
        return event

    async def _send(self, status: int, body: bytes, *, close: bool) -> None:
        headers = [("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        if body:
            headers.append(("Content-Type", FHIR.decode()))
        if status == 401:
            headers.append(("WWW-Authenticate", "Bearer"))
        if status == 503:
            headers.append(("Retry-After", "5"))
        if close:
            headers.append(("Connection", "close"))
        reason = HTTPStatus(status).phrase.encode()
        parts = (
            h11.Response(status_code=status, headers=headers, reason=reason),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        self._writer.write(b"".join(self._http.send(part) or b"" for part in parts))
        await asyncio.wait_for(self._writer.drain(), timeout=ANSWER)


def _outcome(text: str) -> bytes:
    """What went wrong, as FHIR says it."""
    issue = {"severity": "error", "code": "processing", "diagnostics": text}
    return msgspec.json.encode({"resourceType": "OperationOutcome", "issue": [issue]})
