# SPDX-License-Identifier: Apache-2.0
"""How a time-stamping authority is reached: HTTP as RFC 3161, section 3.4, has it.

Only the address that the operator set is asked. What is sent is the hash of a checkpoint. An answer is read up to a limit,
redirects are not followed, and nothing is believed that its certificates do not sign.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from email.message import Message
from typing import IO
from urllib.parse import urlsplit

from wardkeep.ledger.errors import LedgerUnavailable
from wardkeep.ledger.timestamp import LARGEST_STAMP

#: Seconds that one step of a conversation may take.
TIMEOUT = 10.0
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


def ask_authority(url: str, request: bytes) -> bytes:
    """The authority's answer. Raises LedgerUnavailable where there is none."""
    asked = urllib.request.Request(url, data=request)  # noqa: S310 - http or https, as the settings were checked
    asked.add_header("Content-Type", "application/timestamp-query")
    asked.add_header("Accept", "application/timestamp-reply")
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if urlsplit(url).hostname in LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(asked, timeout=TIMEOUT) as answer:
            raw: bytes = answer.read(LARGEST_STAMP + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise LedgerUnavailable(f"the time-stamping authority answers with status {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise LedgerUnavailable(f"the time-stamping authority does not answer: {reason}") from None
    if len(raw) > LARGEST_STAMP:
        raise LedgerUnavailable("the answer of the time-stamping authority has no end")
    return raw
