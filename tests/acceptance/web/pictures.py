# SPDX-License-Identifier: Apache-2.0
"""The pictures of the documentation: `python -m tests.acceptance.web.pictures` takes them anew in Chromium.

The hospital behind them is invented (tests/unit/web/hospital.py); with `--home DIR` they are taken of a demo's home instead.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.acceptance.web.browser import WIDTHS, chromium, serving, sign_in

FOLDER = Path(__file__).parents[3] / "docs" / "pictures"
#: name -> (address, width, height in pixels that is kept; None: the whole page)
Views = dict[str, tuple[str, str, int | None]]


@contextlib.contextmanager
def _invented() -> Iterator[Views]:
    """The pages of the invented hospital, in a home of its own."""
    import wardkeep
    from tests.conftest import NOON, FakeHome
    from tests.unit.web import hospital

    with tempfile.TemporaryDirectory() as folder:
        home = FakeHome(Path(folder))
        home.data_folder.mkdir(parents=True)
        wardkeep.setup(home)
        from django.core.management import call_command
        from django.urls import reverse

        from wardkeep.seal import outbox

        call_command("migrate", verbosity=0)
        outbox.begin_incarnation(NOON)
        with hospital.furnished(home):
            case = hospital.fill()
            order = next(row for row in hospital.ROWS if row[4] == hospital.DOCTOR)
            yield _views(case, reverse("access", args=[f"2026-03-01|2026:{order[0]}"]))


@contextlib.contextmanager
def _demo(folder: Path) -> Iterator[Views]:
    """The pages of a demo: its best case, and an access that an order explains."""
    import wardkeep
    from wardkeep.home import Home

    wardkeep.setup(Home(folder))
    from django.urls import reverse

    from wardkeep.watch.cases.models import Case
    from wardkeep.watch.cases.queries import account_page
    from wardkeep.web.templatetags.console import access_key

    case = Case.objects.filter(state="open").order_by("-opened_on", "rank").first()
    reasons = ("order_placed", "order_performed", "appointment", "ward", "encounter", "cover")
    accesses = [a for a in account_page(case.account, _Nobody()).accesses if a.reason]
    best = min(accesses, key=lambda a: reasons.index(a.reason.reason) if a.reason.reason in reasons else 99)
    yield _views(case, reverse("access", args=[access_key(best)]))


class _Nobody:
    """Sees no case; only accesses are asked for."""

    role = "auditor"
    account = staff_id = department = ""


def _views(case: Any, access: str) -> Views:
    from django.urls import reverse

    return {
        "today": ("/", "wide", None),
        "cases": ("/cases/", "wide", 1000),
        "case": (reverse("case", args=[case.key]), "wide", 1180),
        "access": (access, "wide", None),
        "patient": (reverse("patient", args=[case.patients[0]]), "wide", 900),
        "account": (reverse("account", args=[case.account]), "wide", 1100),
        "phone": (reverse("case", args=[case.key]), "narrow", 1100),
    }


def take(views: Views, folder: Path) -> None:
    """Each view in both languages: `today.png` and `today.zh.png`."""
    from tests.unit.web.hospital import a_member

    for language in ("en", "zh"):
        name = f"picture-{language}-{os.getpid()}"
        a_member(name, "security_director", language, full_name="Anna Berg" if language == "en" else "王主任")
        with tempfile.TemporaryDirectory() as profile, serving() as address, chromium(Path(profile)) as browser:
            context = browser.new_context(
                viewport=dict(zip(("width", "height"), WIDTHS["wide"], strict=True)),
                locale="en-GB" if language == "en" else "zh-CN",
            )
            page = context.new_page()
            page.goto(address + "/sign-in/")
            page.screenshot(path=folder / f"sign-in{'' if language == 'en' else '.zh'}.png")
            sign_in(page, address, name)
            for view, (where, width, height) in views.items():
                wide, tall = WIDTHS[width]
                page.set_viewport_size({"width": wide, "height": height or tall})
                page.goto(address + where)
                target = folder / f"{view}{'' if language == 'en' else '.zh'}.png"
                page.screenshot(path=target, full_page=height is None)


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a demo's home folder, not served by anything else")
    parser.add_argument("--to", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    # The browser's own loop runs in this thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with _demo(arguments.home) if arguments.home else _invented() as views:
        take(views, arguments.to)


if __name__ == "__main__":
    main()
