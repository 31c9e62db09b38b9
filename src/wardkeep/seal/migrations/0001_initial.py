# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF012

from django.db import migrations, models

import wardkeep.seal.uuid7


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Incarnation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("began_at", models.DateTimeField()),
                ("follows", models.UUIDField(null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Outbox",
            fields=[
                ("order", models.BigAutoField(primary_key=True, serialize=False)),
                ("id", models.UUIDField(default=wardkeep.seal.uuid7.uuid7, editable=False, unique=True)),
                ("incarnation", models.UUIDField()),
                ("seq", models.BigIntegerField(null=True)),
                ("body", models.TextField()),
                ("mac", models.CharField(max_length=43)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("incarnation", "seq"), name="outbox_number_once")],
            },
        ),
        migrations.CreateModel(
            name="Placed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("incarnation", models.UUIDField()),
                ("seq", models.BigIntegerField()),
                ("log", models.CharField(max_length=16)),
                ("index", models.BigIntegerField()),
                ("act", models.CharField(max_length=80)),
                ("about", models.CharField(blank=True, db_index=True, max_length=64)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("incarnation", "seq"), name="placed_once")],
            },
        ),
    ]
