from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0007_partial_uploads"),
    ]

    operations = [
        migrations.CreateModel(
            name="OriginalCheck",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("checked_at", models.DateTimeField()),
                (
                    "problem",
                    models.TextField(
                        blank=True, help_text="Empty while the bytes are as they were uploaded."
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("problem", ""), _negated=True),
                        fields=["checked_at"],
                        name="original_problems",
                    )
                ],
            },
        ),
    ]
