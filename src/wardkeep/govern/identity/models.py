# SPDX-License-Identifier: Apache-2.0
"""Accounts of Wardkeep itself, one-use links, and audit mandates."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardkeep.govern.identity.role import Role
from wardkeep.seal.models import Sealed, SealedQuerySet

ROLE_NAMES = {
    Role.SYSTEM_ADMINISTRATOR: _("system administrator"),
    Role.SECURITY_ADMINISTRATOR: _("security administrator"),
    Role.AUDIT_ADMINISTRATOR: _("audit administrator"),
    Role.SECURITY_DIRECTOR: _("security director"),
    Role.SECURITY_SPECIALIST: _("security specialist"),
    Role.DATA_ADMINISTRATOR: _("medical-data administrator"),
    Role.MEDICAL_STAFF: _("medical staff"),
    Role.DEVICE_ADMINISTRATOR: _("device administrator"),
    Role.PRIVACY_OFFICER: _("privacy officer"),
    Role.DEPARTMENT_HEAD: _("department head"),
    Role.RESEARCHER: _("researcher"),
    Role.COMMITTEE_MEMBER: _("committee member"),
    Role.AUDITOR: _("auditor"),
    Role.VENDOR_ENGINEER: _("vendor engineer"),
    Role.PATIENT: _("patient"),
}

LANGUAGES = [("zh", "简体中文"), ("en", "English")]


class UserManager(BaseUserManager.from_queryset(SealedQuerySet)):  # type: ignore[misc]
    """Finds accounts; making one is an action."""

    def get_by_natural_key(self, username: str | None) -> Any:
        return self.get(name=username)


class User(AbstractBaseUser, Sealed):
    """An account of Wardkeep. Its role is what it may do; its hospital account ties its own accesses to its person."""

    unsealed: ClassVar[frozenset[str]] = frozenset({"last_login"})

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    #: What is typed at sign-in.
    name = models.CharField(
        _("name"),
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[\w.@-]{2,60}\Z", _("Use 2 to 60 letters, digits and . @ - _ signs."))],
        error_messages={"unique": _("There is already an account of this name.")},
    )
    #: What is shown beside a decision.
    full_name = models.CharField(_("full name"), max_length=120, blank=True)
    role = models.CharField(_("role"), max_length=40, choices=[(r.value, ROLE_NAMES[r]) for r in Role])
    language = models.CharField(_("language"), max_length=5, choices=LANGUAGES, default="zh")
    #: The department of a department head, in the hospital's own code.
    department = models.CharField(_("department"), max_length=80, blank=True)
    #: The hospital's staff number and account of the same person: our reviewers are accounts too.
    staff_id = models.CharField(_("staff number"), max_length=80, blank=True)
    account = models.CharField(_("hospital account"), max_length=120, blank=True)
    is_active = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField()

    objects: ClassVar[Any] = UserManager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(role__in=[r.value for r in Role]),
                name="user_role_known",
                violation_error_message=_("There is no such role."),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.name

    @property
    def access_account(self) -> str:
        """The account under which this person's accesses in Wardkeep are judged like everyone's."""
        return self.account or f"wardkeep:{self.name}"

    def check_password(self, raw_password: str | None) -> bool:
        """As Django's, without its silent re-hash on sign-in: a change of a sealed column is an action of its own."""
        return check_password(raw_password, self.password)


class Contact(Sealed):
    """Where a person is told that something waits: a mail address, a number for text messages, both or none."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="contact")
    mail = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"contact of {self.user_id}"


class Link(Sealed):
    """A one-use link with which its holder sets a password. Only the hash of its token is kept."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"link for {self.user_id}"


class Mandate(Sealed):
    """An order to audit: for its time it explains the accesses of the one who holds it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="mandates")
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    basis = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="mandate_ends_after_start",
                violation_error_message=_("A mandate ends after it starts."),
            ),
        ]

    def __str__(self) -> str:
        return f"mandate {self.id}"
