# SPDX-License-Identifier: Apache-2.0
"""Making accounts, links, roles and mandates: the only writers of these rows. None asks for permission."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from wardkeep.govern.identity.models import Contact, Link, Mandate, User
from wardkeep.govern.identity.role import ADMINISTRATORS, Role
from wardkeep.notices import is_mail
from wardkeep.seal.act import action

#: Where the console takes a link; `web` routes it.
LINK_PATH = "/welcome/{token}/"
LINK_LIFETIME = timedelta(hours=48)
#: A number for text messages, as gateways take it.
PHONE = re.compile(r"\+?[0-9](?:[0-9 -]{1,36})[0-9]")


class IdentityError(Exception):
    """An account cannot be made or changed as asked."""

    exit_status = 2


def create_user(
    name: str,
    *,
    role: str,
    by: Any,
    at: datetime,
    full_name: str = "",
    language: str = "zh",
    department: str = "",
    staff_id: str = "",
    account: str = "",
    mail: str = "",
    phone: str = "",
) -> User:
    """An account without a password; a link sets one. Raises IdentityError."""
    mail, phone = _reachable(mail, phone)
    user = User(
        name=name,
        role=role,
        full_name=full_name,
        language=language,
        department=department,
        staff_id=staff_id,
        account=account,
        created_at=at,
    )
    user.set_unusable_password()
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as exc:
        raise IdentityError(_fault(exc)) from exc
    with action("account:user:created", actor=by, at=at) as act:
        user.save()
        if mail or phone:
            Contact(user=user, mail=mail, phone=phone).save()
        act.fact("user", str(user.pk))
        act.fact("user_role", role)
    return user


def make_link(user: User, *, by: Any, at: datetime, lifetime: timedelta = LINK_LIFETIME) -> str:
    """A token with which the holder sets the account's password once. Older links of the account stop working."""
    token = secrets.token_urlsafe(32)
    with action("account:link:made", actor=by, at=at) as act:
        for old in Link.objects.filter(user=user, used_at=None, expires_at__gt=at):
            old.expires_at = at
            old.save()
        Link(user=user, digest=_digest(token), created_at=at, expires_at=at + lifetime).save()
        act.fact("user", str(user.pk))
    return token


def find_link(token: str, *, at: datetime) -> Link | None:
    """The link of a token while it can still be used, else None."""
    link: Link | None = (
        Link.objects.filter(digest=_digest(token), used_at=None, expires_at__gt=at, user__is_active=True)
        .select_related("user")
        .first()
    )
    return link


def use_link(token: str, password: str, *, at: datetime) -> User:
    """Set the password for which a link was made; the link is then used up. Raises IdentityError."""
    with_link = find_link(token, at=at)
    if with_link is None:
        raise IdentityError(_("This link was used already, or its time has passed. Ask for a new one."))
    _check_password(password, with_link.user)
    with action("account:link:used", actor=with_link.user, at=at) as act:
        link = Link.objects.select_for_update().get(pk=with_link.pk)
        if link.used_at is not None or link.expires_at <= at:
            raise IdentityError(_("This link was used already, or its time has passed. Ask for a new one."))
        link.used_at = at
        link.save()
        user: User = User.objects.select_for_update().get(pk=link.user_id)
        user.set_password(password)
        user.save()
        act.fact("user", str(user.pk))
    return user


def set_password(user: User, password: str, *, by: Any, at: datetime) -> None:
    """Change a password. Raises IdentityError."""
    _check_password(password, user)
    with action("account:password:changed", actor=by, at=at) as act:
        user.set_password(password)
        user.save()
        act.fact("user", str(user.pk))


def grant_role(user: User, role: str, *, by: Any, at: datetime) -> None:
    """Give an account another role. An administrator's never becomes another one. Raises IdentityError."""
    if role not in set(Role):
        raise IdentityError(_("There is no role “%(role)s”.") % {"role": role})
    if user.role != role and (user.role in ADMINISTRATORS or role in ADMINISTRATORS):
        raise IdentityError(_("The three administrators are separate: make a new account for this role."))
    with action("account:role:granted", actor=by, at=at) as act:
        held: User = User.objects.select_for_update().get(pk=user.pk)
        held.role = role
        held.save()
        act.fact("user", str(held.pk))
        act.fact("user_role", role)
    user.refresh_from_db()


def set_active(user: User, active: bool, *, by: Any, at: datetime) -> None:
    """Enable or disable an account. A disabled account's sessions end with their next request."""
    with action("account:user:enabled" if active else "account:user:disabled", actor=by, at=at) as act:
        held: User = User.objects.select_for_update().get(pk=user.pk)
        held.is_active = active
        held.save()
        act.fact("user", str(held.pk))
    user.refresh_from_db()


def set_language(user: User, language: str, *, at: datetime) -> None:
    """The language in which a person reads. Raises IdentityError."""
    if language not in ("zh", "en"):
        raise IdentityError(_("There is no language “%(code)s”.") % {"code": language})
    with action("account:language:chosen", actor=user, at=at):
        user.language = language
        user.save()


def set_contact(user: User, *, mail: str, phone: str, by: Any, at: datetime) -> None:
    """Where a person is told that something waits; empty: by this way not at all. Raises IdentityError."""
    mail, phone = _reachable(mail, phone)
    held = Contact.objects.filter(user=user).first() or Contact(user=user)
    if (held.mail, held.phone) == (mail, phone):
        return
    with action("account:contact:set", actor=by, at=at) as act:
        held.mail, held.phone = mail, phone
        held.save()
        act.fact("user", str(user.pk))


def give_mandate(user: User, *, starts_at: datetime, ends_at: datetime, basis: str, by: User, at: datetime) -> Mandate:
    """Order someone to audit for a time: it explains his accesses. Nobody orders himself. Raises IdentityError."""
    if user.pk == by.pk:
        raise IdentityError(_("Nobody gives himself a mandate."))
    if not basis.strip() or ends_at <= starts_at:
        raise IdentityError(_("A mandate needs its basis in words, and an end after its start."))
    with action("account:mandate:given", actor=by, at=at) as act:
        mandate = Mandate(user=user, given_by=by, starts_at=starts_at, ends_at=ends_at, basis=basis.strip())
        mandate.save()
        act.fact("user", str(user.pk))
    return mandate


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _reachable(mail: str, phone: str) -> tuple[str, str]:
    mail, phone = mail.strip(), phone.strip()
    if mail and (len(mail) > 254 or not is_mail(mail)):
        raise IdentityError(_("“%(mail)s” is no mail address: write NAME@HOST.") % {"mail": mail})
    if phone and not PHONE.fullmatch(phone):
        raise IdentityError(
            _("“%(phone)s” is no phone number: write digits, with + before the country.") % {"phone": phone}
        )
    return mail, phone


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as exc:
        raise IdentityError(_fault(exc)) from exc


def _fault(exc: ValidationError) -> str:
    return " ".join(exc.messages)
