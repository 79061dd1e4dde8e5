"""Whether there is a model for descriptions: found out by worker processes, read by everyone.

The web holds no model, so the embedding worker writes down what became of loading it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from gallery.models import SharedState

STATE_KEY = "model"
# A failed download costs a worker a minute of waiting for the network, so it is not tried with every check.
DOWNLOAD_RETRY = timedelta(minutes=10)

NOT_TRIED = (
    "The model was not loaded yet. An embedding worker does so when it starts; "
    "start one (the process `embed`) if none runs."
)
DATABASE_AWAY = "The state of the model is unknown, because the database does not answer."


@dataclass(frozen=True)
class ModelStatus:
    """Whether pictures and texts can be embedded.

    `version` names the model in the rows of Embedding ("" while there is none). `message` says, when there is
    none, why and what to do, in sentences.
    """

    available: bool
    version: str = ""
    message: str = ""

    @property
    def notice(self) -> str:
        """What a page says about it; empty when all is well."""
        return "" if self.available else f"Descriptions are off: {self.message}"


def model_status() -> ModelStatus:
    """The state of the model that settings ask for, as a worker last found it. Never raises."""
    try:
        row = SharedState.objects.filter(key=STATE_KEY).first()
    except DatabaseError:
        return ModelStatus(available=False, message=DATABASE_AWAY)
    if row is None or row.value.get("asked_for") != asked_for():
        return ModelStatus(available=False, message=NOT_TRIED)
    return ModelStatus(row.value["available"], row.value["version"], row.value["message"])


def save_model_status(status: ModelStatus) -> None:
    """Tell all processes what became of loading the model."""
    _save(
        asked_for=asked_for(),
        available=status.available,
        version=status.version,
        message=status.message,
    )


def missing_file() -> str:
    """Why there is no model where the settings name a file of weights that is not there; else empty.

    Asked before the model is loaded, as the libraries for it take seconds and hundreds of megabytes.
    """
    weights = settings.CLIP_PRETRAINED
    if os.sep not in weights or Path(weights).expanduser().is_file():
        return ""
    return f"CLIP_PRETRAINED is {weights!r}, which is no file here. Put the checkpoint there, or correct the setting."


def download_is_due() -> bool:
    """Whether a download may be tried now, or was in vain a short while ago."""
    row = SharedState.objects.filter(key=STATE_KEY).first()
    if row is None or row.value.get("asked_for") != asked_for() or not row.value.get("download_tried_at"):
        return True
    return timezone.now() - datetime.fromisoformat(row.value["download_tried_at"]) >= DOWNLOAD_RETRY


def note_download() -> None:
    """Remember that a download is tried now, and say so while it runs."""
    save_model_status(
        ModelStatus(
            available=False, message="The model is being loaded; a first download takes some minutes."
        )
    )
    _save(download_tried_at=timezone.now().isoformat())


def asked_for() -> list[str]:
    """What settings ask for; the state of another model says nothing about it."""
    return [settings.CLIP_MODEL, settings.CLIP_PRETRAINED, settings.CLIP_DEVICE]


def _save(**values: object) -> None:
    row, _ = SharedState.objects.get_or_create(key=STATE_KEY)
    row.value = {**row.value, **values}
    row.save()
