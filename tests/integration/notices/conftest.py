# SPDX-License-Identifier: Apache-2.0
"""The invented hospital of the console's tests, its settings of notices, and real peers that take them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.notices.peers import Hook, MailBox
from tests.ports import free_port
from tests.unit.web import hospital
from tests.unit.web.conftest import house
from wardkeep.notices import Notices

__all__ = ["house"]


@pytest.fixture
def mail() -> Iterator[tuple[str, MailBox]]:
    """HOST:PORT of a real SMTP server, and its box."""
    from aiosmtpd.controller import Controller

    box = MailBox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield f"127.0.0.1:{controller.port}", box
    finally:
        controller.stop()


@pytest.fixture
def hook() -> Iterator[Hook]:
    one = Hook()
    try:
        yield one
    finally:
        one.server.shutdown()
        one.server.server_close()


@pytest.fixture
def silences() -> Any:
    """What the invented hospital's run kept."""
    return _SILENCES


_SILENCES = hospital.SILENCES


@pytest.fixture(autouse=True)
def _no_silences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hospital, "SILENCES", _SILENCES.slice(0, 0))


@pytest.fixture
def set_notices(house: Any, django_home: Any) -> Iterator[Any]:
    """Sets [notices] of the invented hospital, whose newest judgement opened cases on 2026-03-20."""
    before = django_home.settings

    def adopt(*, language: str = "en", **values: Any) -> Any:
        hospital = dataclasses.replace(before.hospital, language=language, name="东院")
        django_home.adopt(dataclasses.replace(before, hospital=hospital, notices=Notices(**values)), None)
        return django_home

    yield adopt
    django_home.adopt(before, None)
