# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF012

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import wardkeep.seal.uuid7
import wardkeep.watch.cases.case


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Fed",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField()),
                ("trigger", models.CharField(max_length=20)),
                ("from_at", models.DateTimeField(null=True)),
                ("to_at", models.DateTimeField(null=True)),
                ("as_of", models.DateTimeField()),
                ("hashes", models.JSONField(default=dict)),
                ("context", models.JSONField(default=dict)),
                ("available", models.JSONField(default=dict)),
                ("ledger_log", models.CharField(blank=True, max_length=16)),
                ("ledger_size", models.BigIntegerField(default=0)),
                ("ledger_root", models.CharField(blank=True, max_length=64)),
                ("events", models.BigIntegerField(default=0)),
                ("explained", models.BigIntegerField(default=0)),
                ("summary", models.JSONField(default=dict)),
                ("cases_opened", models.IntegerField(default=0)),
                ("cases_explained", models.IntegerField(default=0)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("key", models.CharField(max_length=120, unique=True)),
                ("account", models.CharField(db_index=True, max_length=200)),
                ("person", models.CharField(max_length=120, null=True)),
                ("department", models.CharField(blank=True, max_length=120)),
                ("opened_on", models.DateField(db_index=True)),
                ("rank", models.IntegerField()),
                ("score", models.FloatField()),
                ("probability", models.FloatField(default=0)),
                ("harm", models.FloatField(default=0)),
                ("terms", models.JSONField(default=list)),
                ("from_at", models.DateTimeField()),
                ("to_at", models.DateTimeField()),
                ("settles_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting for late documentation"),
                            ("open", "open"),
                            ("decided", "decided"),
                            ("explained", "explained"),
                        ],
                        default=wardkeep.watch.cases.case.State["WAITING"],
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("explained_by", models.JSONField(default=dict)),
                ("detections", models.JSONField(default=list)),
                ("patients", models.JSONField(default=list)),
                ("event_ids", models.JSONField(default=list)),
                ("eids", models.JSONField(default=list)),
                ("reasons_missing", models.JSONField(default=list)),
                ("random", models.BooleanField(default=False)),
                ("outcome", models.CharField(blank=True, max_length=24)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "assigned_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "first_run",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.run"),
                ),
                (
                    "last_run",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.run"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="cases.case"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="History",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("happening", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                ("facts", models.JSONField(default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="history", to="cases.case"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.run"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "history",
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("finding_id", models.CharField(max_length=120, unique=True)),
                ("detection", models.CharField(max_length=60)),
                ("account", models.CharField(max_length=200)),
                ("person", models.CharField(max_length=120, null=True)),
                ("patient_id", models.CharField(max_length=200, null=True)),
                ("from_at", models.DateTimeField()),
                ("to_at", models.DateTimeField()),
                ("event_ids", models.JSONField(default=list)),
                ("observed", models.JSONField(default=dict)),
                ("threshold", models.JSONField(default=dict)),
                ("looked_for", models.JSONField(default=list)),
                ("stands", models.BooleanField(default=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="cases.case"
                    ),
                ),
                (
                    "first_run",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.run"),
                ),
                (
                    "last_run",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.run"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Touch",
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
                            ("case", "case"),
                            ("access", "access"),
                            ("patient", "patient"),
                            ("account", "account"),
                            ("reveal", "reveal"),
                            ("search", "search"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField(db_index=True)),
                ("patient_id", models.CharField(blank=True, max_length=200)),
                ("account", models.CharField(blank=True, max_length=200)),
                ("query", models.TextField(blank=True)),
                ("ip", models.CharField(blank=True, max_length=45)),
                ("session", models.CharField(blank=True, max_length=64)),
                (
                    "case",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "touches",
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="cases.case"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("case",), name="assignment_one_at_a_time"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CasePatient",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                ("patient_id", models.CharField(db_index=True, max_length=200)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="patient_rows", to="cases.case"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("case", "patient_id"), name="case_patient_once")],
            },
        ),
        migrations.CreateModel(
            name="Outcome",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=wardkeep.seal.uuid7.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seal_columns", models.BinaryField(default=bytes)),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("misuse", "misuse confirmed"),
                            ("rule_broken", "a rule was broken, no misuse"),
                            ("undocumented_reason", "explained by a reason that is not documented"),
                            ("not_misuse", "not misuse"),
                            ("wrong_data", "the data was wrong"),
                            ("unclear", "unclear"),
                        ],
                        max_length=24,
                    ),
                ),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="outcomes", to="cases.case"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.run"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="outcome_has_reason",
                        violation_error_message="Write why.",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["state", "opened_on", "rank"], name="case_reading_order"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "open", "decided", "explained"])), name="case_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "decided"), _negated=True),
                    models.Q(("outcome", ""), _negated=True),
                    _connector="OR",
                ),
                name="case_decided_has_outcome",
                violation_error_message="A decided case has an outcome.",
            ),
        ),
    ]
