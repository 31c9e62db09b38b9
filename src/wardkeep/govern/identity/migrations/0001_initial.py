# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF012

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import wardkeep.seal.uuid7


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "name",
                    models.CharField(
                        error_messages={"unique": "There is already an account of this name."},
                        max_length=60,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[\\w.@-]{2,60}\\Z", "Use 2 to 60 letters, digits and . @ - _ signs."
                            )
                        ],
                        verbose_name="name",
                    ),
                ),
                ("full_name", models.CharField(blank=True, max_length=120, verbose_name="full name")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("system_administrator", "system administrator"),
                            ("security_administrator", "security administrator"),
                            ("audit_administrator", "audit administrator"),
                            ("security_director", "security director"),
                            ("security_specialist", "security specialist"),
                            ("data_administrator", "medical-data administrator"),
                            ("medical_staff", "medical staff"),
                            ("device_administrator", "device administrator"),
                            ("privacy_officer", "privacy officer"),
                            ("department_head", "department head"),
                            ("researcher", "researcher"),
                            ("committee_member", "committee member"),
                            ("auditor", "auditor"),
                            ("vendor_engineer", "vendor engineer"),
                            ("patient", "patient"),
                        ],
                        max_length=40,
                        verbose_name="role",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("zh", "简体中文"), ("en", "English")],
                        default="zh",
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                ("department", models.CharField(blank=True, max_length=80, verbose_name="department")),
                ("staff_id", models.CharField(blank=True, max_length=80, verbose_name="staff number")),
                ("account", models.CharField(blank=True, max_length=120, verbose_name="hospital account")),
                ("is_active", models.BooleanField(default=True, verbose_name="enabled")),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                [
                                    "system_administrator",
                                    "security_administrator",
                                    "audit_administrator",
                                    "security_director",
                                    "security_specialist",
                                    "data_administrator",
                                    "medical_staff",
                                    "device_administrator",
                                    "privacy_officer",
                                    "department_head",
                                    "researcher",
                                    "committee_member",
                                    "auditor",
                                    "vendor_engineer",
                                    "patient",
                                ],
                            )
                        ),
                        name="user_role_known",
                        violation_error_message="There is no such role.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Mandate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("basis", models.TextField()),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mandates",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="mandate_ends_after_start",
                        violation_error_message="A mandate ends after it starts.",
                    )
                ],
            },
        ),
    ]
