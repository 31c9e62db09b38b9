# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF012

import django.db.models.deletion
from django.db import migrations, models

import wardkeep.govern.notices.notice
import wardkeep.seal.uuid7


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Told",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("cases", "cases"),
                            ("alert", "alert"),
                            ("silent", "silent"),
                            ("ledger", "ledger"),
                            ("test", "test"),
                        ],
                        max_length=20,
                    ),
                ),
                ("about", models.CharField(max_length=200)),
                ("count", models.PositiveIntegerField(default=1)),
                ("system", models.CharField(blank=True, max_length=200)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "about"), name="told_once")],
            },
        ),
        migrations.CreateModel(
            name="Sending",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                (
                    "channel",
                    models.CharField(choices=[("mail", "mail"), ("webhook", "webhook"), ("sms", "sms")], max_length=20),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("sent", "sent"), ("given_up", "given_up")],
                        default=wardkeep.govern.notices.notice.Delivery["WAITING"],
                        max_length=20,
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("problem", models.CharField(blank=True, max_length=200)),
                (
                    "told",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sendings", to="notices.told"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("told", "channel"), name="sending_once")],
            },
        ),
    ]
