# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF012

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0001_initial"),
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
                    ("test", "test"),
                ],
                max_length=20,
            ),
        ),
    ]
