# SPDX-License-Identifier: Apache-2.0
"""The part of the settings that says whom to tell, and how. Nothing leaves unless a channel is named here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlsplit

from wardkeep.listeners import LOOPBACK

Told = Literal["cases", "alert", "silent", "records", "ledger", "digest"]
#: Every kind that there is, in the order in which documents name them.
KINDS: tuple[Told, ...] = get_args(Told)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Notices:
    """Whom to tell of what. Notices hold counts, days, names of systems and departments: no patient, account or case."""

    #: What is told; `all` means what later versions add, too.
    kinds: tuple[Literal["all"] | Told, ...] = ("all",)
    #: Kinds that are left out on purpose; `wardkeep doctor` names those that are neither told nor left out.
    left_out: tuple[Told, ...] = ()
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
    #: Day of the week on which heads of department are told that the page of the last week is ready; `never`: only
    #: `wardkeep notices digest` tells them.
    digest_on: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "never"] = "monday"
    #: Local time of it, HH:MM.
    digest_at: str = "08:00"
    #: Whether a week with nothing to read is told, too: who hears nothing then knows that something is broken.
    digest_empty: bool = True
    #: Accepts http and mail without TLS to another machine: others on the way can then read that cases wait.
    plain: bool = False

    def tells(self, kind: str) -> bool:
        """True where a kind is told."""
        return kind not in self.left_out and ("all" in self.kinds or kind in self.kinds)

    @property
    def forgotten(self) -> list[Told]:
        """Kinds that nobody chose to leave out, and nobody is told of."""
        return [kind for kind in KINDS if not self.tells(kind) and kind not in self.left_out]


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
            all(is_mail(one) for one in (*notices.mail_to, *([notices.mail_from] if notices.mail_from else []))),
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
            not set(notices.kinds) & set(notices.left_out),
            f"notices.kinds and notices.left_out both name {', '.join(sorted(set(notices.kinds) & set(notices.left_out)))}"
            ": keep each in one of them",
        ),
        (
            bool(_CLOCK.fullmatch(notices.digest_at)),
            f"notices.digest_at = {notices.digest_at!r}: write a time such as 08:00",
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


def is_mail(text: str) -> bool:
    """True where it is one mail address and nothing beside it."""
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
