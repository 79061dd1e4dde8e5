"""Work that is owed to photos. The rows are the truth; Celery messages only wake workers."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from gallery.models.photos import Photo


class Priority(models.IntegerChoices):
    """Lower runs first."""

    PERSON = 10, "A person waits for it"
    BULK = 50, "Bulk import"
    REINDEX = 90, "Reindexing"


class Job(models.Model):
    """A stage owed to a photo: owed, running (an unexpired lease) or failed (`failed_at`)."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="jobs")
    stage = models.CharField(max_length=32)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.PERSON)
    requests = models.PositiveIntegerField(
        default=1, help_text="Grows when the stage is owed again while it runs, so that it runs once more."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=128, blank=True)
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(default=timezone.now)
    error = models.TextField(blank=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["photo", "stage"], name="stage_owed_once_per_photo")]
        indexes = [
            models.Index(
                fields=["stage", "priority", "id"], condition=Q(failed_at=None), name="job_claim_order"
            ),
            models.Index(fields=["lease_until"], condition=Q(lease_until__isnull=False), name="job_leases"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} of photo {self.photo_id}"


class StageStatistics(models.Model):
    """How often a stage was done and how long it took in all."""

    stage = models.CharField(max_length=32, primary_key=True)
    done = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    paused = models.BooleanField(
        default=False, db_default=False, help_text="Nobody takes up work of the stage until it is resumed."
    )

    def __str__(self) -> str:
        return f"{self.stage}: {self.done} done"


class SharedState(models.Model):
    """A small fact that processes tell each other and that must survive a restart (the state of the model, ...)."""

    key = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.key
