# SPDX-License-Identifier: Apache-2.0
"""The part of the settings that names the ports on which systems of the hospital send, and the databases that are pulled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

LOOPBACK = ("127.0.0.1", "::1", "localhost")
SIZE = re.compile(r"[1-9][0-9]*(MB|GB|MiB|GiB)")
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """One port on which a system of the hospital sends: a table `[intake.listeners.NAME]`, NAME as it is shown."""

    #: `syslog-udp`, `syslog-tcp` and `syslog-tls` (RFC 5424 and 3164, octet counts or lines), `mllp` and `mllp-tls` (HL7),
    #: `http` and `https` (FHIR AuditEvent).
    protocol: Literal["syslog-udp", "syslog-tcp", "syslog-tls", "mllp", "mllp-tls", "http", "https"]
    #: Address to listen on.
    bind: str = "127.0.0.1"
    #: Port; 0 takes a free one.
    port: int
    #: The name of the system under which its events are kept; empty: as the messages say it.
    system: str = ""
    #: A name as for `wardkeep ingest --format`; empty: each message is looked at.
    format: str = ""
    #: Mapping of delimited messages: a file in the home folder, or the name of a shipped one.
    mapping: str = ""
    #: For `http` and `https`: a file in the home folder with a line `NAME TOKEN` for each sender. Required unless `bind` is
    #: the loopback.
    tokens: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """What is heard live, and what is pulled. Nothing listens unless a listener is named, nothing pulls unless a source is."""

    #: Seconds after which what was heard goes from the raw spool into the store.
    every: int = 5
    #: Seconds between two loads of what HL7 messages say of care into the hospital's tables; each leaves a file a table.
    load_every: int = 300
    #: How much one listener's raw spool may hold, such as `512MB`; then it refuses, and says so.
    spool: str = "512MB"
    #: PEM files in the home folder for `syslog-tls`, `mllp-tls` and `https`: our certificate with its chain, and its key.
    certificate: str = ""
    key: str = ""
    #: A PEM file with the authorities whose certificates senders must show; empty: senders show none.
    client_authorities: str = ""
    #: Source files of databases that `wardkeep serve` pulls from, in the home folder or with their whole path; none: it pulls
    #: from none.
    pulls: tuple[str, ...] = ()
    #: The ports that listen, by name.
    listeners: Mapping[str, Listener] = field(default_factory=dict)


def is_plain(one: Listener) -> bool:
    """Whether messages come to it unencrypted from other machines."""
    return not one.protocol.endswith(("-tls", "https")) and one.bind not in LOOPBACK


def intake_faults(intake: Intake) -> list[str]:
    """What is wrong with the listeners, or contradicts itself."""
    rules = [
        (1 <= intake.every <= 300, f"intake.every = {intake.every}: use 1 to 300"),
        (1 <= intake.load_every <= 3600, f"intake.load_every = {intake.load_every}: use 1 to 3600"),
        (bool(SIZE.fullmatch(intake.spool)), f"intake.spool = {intake.spool!r}: write a size such as 512MB"),
        (
            bool(intake.certificate) == bool(intake.key),
            "intake.certificate and intake.key: set both, a certificate is of no use without its key",
        ),
    ]
    rules += [
        (
            bool(one.strip()) and one.isprintable() and intake.pulls.count(one) == 1,
            f"intake.pulls holds {one!r}: name each source file once",
        )
        for one in intake.pulls
    ]
    taken: dict[tuple[str, str, int], str] = {}
    for name, one in intake.listeners.items():
        where = f"intake.listeners.{name}"
        kind = "udp" if one.protocol == "syslog-udp" else "tcp"
        other = taken.setdefault((kind, one.bind, one.port), name) if one.port else name
        posts = one.protocol in ("http", "https")
        rules += [
            (bool(NAME.fullmatch(name)), f"{where}: call it by 1 to 40 of a-z, 0-9 and inner hyphens"),
            (not _reserved(one.system or name), f"{where}.system: {_OURS}"),
            (0 <= one.port <= 65535, f"{where}.port = {one.port}: use 0 to 65535"),
            (other == name, f"{where}.port = {one.port} is taken by intake.listeners.{other}: choose another"),
            (
                not one.protocol.endswith(("-tls", "https")) or bool(intake.certificate),
                f"{where}.protocol = {one.protocol!r} needs intake.certificate and intake.key",
            ),
            (
                one.protocol != "http" or one.bind in LOOPBACK,
                f"{where}: http on {one.bind!r} would send tokens unencrypted: use https, or bind to 127.0.0.1",
            ),
            (
                not posts or one.bind in LOOPBACK or bool(one.tokens),
                f"{where} needs tokens: name a file with a line NAME TOKEN for each sender",
            ),
            (posts or not one.tokens, f"{where}.tokens is for http and https only"),
            (
                not one.format or one.format in _formats(),
                f"{where}.format = {one.format!r}: use one of {', '.join(_formats())}",
            ),
            (one.format != "delimited" or bool(one.mapping), f"{where}.format = 'delimited' needs a mapping"),
        ]
    return [message for holds, message in rules if not holds]


_OURS = "`wardkeep` is the system of what is opened in Wardkeep itself: give another name"


def _reserved(system: str) -> bool:
    from wardkeep.watch.intake.row import reserved  # noqa: PLC0415

    return reserved(system)


@cache
def _formats() -> tuple[str, ...]:
    """The names for `--format`; the readers are looked at only where a listener is named."""
    from wardkeep.watch.intake import FORMATS  # noqa: PLC0415

    return FORMATS
