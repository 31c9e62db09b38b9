# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF012

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="recorddifference",
            name="problem",
            field=models.CharField(
                choices=[
                    ("changed", "changed"),
                    ("reverted", "reverted"),
                    ("missing", "missing"),
                    ("back_dated", "back_dated"),
                    ("unmarked", "unmarked"),
                    ("withdrawn", "withdrawn"),
                    ("unsigned", "unsigned"),
                ],
                max_length=20,
            ),
        ),
    ]
