# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF012

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import wardkeep.govern.alerts.standing
import wardkeep.seal.uuid7


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LiveAlert",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("detection", models.CharField(max_length=40)),
                ("account", models.CharField(blank=True, max_length=200)),
                ("person", models.CharField(blank=True, max_length=200)),
                ("patient_id", models.CharField(blank=True, max_length=200)),
                ("happened_at", models.DateTimeField()),
                ("heard_at", models.DateTimeField()),
                ("made_at", models.DateTimeField()),
                ("system", models.CharField(blank=True, max_length=200)),
                ("workstation", models.CharField(blank=True, max_length=200)),
                ("ip", models.CharField(blank=True, max_length=200)),
                ("event_id", models.CharField(blank=True, max_length=200)),
                ("raw_sha256", models.CharField(blank=True, max_length=64)),
                ("observed", models.JSONField(default=dict)),
                ("limits", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[("new", "new"), ("seen", "seen"), ("dismissed", "dismissed")],
                        default=wardkeep.govern.alerts.standing.State["NEW"],
                        max_length=20,
                    ),
                ),
                ("seen_at", models.DateTimeField(null=True)),
                ("dismissed_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "dismissed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "seen_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-made_at"], name="alert_newest"),
                    models.Index(fields=["state", "-made_at"], name="alert_state"),
                ],
            },
        ),
    ]
