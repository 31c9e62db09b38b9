# SPDX-License-Identifier: Apache-2.0
"""Peers of the notices: what a mail server and a web server take, and the settings that name them."""

from __future__ import annotations

import email
import json
import threading
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class MailBox:
    """What a mail server took."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        #: What it answers instead of taking a letter.
        self.refusal = ""

        #: Recipients that it refuses while it takes others.
        self.refused: set[str] = set()
        #: Who was named to it for each letter.
        self.recipients: list[list[str]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refused:
            return "450 busy"
        envelope.rcpt_tos.append(address)
        return "250 taken"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusal:
            return self.refusal
        self.recipients.append(list(envelope.rcpt_tos))
        self.letters.append(email.message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        return "250 taken"


class Hook:
    """A web server that keeps what is posted to it."""

    def __init__(self) -> None:
        self.status, self.posted = 200, list[tuple[dict[str, Any], str, bytes]]()
        #: Recipients that it refuses.
        self.refused: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posted.append((json.loads(raw), self.headers.get("X-Wardkeep-Signature", ""), raw))
                self.send_response(500 if outer.posted[-1][0].get("to") in outer.refused else outer.status)
                if outer.status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def told_by_mail(server: str, **more: Any) -> dict[str, Any]:
    return {
        "mail_server": server,
        "mail_security": "none",
        "mail_from": "wardkeep@h.example",
        "mail_to": ("zhou@h.example",),
        "kinds": ("cases",),
        **more,
    }
