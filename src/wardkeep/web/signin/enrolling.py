# SPDX-License-Identifier: Apache-2.0
"""The second factor: a new secret as picture and text, and its enrolment as an act."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db import transaction

from wardkeep.govern.identity.models import User
from wardkeep.home import now
from wardkeep.seal.act import action
from wardkeep.web.draw.qr import Qr, draw_qr


def qr_of(user: User, secret: str) -> Qr:
    """What an authenticator app photographs."""
    return draw_qr(get_adapter().build_totp_url(user, secret))


def spaced(secret: str) -> str:
    """A secret in groups of four, as people type it."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))


def is_enrolled(user: User) -> bool:
    """True where the account has a second factor."""
    found: bool = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists()
    return found


def enrol(user: User, secret: str) -> None:
    """Give an account its second factor and fresh recovery codes, as one act."""
    with action("account:second_factor:enrolled", actor=user, at=now()) as act:
        TOTP.activate(user, secret)
        Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).delete()
        RecoveryCodes.activate(user)
        act.fact("user", str(user.pk))


def renew_codes(user: User) -> None:
    """Replace an account's recovery codes; the old ones stop working."""
    with action("account:recovery_codes:renewed", actor=user, at=now()) as act:
        Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).delete()
        RecoveryCodes.activate(user)
        act.fact("user", str(user.pk))


def codes_once(user: User) -> list[str] | None:
    """The recovery codes the first time they are asked for; None afterwards."""
    with transaction.atomic():
        row: Any = (
            Authenticator.objects.select_for_update()
            .filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES)
            .first()
        )
        if row is None or row.wrap().did_view:
            return None
        codes: list[str] = row.wrap().get_unused_codes()
        row.wrap().mark_as_viewed()
    return codes
