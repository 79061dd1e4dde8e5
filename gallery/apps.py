"""The photo library."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class GalleryConfig(AppConfig):
    name = "gallery"
    verbose_name = "Photo library"

    def ready(self) -> None:
        # Sessions import the models, which are there only now.
        from gallery.sessions import note_sign_in

        user_logged_in.connect(note_sign_in, dispatch_uid="gallery.sessions")
