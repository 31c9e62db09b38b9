# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF012

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0002_alter_told_kind"),
    ]

    operations = [
        migrations.AlterField(
            model_name="told",
            name="kind",
            field=models.CharField(
                choices=[
                    ("cases", "cases"),
                    ("alert", "alert"),
                    ("silent", "silent"),
                    ("records", "records"),
                    ("ledger", "ledger"),
                    ("digest", "digest"),
                    ("unreached", "unreached"),
                    ("test", "test"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="sending",
            name="taken",
            field=models.JSONField(default=list),
        ),
    ]
