"""The Celery application. PostgreSQL owns the work (gallery/jobs.py); messages only wake workers."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gallery.settings")

app = Celery("likeness")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["gallery"], related_name="tasks")
app.autodiscover_tasks(["gallery"], related_name="embed")
app.autodiscover_tasks(["gallery"], related_name="query_tasks")
app.autodiscover_tasks(["gallery"], related_name="heartbeat")
