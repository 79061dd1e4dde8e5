"""What lossless optimisation did to each original."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gallery", "0008_original_checks")]

    operations = [
        migrations.AddField(
            model_name="photo",
            name="saved_bytes",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="What lossless optimisation took off the file.",
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="optimise_version",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="0 while lossless optimisation has not looked at it.",
            ),
        ),
    ]
