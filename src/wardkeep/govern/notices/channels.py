# SPDX-License-Identifier: Apache-2.0
"""How a notice leaves: SMTP, a webhook, an SMS gateway's hook. Only addresses that the operator set are asked.

A webhook gets JSON and, where a secret is set, `X-Wardkeep-Signature: sha256=<hex>`, the HMAC-SHA-256 of the body.
Certificates are checked, redirects are not followed, and of an answer nothing is shown or kept but its status.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, Message
from email.utils import format_datetime, make_msgid
from typing import IO, Literal
from urllib.parse import urlsplit

#: Seconds that one step of a conversation may take.
TIMEOUT = 10.0
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class NotSent(Exception):
    """A channel did not take a notice; the message names the status or the kind of error, and no secret."""


class Refused(NotSent):
    """The channel answers, and did not take it for this recipient; it may take it for the next."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailServer:
    """Where mail goes out."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    sender: str
    recipients: Sequence[str]
    user: str = ""
    password: str = ""


def send_mail(server: MailServer, *, subject: str, text: str, at: datetime, key: str = "") -> dict[str, int]:
    """`key` is the same for every try of one notice: a letter that came twice is known by its Message-ID.

    Returns the recipients that the server refused while it took others, each with its answer. Raises NotSent."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, server.sender, ", ".join(server.recipients)
    message["Date"] = format_datetime(at)
    domain = server.sender.rpartition("@")[2] or "wardkeep"
    message["Message-ID"] = f"<{key}@{domain}>" if key else make_msgid(domain=domain)
    message.set_content(text)
    secure = ssl.create_default_context()
    try:
        if server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=secure)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
        with smtp:
            if server.security == "starttls":
                smtp.starttls(context=secure)
            if server.user:
                smtp.login(server.user, server.password)
            refused = smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        raise Refused(f"the mail server answers {next(iter(error.recipients.values()))[0]}") from None
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"the mail server answers {error.smtp_code}") from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NotSent(f"mail: {type(error).__name__}") from None
    return {recipient: answer[0] for recipient, answer in refused.items()}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


def post_json(url: str, body: Mapping[str, object], *, secret: bytes = b"") -> None:
    """Post to a hook that answers with a status of 200 to 299. Raises Refused where it answers with another, NotSent."""
    raw = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
    asked = urllib.request.Request(url, data=raw)  # noqa: S310 - http or https, as the settings were checked
    asked.add_header("Content-Type", "application/json; charset=utf-8")
    if secret:
        asked.add_header("X-Wardkeep-Signature", "sha256=" + hmac.new(secret, raw, hashlib.sha256).hexdigest())
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if urlsplit(url).hostname in LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(asked, timeout=TIMEOUT):
            pass
    except urllib.error.HTTPError as error:
        error.close()
        raise Refused(f"the hook answers {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotSent(f"hook: {type(getattr(error, 'reason', error)).__name__}") from None
