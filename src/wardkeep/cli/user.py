# SPDX-License-Identifier: Apache-2.0
"""`wardkeep user`: accounts of Wardkeep and their one-use links."""

from __future__ import annotations

from typing import Any

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.govern.identity.role import Role
from wardkeep.home import now


@click.group("user")
def command() -> None:
    """Make accounts and one-use links."""


@command.command("create")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([r.value for r in Role]), help="What the account is for.")
@click.option("--full-name", default="", help="Shown beside decisions.")
@click.option("--language", type=click.Choice(["zh", "en"]), default=None, help="Default: the hospital's.")
@click.option("--department", default="", help="The department of a department head.")
@click.option("--staff-id", default="", help="The person's staff number: nobody reviews his own case.")
@click.option("--account", default="", help="The person's account in the hospital's systems.")
@click.option("--mail", default="", help="Address at which a department head is told of the week.")
@click.option("--phone", default="", help="Number for text messages of the same.")
@standard
def create(frame: Frame, name: str, role: str, language: str | None, **details: str) -> None:
    """Make an account and print a one-use link that sets its password."""
    frame.django()
    from wardkeep.govern.identity.actions import create_user  # noqa: PLC0415

    language = language or frame.home.settings.hospital.language
    user = create_user(name, role=role, by="cli", at=now(), language=language, **details)
    _hand_over(frame, user)
    _say_unknown_department(frame, user)


@command.command("contact")
@click.argument("name")
@click.option("--mail", default=None, help="Address at which a department head is told of the week; '' for none.")
@click.option("--phone", default=None, help="Number for text messages of the same; '' for none.")
@standard
def contact(frame: Frame, name: str, mail: str | None, phone: str | None) -> None:
    """Set where a person is told that something waits; without an option show it."""
    frame.django()
    from wardkeep.govern.identity.actions import set_contact  # noqa: PLC0415
    from wardkeep.govern.identity.models import Contact  # noqa: PLC0415
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415

    user = _named(name)
    held = Contact.objects.filter(user=user).first() or Contact(user=user)
    if mail is not None or phone is not None:
        mail, phone = held.mail if mail is None else mail, held.phone if phone is None else phone
        set_contact(user, mail=mail, phone=phone, by="cli", at=now())
        drain_here(frame.home, say=frame.say)
        held = Contact.objects.filter(user=user).first() or held
    frame.out(
        {"name": user.name, "mail": held.mail, "phone": held.phone},
        f"{user.name:20} {held.mail or '–'} {held.phone or '–'}",
    )


@command.command("link")
@click.argument("name")
@standard
def link(frame: Frame, name: str) -> None:
    """Print a new one-use link for an account; older ones stop working."""
    frame.django()
    _hand_over(frame, _named(name))


@command.command("list")
@standard
def list_(frame: Frame) -> None:
    """Every account, its role, and whether it is enabled."""
    frame.django()
    from wardkeep.govern.identity.models import User  # noqa: PLC0415

    for user in User.objects.order_by("name"):
        row = {"name": user.name, "role": user.role, "enabled": user.is_active, "last_login": user.last_login}
        frame.out(row, f"{user.name:20} {user.get_role_display():28} {'' if user.is_active else speak('disabled')}")


def _say_unknown_department(frame: Frame, user: Any) -> None:
    """A warning and no refusal: the table that has the department may be loaded later."""
    from wardkeep.jobs.digests import heads, unknown_departments  # noqa: PLC0415

    if any(head.user.pk == user.pk for head in unknown_departments(heads())):
        said = speak("no table of the hospital has the department %(department)s: its page is empty until one has")
        frame.say(said % {"department": user.department})


def _named(name: str) -> Any:
    from wardkeep.govern.identity.models import User  # noqa: PLC0415

    user = User.objects.filter(name=name).first()
    if user is None:
        raise click.UsageError(speak("there is no account %(name)s") % {"name": name})
    return user


def _hand_over(frame: Frame, user: Any) -> None:
    from wardkeep.govern.identity.actions import LINK_LIFETIME, LINK_PATH, make_link  # noqa: PLC0415
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.jobs.install import console_url  # noqa: PLC0415

    at = now()
    token = make_link(user, by="cli", at=at)
    drain_here(frame.home, say=frame.say)
    address = console_url(frame.home.settings) + LINK_PATH.format(token=token)
    result = {"name": user.name, "role": user.role, "link": address, "link_expires_at": at + LINK_LIFETIME}
    frame.out(
        result,
        speak("%(name)s sets a password here, once, until %(link_expires_at)s:\n  %(link)s")
        % {**result, "link_expires_at": frame.clock(at + LINK_LIFETIME)},
    )
