# SPDX-License-Identifier: Apache-2.0
"""The bodies of the supervisor's processes."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import socket
import threading
from typing import Any

from wardkeep.home import Home, now

_PR_SET_PDEATHSIG = 1
#: Bytes of a request that the console takes.
LARGEST = 10 * 1024 * 1024


def end_with_parent() -> None:
    """Ask the kernel to end this process when the supervisor dies, however it dies."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if parent == 1:
        os.kill(os.getpid(), signal.SIGTERM)


def _until_told() -> threading.Event:
    told = threading.Event()

    def tell(*_: Any) -> None:
        told.set()

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return told


def ledger(home: Home) -> int:
    """The one writer of the ledger."""
    from wardkeep.ledger import run_writer  # noqa: PLC0415

    async def until_told() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await run_writer(
            home.ledger_folder,
            signer=home.signer(),
            clock=now,
            stop=stop,
            second=home.second_key(),
            sm2=home.sm2_key(),
        )

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(until_told())
    return 0


def clerk(home: Home) -> int:
    """Carries acts, feeds touches, runs what is due."""
    import wardkeep  # noqa: PLC0415

    stop = _until_told()
    wardkeep.setup(home)
    from wardkeep.jobs.clerk import Clerk  # noqa: PLC0415

    Clerk(home).run(stop)
    return 0


def collector(home: Home) -> int:
    """Asks the witnesses. It writes beside the ledger and appends nothing."""
    from wardkeep.jobs.cosigning import ask_until  # noqa: PLC0415

    ask_until(home, _until_told())
    return 0


def listening(home: Home) -> int:
    """Hears what other systems send."""
    from wardkeep.jobs.listening import listen_until  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listen_until(home)
    return 0


def storing(home: Home) -> int:
    """Takes into the store what was heard."""
    from wardkeep.jobs.storing import store_until  # noqa: PLC0415

    store_until(home, _until_told())
    return 0


def alerting(home: Home) -> int:
    """Judges what is heard while it is heard."""
    import wardkeep  # noqa: PLC0415

    stop = _until_told()
    wardkeep.setup(home)
    from wardkeep.jobs.alerting.process import alert_until  # noqa: PLC0415

    alert_until(home, stop)
    return 0


def pulling(home: Home) -> int:
    """Pulls from databases."""
    from wardkeep.jobs.pulling.process import pull_until  # noqa: PLC0415

    if not pull_until(home, _until_told()):
        # A database keeps a thread waiting: nothing that is not sealed counts as read, so it may end where it is.
        logging.shutdown()
        os._exit(0)
    return 0


def web(home: Home, *, listener: int, bind: str) -> int:
    """The console, on a socket that the supervisor keeps open."""
    import dataclasses  # noqa: PLC0415

    import waitress  # noqa: PLC0415

    import wardkeep  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    home.adopt(dataclasses.replace(home.settings, console=dataclasses.replace(home.settings.console, bind=bind)), None)
    wardkeep.setup(home)
    from django.contrib.staticfiles.handlers import StaticFilesHandler  # noqa: PLC0415
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415

    proxy: dict[str, Any] = {}
    if home.settings.console.tls:
        # TLS ends in a proxy on this machine; nobody else's word about the scheme is believed.
        proxy = {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": {"x-forwarded-proto", "x-forwarded-for"}}
    application = StaticFilesHandler(get_wsgi_application())
    waitress.serve(
        application,
        sockets=[socket.socket(fileno=listener)],
        threads=8,
        ident=None,
        clear_untrusted_proxy_headers=True,
        max_request_body_size=LARGEST,
        # What is sent may be a sample with patients in it: it stays in memory and goes to no temporary file.
        inbuf_overflow=LARGEST + 1,
        **proxy,
    )
    return 0
