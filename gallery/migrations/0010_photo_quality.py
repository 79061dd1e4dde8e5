"""How much of a photo its detail fills, and its border."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gallery", "0009_lossless_optimisation")]

    operations = [
        migrations.AddField(
            model_name="photo",
            name="filled_share",
            field=models.FloatField(
                help_text="Share of the long side, or of the largest preview's, that detail fills; below 1 when enlarged.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="border",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.FloatField(),
                blank=True,
                default=list,
                help_text="Shares of height and width that bands of one colour take: top, right, bottom, left.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="quality_version",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
