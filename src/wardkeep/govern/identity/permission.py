# SPDX-License-Identifier: Apache-2.0
"""`permission(actor, act, obj)`: the one seam through which every page and command asks."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from wardkeep.govern.identity.role import ADMINISTRATORS, TABLE, Act, Role
from wardkeep.watch.spelling import parted, plain

#: Acts on a case, or on what it shows, that nobody may do where the case is about himself.
_NOT_ABOUT_ONESELF = frozenset({Act.CASE_READ, Act.CASE_DECIDE, Act.CASE_ASSIGN, Act.CASE_NOTE, Act.CASE_REOPEN})
#: The same for a live alert.
_ALERTS = frozenset({Act.ALERT_READ, Act.ALERT_DECIDE})
#: Acts on an account that nobody may do to his own.
_NOT_TO_ONESELF = frozenset({Act.USER_GRANT, Act.USER_DISABLE, Act.USER_LINK, Act.MANDATE_GIVE})


def permission(actor: Any, act: Act | str, obj: Any = None) -> bool:  # noqa: PLR0911 - one refusal a line
    """True where `actor` may do `act` to `obj`. Whatever is unknown is refused.

    actor: an account, or None or an anonymous one. obj: what it is done to, where that matters: a Case, a User, or
    None for the act in general (is there a link to show?). The commands of the machine's operator do not come through
    here: who has a shell on the home folder has the keys.
    """
    try:
        wanted = Act(act)
        role = Role(actor.role)
    except (ValueError, AttributeError):
        return False  # fail closed: no such act, or nobody
    if not actor.is_active or role not in TABLE[wanted]:
        return False
    if wanted in _NOT_TO_ONESELF and obj is not None and obj.pk == actor.pk:
        return False
    if wanted == Act.SELF_WRITE:
        return obj is None or obj.pk == actor.pk
    if wanted == Act.USER_LINK and obj is not None:
        # A link sets a password: it would lend the rights of whoever it is made for.
        return obj.role not in ADMINISTRATORS
    if wanted in _ALERTS and obj is not None:
        return not is_about(actor, obj.account, obj.person)
    if wanted in _NOT_ABOUT_ONESELF and obj is not None:
        return _may_see_case(actor, role, obj)
    return True


def _may_see_case(actor: Any, role: Role, case: Any) -> bool:
    if is_about(actor, case.account, case.person):
        return False
    if role == Role.DEPARTMENT_HEAD:
        # A random case is for measuring the reviewers' work and is never sent to a manager.
        return bool(actor.department) and case.department == actor.department and not case.random
    return True


def is_about(actor: Any, account: str | None, person: str | None) -> bool:
    """True where the account or person of a case is the actor's own, however the account is written: rather too often."""
    name = _name(actor.account or "")
    own_account = bool(name) and name == _name(account or "")
    own_person = bool(actor.staff_id) and actor.staff_id == person
    return own_account or own_person


def about(actor: Any) -> Q:
    """The same said to the database, of rows that have `account` and `person`."""
    found = Q(pk__in=[])
    if name := _name(actor.account or ""):
        found |= Q(account=actor.account) | Q(account__iexact=name)
        found |= Q(account__iendswith=f"\\{name}") | Q(account__istartswith=f"{name}@")
    if actor.staff_id:
        found |= Q(person=actor.staff_id)
    return found


def _name(account: str) -> str:
    return parted(plain(account))[0]
