import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0006_photo_shares"),
    ]

    operations = [
        migrations.CreateModel(
            name="PartialUpload",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("file_name", models.CharField(max_length=255)),
                ("length", models.BigIntegerField(help_text="Bytes of the whole file.")),
                (
                    "options",
                    models.JSONField(default=dict, help_text="Tags, album and the like, as they were given."),
                ),
                (
                    "expected_sha256",
                    models.CharField(
                        blank=True,
                        help_text="What the sender says that the file hashes to.",
                        max_length=64,
                    ),
                ),
                (
                    "sha256",
                    models.CharField(
                        blank=True,
                        help_text="What the whole file hashes to, once it is here.",
                        max_length=64,
                    ),
                ),
                (
                    "certain_until",
                    models.BigIntegerField(
                        help_text="Bytes behind this offset are not yet checked against the checksum sent with them.",
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True, help_text="What became of the finished file.", max_length=32
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "photo",
                    models.ForeignKey(
                        help_text="Set when it is finished.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="gallery.photo",
                    ),
                ),
            ],
        ),
    ]
