# SPDX-License-Identifier: Apache-2.0
"""What an event says of the way that its data took, and of the program that was used."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from wardkeep.watch.live.programs import listed

#: Names in `extra` under which sources say so.
PROTOCOLS = ("protocol", "proto", "app_protocol", "application_protocol", "service", "transport")
PORTS = ("port", "destination_port", "dst_port", "dest_port", "dstport", "dport", "server_port")
PROGRAMS = (
    "program",
    "process",
    "process_name",
    "image",
    "application",
    "client_program",
    "command_line",
    "object_name",
)
_PROTOCOLS, _PORTS = frozenset(PROTOCOLS), frozenset(PORTS)
#: Any of them is there: most events say nothing of it, and are not unpacked.
_SAYS = re.compile("|".join(f'"{name}":' for name in (*PROTOCOLS, *PORTS, *PROGRAMS))).search
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{1,20})://", re.ASCII).match
#: What stands between the words of a protocol: `HTTP/1.1`, `ssl/http`, `tcp:21`.
_BETWEEN = re.compile(r"[\s/_:,;+()]+").split
_PORT = re.compile(r"(?:(?:tcp|udp)[/:-])?([0-9]{1,5})(?:[/:-](?:tcp|udp))?", re.IGNORECASE).fullmatch
_SERVICE_PORT = re.compile(r"(?:tcp|udp)[/:-]([0-9]{1,5})|([0-9]{1,5})/(?:tcp|udp)", re.IGNORECASE).fullmatch
#: What is no part of a protocol's name: of its two connections (`ftp-data`), and a version (`TLSv1.3`).
_PART = re.compile(r"-(?:data|control|ctrl|cmd)\Z|(?:(?<=^tls)|(?<=^ssl))v?[0-9.]+\Z")
#: Are encrypted, whatever port they use and whatever else is named beside them.
_ENCRYPTED = frozenset({
    "https", "ssl", "tls", "dtls", "quic", "h2", "h3", "ssh", "ssh2", "scp", "sftp", "ftps", "wss", "imaps", "pop3s",
    "smtps", "ldaps", "rdp", "ipsec", "ike", "esp", "wireguard", "openvpn", "mllps", "rdps", "telnets",
})  # fmt: skip
#: Use such a port lawfully: a port says nothing where one of them is named. What says only how it was carried, or is no
#: protocol's name at all (`tcp`, `TCP/IP`, `unknown`, the system's own name), hides no port.
_OTHERS = _ENCRYPTED | frozenset({
    "syslog", "dns", "ntp", "snmp", "icmp", "dhcp", "smb", "cifs", "ldap", "kerberos", "who", "rtsp", "sip", "nfs", "rpc",
})  # fmt: skip
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def said_of(extra: str | None) -> dict[str, Any] | None:
    """`extra` where it says something of a protocol, a port or a program."""
    if extra is None or _SAYS(extra) is None:
        return None
    try:
        return _decode(extra)
    except msgspec.DecodeError:
        return None


def names_protocol(said: dict[str, Any] | None, resource: str | None) -> bool:
    """Whether anything names a protocol or a port."""
    if said is not None and any(said.get(name) for name in (*PROTOCOLS, *PORTS)):
        return True
    return resource is not None and "://" in resource


def names_program(said: dict[str, Any] | None) -> bool:
    """Whether a program is named, in a field of its own."""
    return said is not None and any(said.get(name) for name in PROGRAMS)


def plain_protocol(
    said: dict[str, Any] | None, resource: str | None, protocols: Collection[str], ports: Collection[int]
) -> str:
    """The protocol, or `port 21`, by which something went in the clear; empty where nothing says so."""
    scheme = _SCHEME(resource[:30].lower()) if resource is not None and "://" in resource else None
    if scheme is not None and scheme[1] in protocols:
        return scheme[1]
    if said is None:
        return ""
    plain, named, version = "", scheme is not None and scheme[1] in _ENCRYPTED, False
    numbers: list[Any] = [value for name, value in said.items() if name in _PORTS]
    for name, value in said.items():
        if name not in _PROTOCOLS or not isinstance(value, str) or not value:
            continue
        one = _read(value[:100])
        if one.port:
            numbers.append(one.port)
        named = named or one.other
        if not one.encrypted:  # `ssl/http` is not http
            word = next((word for word in one.words if word in protocols), "")
            plain, version = plain or word, version or (word == "http" and len(one.words) > 2)
    told = [number for number in map(_number, numbers) if number is not None]
    # Servers write `HTTP/1.1` for what came by https too: what is beside it says which.
    if plain and not (plain == "http" and (named or (version and told and not any(n in ports for n in told)))):
        return plain
    return next((f"port {number}" for number in told if number in ports), "") if not named and not plain else ""


class _Protocol(NamedTuple):
    """What the text of a protocol says."""

    #: As it is written, and its words.
    words: tuple[str, ...]
    encrypted: bool
    #: It uses lawfully a port that may be another's.
    other: bool
    port: str


@lru_cache(10_000)  # the same few come again and again
def _read(text: str) -> _Protocol:
    whole = text.strip().lower()
    words = [_PART.sub("", word) for word in _BETWEEN(whole)]
    port = _SERVICE_PORT(whole)
    return _Protocol(
        words=(whole, *words),
        encrypted=not _ENCRYPTED.isdisjoint(words),
        other=not _OTHERS.isdisjoint(words),
        port="" if port is None else port[1] or port[2],
    )


def _number(value: object) -> int | None:
    """A port, as a number or as `21`, `21/tcp`."""
    if isinstance(value, str):
        found = _PORT(value.strip())
        return int(found[1]) if found is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def remote_tool(said: dict[str, Any] | None, resource: str | None, tools: Collection[str]) -> str:
    """The listed program that was used; empty where none was."""
    if said is not None:
        for name in PROGRAMS:
            value = said.get(name)
            if isinstance(value, str) and value and (found := listed(value, tools, command=name == "command_line")):
                return found
    return listed(resource, tools) if resource else ""
