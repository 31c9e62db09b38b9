# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF012

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import wardkeep.govern.records.standing
import wardkeep.seal.uuid7


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RecordCheck",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("source", models.CharField(max_length=64)),
                ("system", models.CharField(blank=True, max_length=200)),
                ("kind", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[("checked", "checked"), ("not_evaluated", "not_evaluated")], max_length=20
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=400)),
                ("sealed", models.PositiveIntegerField(default=0)),
                ("compared", models.PositiveIntegerField(default=0)),
                ("intact", models.PositiveIntegerField(default=0)),
                ("different", models.PositiveIntegerField(default=0)),
                ("fresh", models.PositiveIntegerField(default=0)),
                ("unaskable", models.PositiveIntegerField(default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["source", "-at"], name="record_check_newest")],
            },
        ),
        migrations.CreateModel(
            name="RecordDifference",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("source", models.CharField(max_length=64)),
                ("system", models.CharField(max_length=200)),
                ("record", models.CharField(max_length=400)),
                ("kind", models.CharField(max_length=200)),
                ("patient_id", models.CharField(blank=True, max_length=200)),
                (
                    "problem",
                    models.CharField(
                        choices=[
                            ("changed", "changed"),
                            ("reverted", "reverted"),
                            ("missing", "missing"),
                            ("back_dated", "back_dated"),
                        ],
                        max_length=20,
                    ),
                ),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("sealed_at", models.DateTimeField(null=True)),
                ("found_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField()),
                (
                    "standing",
                    models.CharField(
                        choices=[("open", "open"), ("explained", "explained"), ("mended", "mended")],
                        default=wardkeep.govern.records.standing.Standing["OPEN"],
                        max_length=20,
                    ),
                ),
                ("mended_at", models.DateTimeField(null=True)),
                ("explained_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "explained_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["standing", "-seen_at"], name="record_difference_standing")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("system", "record", "problem", "digest"), name="record_difference_once"
                    )
                ],
            },
        ),
    ]
