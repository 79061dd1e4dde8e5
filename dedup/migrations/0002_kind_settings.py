"""Which verified pairs of a kind form groups."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KINDS = [
    ("identical-pixels", "Identical pixels"),
    ("same-picture", "Same picture"),
    ("edited", "Edited"),
    ("crop", "Crop"),
    ("rotated", "Turned or mirrored"),
    ("near-shot", "Near shot"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("dedup", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="KindSetting",
            fields=[
                (
                    "kind",
                    models.CharField(choices=KINDS, max_length=20, primary_key=True, serialize=False),
                ),
                ("is_on", models.BooleanField(default=True)),
                (
                    "least_confidence",
                    models.FloatField(default=0.0, help_text="0 to 1; less sure pairs form no group."),
                ),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("least_confidence__gte", 0), ("least_confidence__lte", 1)),
                        name="least_confidence_is_share",
                    )
                ]
            },
        ),
        migrations.AddIndex(
            model_name="match",
            index=models.Index(fields=["kind", "confidence"], name="match_kind_confidence"),
        ),
    ]
