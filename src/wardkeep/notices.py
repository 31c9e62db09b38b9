# SPDX-License-Identifier: Apache-2.0
"""The part of the settings that says whom to tell, and how. Nothing leaves unless a channel is named here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from wardkeep.listeners import LOOPBACK

Told = Literal["cases", "alert", "silent", "records", "ledger"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Notices:
    """Whom to tell of what. Notices hold counts, days and names of systems: no patient, account or case."""

    #: What is told.
    kinds: tuple[Told, ...] = ("cases", "alert", "silent", "records", "ledger")
    #: The console's address as people reach it; it ends every notice.
    address: str = ""
    #: Mail server as HOST:PORT; empty: no mail.
    mail_server: str = ""
    #: `starttls` (usual on port 587), `tls` (465), or `none` for a server on this machine.
    mail_security: Literal["starttls", "tls", "none"] = "starttls"
    mail_from: str = ""
    mail_to: tuple[str, ...] = ()
    #: Name at the mail server, and a file in the home folder with its password; empty: none is asked for.
    mail_user: str = ""
    mail_password: str = ""
    #: A hook that gets each notice as JSON; empty: none.
    webhook: str = ""
    #: A file in the home folder with the secret under which the body is signed; empty: it is not signed.
    webhook_secret: str = ""
    #: An SMS gateway's hook that gets `{"to", "text"}` for each number; empty: none.
    sms: str = ""
    sms_to: tuple[str, ...] = ()
    #: A file in the home folder with the secret for the gateway.
    sms_secret: str = ""
    #: Accepts http and mail without TLS to another machine: others on the way can then read that cases wait.
    plain: bool = False


def notices_faults(notices: Notices) -> list[str]:
    """What is wrong with the channels, or contradicts itself."""
    host, _, port = notices.mail_server.rpartition(":")
    rules = [
        (
            not notices.mail_server or (bool(host) and port.isdigit() and 0 < int(port) < 65536),
            f"notices.mail_server = {notices.mail_server!r}: write HOST:PORT",
        ),
        (
            not notices.mail_server or (bool(notices.mail_from) and bool(notices.mail_to)),
            "notices.mail_server is set without notices.mail_from and notices.mail_to: write both",
        ),
        (
            all(_is_mail(one) for one in (*notices.mail_to, *([notices.mail_from] if notices.mail_from else []))),
            "notices.mail_from or notices.mail_to holds what is no mail address: write NAME@HOST",
        ),
        (
            notices.mail_security != "none" or notices.plain or not notices.mail_server or host in LOOPBACK,
            f"notices.mail_security = 'none' to {host!r}: use starttls or tls, or set notices.plain = true to accept it",
        ),
        (
            bool(notices.mail_user) == bool(notices.mail_password),
            "notices.mail_user and notices.mail_password belong together: set both or neither",
        ),
        (
            bool(notices.sms) == bool(notices.sms_to),
            "notices.sms and notices.sms_to belong together: set both or neither",
        ),
        *(
            (
                not url or _is_hook(url, plain=notices.plain),
                f"notices.{name} = {url!r}: write https://HOST/PATH (http only to this machine, or with notices.plain = true)",
            )
            for name, url in (("webhook", notices.webhook), ("sms", notices.sms), ("address", notices.address))
        ),
    ]
    return [message for holds, message in rules if not holds]


def _is_mail(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(name and at and host) and not any(c.isspace() or ord(c) < 32 or c in ",;<>" for c in text)


def _is_hook(url: str, *, plain: bool) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or any(c.isspace() for c in url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and (plain or host in LOOPBACK))
