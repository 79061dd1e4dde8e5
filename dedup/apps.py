"""Which photos are the same picture, and what to do about it."""

from django.apps import AppConfig


class DedupConfig(AppConfig):
    name = "dedup"
    verbose_name = "Duplicates"

    def ready(self) -> None:
        """Tell the gallery what this app adds to it."""
        from dedup.registration import register_with_gallery

        register_with_gallery()
