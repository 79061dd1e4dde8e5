"""The Celery application. PostgreSQL owns the work (gallery/jobs.py); messages only wake workers."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gallery.settings")

app = Celery("likeness")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["gallery", "gallery.embed", "gallery.query_tasks"], related_name=None)
app.autodiscover_tasks(["gallery"], related_name="tasks")
