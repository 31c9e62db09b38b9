# SPDX-License-Identifier: Apache-2.0
"""`PacsSource`: which archive, from which day on, how gently. One small TOML file, without a password or a token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec

from wardkeep.watch.pull.errors import BadSource
from wardkeep.watch.pull.source import NAME, zone_fault

HINT = "docs/how-to/check-records.md shows a source that is an archive of images"
#: Where what is said unencrypted does not leave the machine.
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SCHEMES = ("https://", "http://")
_ADDRESS = re.compile(r"[!-~]+", re.ASCII)


class PacsSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A checked source of studies."""

    #: Names the state, and the versions' source: `NAME.records`.
    name: str
    #: The address before `/studies`.
    url: str
    #: Certificates of the authorities that may have signed the server's, in place of the machine's own.
    ca_file: str | None = None
    #: Basic: the account; the password is in a file that only its owner can read, or a credential of systemd.
    user: str | None = None
    password_file: str | None = None
    password_credential: str | None = None
    #: Bearer, in place of an account.
    token_file: str | None = None
    token_credential: str | None = None
    #: Whose studies they are: no second source has the same.
    system: str
    #: The first day of studies that is sealed.
    start: date
    #: Of the times in a study that say none; without it the hospital's.
    zone: str | None = None
    #: Days before the last sealed one that every sealing looks through again: a study may come so late.
    overlap_days: int = 3
    #: Seconds after its beginning until a study counts as whole.
    settle: int = 7200
    #: Studies or images that a list holds at once, at most.
    batch: int = 200
    #: Mebibytes a second at most; 0: as many as come.
    rate: int = 0
    #: Seconds of silence after which the server is given up, and seconds that one answer may take, waiting for the rate apart.
    timeout: int = 60
    answer_timeout: int = 600
    #: Mebibytes of one image at most.
    largest: int = 512
    #: Sealed studies that are drawn and read again where a check does not say how many.
    sample: int = 20

    @property
    def kind(self) -> str:
        """What its records are, as those from files."""
        return "study"

    @property
    def address(self) -> SplitResult:
        return urlsplit(self.url)


def parse_pacs_source(raw: Mapping[str, Any], name: str) -> PacsSource:
    """Check the tables of a source file; `name` is what errors call it. Raises BadSource."""
    try:
        source = msgspec.convert(raw, PacsSource)
    except msgspec.ValidationError as exc:
        raise BadSource(f"{name}: {exc}", hint=HINT) from None
    if problem := _words(source) or _url(source) or _secrets(source) or _limits(source):
        raise BadSource(f"{name}: {problem}", hint=HINT)
    return source


def _words(s: PacsSource) -> str | None:
    if not NAME.fullmatch(s.name):
        return f"name is {s.name!r}: give small letters, digits, '.', '_' and '-'"
    if not s.system.strip() or not s.system.isprintable():
        return "system is empty: give the name under which its studies are sealed"
    return zone_fault(s.zone)


def _url(s: PacsSource) -> str | None:
    # The URL itself is not told: what is wrong with it may be the password in it.
    try:
        parts = s.address
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not _ADDRESS.fullmatch(s.url) or not s.url.startswith(SCHEMES):
        return "url is no address: give https://HOST/PATH"
    if "@" in parts.netloc:
        return "url holds an account: write it as user, and the password into a file that password_file names"
    if parts.query or parts.fragment:
        return "url holds a question or a mark: give what stands before /studies"
    if parts.scheme == "http" and host not in LOOPBACK:
        return "url is not encrypted: give https, and the authority of the server's certificate as ca_file"
    if s.ca_file is not None and parts.scheme == "http":
        return "ca_file is there, and url is not encrypted: leave it out"
    return None


def _secrets(s: PacsSource) -> str | None:
    passwords = [one for one in (s.password_file, s.password_credential) if one]
    tokens = [one for one in (s.token_file, s.token_credential) if one]
    if len(passwords) + len(tokens) > 1:
        return "a password or a token is named twice: give one of them"
    if bool(s.user) != bool(passwords):
        return "user and its password belong together: give both, or a token, or none"
    if s.user and (":" in s.user or not s.user.isprintable()):
        return "user holds a colon, or what cannot be printed"
    return None


def _limits(s: PacsSource) -> str | None:
    limits = {
        "overlap_days": (1, 366),
        "settle": (0, 604_800),
        "batch": (1, 5000),
        "rate": (0, 10_000),
        "timeout": (1, 3600),
        "answer_timeout": (1, 86_400),
        "largest": (1, 16_384),
        "sample": (1, 100_000),
    }
    for key, (least, most) in limits.items():
        if not least <= getattr(s, key) <= most:
            return f"{key} is {getattr(s, key)}: give a number from {least} to {most}"
    if s.settle > s.overlap_days * 86_400:
        return f"settle is {s.settle}: give no more seconds than overlap_days has, so that no day is passed over"
    if s.start.year < 1970:
        return f"start is {s.start}: give a day from 1970 on"
    return None
