# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a listener is said at start, with its name, its value and the next step."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from wardkeep.settings import Settings, SettingsError, parse_settings, render

TLS = {"certificate": "server.pem", "key": "server.key"}


def intake(*, listeners: dict[str, Any] | None = None, **more: Any) -> Settings:
    return parse_settings({"intake": {**more, "listeners": listeners or {}}})


def test_nothing_listens_unless_it_is_named() -> None:
    assert Settings().intake.listeners == {}


def test_listeners_are_written_and_read_back_the_same() -> None:
    made = intake(
        **TLS,
        listeners={
            "his": {"protocol": "syslog-udp", "port": 514, "bind": "0.0.0.0", "system": "HIS"},
            "emr": {"protocol": "https", "port": 8443, "bind": "0.0.0.0", "tokens": "senders"},
        },
    )
    assert parse_settings(tomllib.loads(render(made))) == made


@pytest.mark.parametrize(
    ("listener", "fault"),
    [
        ({"protocol": "snmp", "port": 1}, "his.protocol = 'snmp'"),
        ({"protocol": "mllp"}, "his.port is missing"),
        ({"port": 1}, "his.protocol is missing"),
        ({"protocol": "mllp", "port": 70_000}, "his.port = 70000: use 0 to 65535"),
        ({"protocol": "mllp", "port": 1, "host": "x"}, "his.host is no setting"),
        ({"protocol": "mllp-tls", "port": 1}, "needs intake.certificate and intake.key"),
        ({"protocol": "http", "port": 1, "bind": "10.0.0.1"}, "would send tokens unencrypted"),
        ({"protocol": "mllp", "port": 1, "tokens": "senders"}, "his.tokens is for http and https only"),
        ({"protocol": "mllp", "port": 1, "format": "pdf"}, "his.format = 'pdf': use one of hospital, fhir"),
        ({"protocol": "mllp", "port": 1, "format": "delimited"}, "needs a mapping"),
        (
            {"protocol": "mllp", "port": 1, "system": "Wardkeep"},
            "his.system: `wardkeep` is the system of what is opened in",
        ),
        (3, "intake.listeners.his = 3 should be a table"),
    ],
)
def test_each_fault_of_a_listener_is_named(listener: Any, fault: str) -> None:
    with pytest.raises(SettingsError) as raised:
        intake(listeners={"his": listener})
    assert fault in str(raised.value)


def test_faults_of_all_of_them_are_named_together() -> None:
    with pytest.raises(SettingsError) as raised:
        intake(
            every=0,
            spool="much",
            certificate="server.pem",
            listeners={
                "HIS": {"protocol": "syslog-tcp", "port": 514},
                "b": {"protocol": "mllp", "port": 514},
                "c": {"protocol": "syslog-udp", "port": 514},
            },
        )
    said = str(raised.value)
    assert [part in said for part in ("intake.every", "intake.spool", "intake.key", "HIS: call it", "taken by")] == [
        True
    ] * 5
    assert "listeners.c" not in said  # a port of UDP is another one


def test_who_posts_over_tls_from_elsewhere_needs_a_token() -> None:
    with pytest.raises(SettingsError, match="needs tokens"):
        intake(**TLS, listeners={"emr": {"protocol": "https", "port": 1, "bind": "0.0.0.0"}})


def test_sources_to_pull_are_named_once_and_written_back() -> None:
    assert Settings().intake.pulls == ()
    settings = intake(pulls=["his.toml", "/etc/wardkeep/lis.toml"])
    assert parse_settings(tomllib.loads(render(settings))) == settings
    for wrong in (["a.toml", "a.toml"], [" "], ["a\nb"]):
        with pytest.raises(SettingsError, match="name each source file once"):
            intake(pulls=wrong)
