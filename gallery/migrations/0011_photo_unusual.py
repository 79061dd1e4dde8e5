"""How far a photo is from its nearest others, and when that was measured."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gallery", "0010_photo_quality")]

    operations = [
        migrations.AddField(
            model_name="photo",
            name="unusual",
            field=models.FloatField(
                db_default=-1.0,
                default=-1.0,
                editable=False,
                help_text="Mean distance (0..2) to the nearest other photos; -1 while it is not measured.",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                condition=models.Q(("trashed_at", None)),
                fields=["-unusual", "-id"],
                name="photo_live_unusual",
            ),
        ),
        migrations.CreateModel(
            name="NeighbourCheck",
            fields=[
                (
                    "photo",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="gallery.photo",
                    ),
                ),
                (
                    "measured_by",
                    models.CharField(
                        blank=True,
                        help_text="The model by whose vectors it was measured; empty for colours.",
                        max_length=200,
                    ),
                ),
                ("among", models.PositiveIntegerField(help_text="How many photos there were to be near to.")),
                ("measured_at", models.DateTimeField()),
            ],
        ),
    ]
