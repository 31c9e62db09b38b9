# SPDX-License-Identifier: Apache-2.0
"""`python -m wardkeep.jobs NAME HOME ...`: what the supervisor starts. Not for people."""

from __future__ import annotations

import sys
from pathlib import Path

from wardkeep.home import Home
from wardkeep.jobs import processes

BODIES = {
    "ledger": processes.ledger,
    "clerk": processes.clerk,
    "collector": processes.collector,
    "storing": processes.storing,
    "alerting": processes.alerting,
    "listening": processes.listening,
    "pulling": processes.pulling,
}


def main(arguments: list[str]) -> int:
    """Run one process until it is told to end."""
    name, folder, *rest = arguments
    processes.end_with_parent()
    home = Home(Path(folder))
    if name == "web":
        return processes.web(home, listener=int(rest[0]), bind=rest[1])
    body = BODIES.get(name)
    return body(home) if body is not None else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
