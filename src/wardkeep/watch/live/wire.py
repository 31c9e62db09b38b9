# SPDX-License-Identifier: Apache-2.0
"""What an event says of the way that its data took, and of the program that was used."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import msgspec

#: Names in `extra` under which sources say so.
PROTOCOLS = ("protocol", "app_protocol", "application_protocol", "service", "transport")
PORTS = ("port", "destination_port", "dst_port", "server_port")
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
#: Any of them is there: most events say nothing of it, and are not unpacked.
_SAYS = re.compile("|".join(f'"{name}":' for name in (*PROTOCOLS, *PORTS, *PROGRAMS))).search
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{1,20})://", re.ASCII).match
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
    if resource is not None and "://" in resource:
        scheme = _SCHEME(resource.lower())
        if scheme is not None and scheme[1] in protocols:
            return scheme[1]
    if said is None:
        return ""
    named = False
    for name in PROTOCOLS:
        value = said.get(name)
        if isinstance(value, str) and value:
            word = value.strip().lower()
            if word in protocols:
                return word
            # `tcp` says nothing of what it carries; `https` on a port of http does.
            named = named or word not in ("tcp", "udp", "6", "17")
    for name in () if named else PORTS:
        value = said.get(name)
        number = (
            int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6 else value
        )
        if isinstance(number, int) and number in ports:
            return f"port {number}"
    return ""


def remote_tool(said: dict[str, Any] | None, resource: str | None, tools: Collection[str]) -> str:
    """The listed program that was used; empty where none was."""
    for value in (*(said.get(name) for name in PROGRAMS), resource) if said is not None else (resource,):
        if isinstance(value, str) and value:
            word = program_of(value)
            if word in tools:
                return word
    return ""


def program_of(value: str) -> str:
    """The name of a program: of a path its last part, of a command line the first word, in small letters without `.exe`."""
    word = value.strip().strip('"').lower()
    if ".exe" in word:
        word = word[: word.index(".exe")]
    word = word.replace("\\", "/").rpartition("/")[2]
    return word.strip()
