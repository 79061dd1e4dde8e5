"""What is known about photos being the same picture, and what people decided about it."""

from __future__ import annotations

from typing import Self, TypeVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from pgvector.django import BitField

from gallery.models import Photo, User

PHASH_BITS = 256


class Verdict(models.TextChoices):
    """What a verified pair is, strongest first."""

    IDENTICAL_PIXELS = "identical-pixels", "Identical pixels"
    SAME_PICTURE = "same-picture", "Same picture"
    EDITED = "edited", "Edited"
    CROP = "crop", "Crop"
    ROTATED = "rotated", "Turned or mirrored"
    NEAR_SHOT = "near-shot", "Near shot"


class Fingerprint(models.Model):
    """What makes a photo findable as a copy; made by the analyse stage."""

    photo = models.OneToOneField(Photo, on_delete=models.CASCADE, related_name="fingerprint")
    version = models.PositiveSmallIntegerField()
    phash = BitField(
        length=PHASH_BITS, null=True, help_text="Null for dull pictures, which no hash tells apart."
    )
    phash_quality = models.PositiveSmallIntegerField(default=0)
    features = models.BinaryField(default=bytes, help_text="As dedup.compare.fingerprint packs them.")
    feature_count = models.PositiveIntegerField(default=0)
    matched_by = models.PositiveSmallIntegerField(
        default=0, help_text="Version of the engine that compared the photo with its candidates last."
    )
    words_version = models.PositiveSmallIntegerField(
        default=0, help_text="Version whose hash and words of local features are in the indexes."
    )
    looked_by = models.CharField(
        max_length=200,
        blank=True,
        help_text="The model by whose vector the photo's neighbours were compared last.",
    )
    refused = ArrayField(
        models.BigIntegerField(),
        default=list,
        help_text="Photos that were compared and are no copies; kept until the photo's neighbours by a model come.",
    )

    def __str__(self) -> str:
        return f"fingerprint of photo {self.photo_id}"


class WordPostings(models.Model):
    """Which photos have a word of local features. An inverted index: ids of removed photos may remain."""

    key = models.IntegerField(primary_key=True, help_text="Version of the fingerprint and 24-bit word.")
    photo_ids = ArrayField(models.IntegerField())

    def __str__(self) -> str:
        return f"word {self.key}: {len(self.photo_ids)} photos"


class FreshWord(models.Model):
    """A word of a photo that has yet to come into the row of its word: see dedup.word_index."""

    pk = models.CompositePrimaryKey("key", "photo_id")
    key = models.IntegerField()
    photo_id = models.IntegerField()

    def __str__(self) -> str:
        return f"word {self.key} of photo {self.photo_id}"


class HashEntry(models.Model):
    """The hash of a clear photo, under which it is found: see dedup.hash_index."""

    photo = models.OneToOneField(Photo, on_delete=models.CASCADE, primary_key=True, related_name="+")
    version = models.PositiveSmallIntegerField()
    bits = BitField(length=PHASH_BITS, help_text="The bits in the order of the chunks that are looked up.")

    def __str__(self) -> str:
        return f"hash of photo {self.photo_id}"


class KindSetting(models.Model):
    """Which verified pairs of a kind form groups. A kind without a row is on, whatever its confidence."""

    kind = models.CharField(max_length=20, choices=Verdict.choices, primary_key=True)
    is_on = models.BooleanField(default=True)
    least_confidence = models.FloatField(default=0.0, help_text="0 to 1; less sure pairs form no group.")
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(least_confidence__gte=0, least_confidence__lte=1),
                name="least_confidence_is_share",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {f'from {self.least_confidence:.1%}' if self.is_on else 'off'}"


PairT = TypeVar("PairT", bound="PairOfPhotos")


class PairQuerySet(models.QuerySet[PairT]):
    def of_photo(self, photo_id: int) -> Self:
        """Pairs with this photo on either side."""
        return self.filter(Q(low_id=photo_id) | Q(high_id=photo_id))


class PairOfPhotos(models.Model):
    """An unordered pair, stored with the lower id first."""

    low = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="+")
    high = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True

    def partner_of(self, photo_id: int) -> int:
        """The other photo of the pair."""
        return self.high_id if photo_id == self.low_id else self.low_id


class MatchQuerySet(PairQuerySet["Match"]):
    def undecided(self) -> MatchQuerySet:
        """Pairs on which nobody has decided yet."""
        decisions = PairDecision.objects.filter(low=OuterRef("low"), high=OuterRef("high"))
        return self.exclude(Exists(decisions))

    def grouping(self) -> MatchQuerySet:
        """Undecided pairs that form groups as the settings of detection are now."""
        kept_out = KindSetting.objects.filter(kind=OuterRef("kind")).filter(
            Q(is_on=False) | Q(least_confidence__gt=OuterRef("confidence"))
        )
        return self.undecided().exclude(Exists(kept_out))


class Match(PairOfPhotos):
    """A verified pair: its kind, how sure we are, and the evidence a person can check."""

    kind = models.CharField(max_length=20, choices=Verdict.choices)
    confidence = models.FloatField()
    transform = models.JSONField(
        null=True, help_text="2x3 affine map from low to high, both in units of their own width and height."
    )
    mirrored = models.BooleanField(default=False)
    evidence = models.JSONField(default=dict)
    sentence = models.TextField()
    engine_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MatchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="match_once_per_pair"),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="match_low_before_high"),
        ]
        indexes = [models.Index(fields=["kind", "confidence"], name="match_kind_confidence")]

    def __str__(self) -> str:
        return f"{self.low_id} ~ {self.high_id}: {self.kind}"


class GroupStatus(models.TextChoices):
    OPEN = "open", "Open"
    RESOLVED = "resolved", "Resolved"
    DISMISSED = "dismissed", "Dismissed"


class Group(models.Model):
    """Photos that are, each of them verified against the keeper, the same picture."""

    status = models.CharField(max_length=10, choices=GroupStatus.choices, default=GroupStatus.OPEN)
    version = models.PositiveIntegerField(default=1, help_text="Grows with every change; decisions name it.")
    kind = models.CharField(
        max_length=20, choices=Verdict.choices, help_text="The weakest kind among the members."
    )
    confidence = models.FloatField()
    suggested_keeper = models.ForeignKey(Photo, null=True, on_delete=models.SET_NULL, related_name="+")
    why = models.JSONField(default=list, help_text="Sentences that say why the suggested keeper is the best.")
    bytes_saved = models.BigIntegerField(default=0, help_text="Freed when all but the keeper go.")
    gain = models.GeneratedField(
        expression=F("confidence") * F("bytes_saved"), output_field=models.FloatField(), db_persist=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    photos = models.ManyToManyField(Photo, through="GroupMember", related_name="duplicate_groups")

    class Meta:
        indexes = [
            models.Index(fields=["status", "-gain", "-id"], name="group_queue_order"),
            models.Index(fields=["status", "kind"], name="group_counts"),
        ]

    def __str__(self) -> str:
        return f"group {self.pk} ({self.kind}, {self.status})"


class GroupClaim(models.Model):
    """Who looks at a group, so that nobody else is given it meanwhile. Past `until` it says nothing."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, primary_key=True, related_name="claim")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"group {self.group_id} for user {self.user_id} until {self.until:%H:%M:%S}"


class ReviewVisit(models.Model):
    """When a person last looked at the queue, and when the visit before that ended."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    seen_at = models.DateTimeField()
    before_at = models.DateTimeField(null=True, help_text="Null during the first visit.")

    def __str__(self) -> str:
        return f"visit of user {self.user_id} at {self.seen_at:%Y-%m-%d %H:%M}"


class GroupMember(models.Model):
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members")
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="group_memberships")
    verdict = models.CharField(
        max_length=20, choices=Verdict.choices, blank=True, help_text="Against the keeper."
    )
    reasons = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "photo"], name="photo_once_per_group")]

    def __str__(self) -> str:
        return f"photo {self.photo_id} in group {self.group_id}"


class BulkDecision(models.Model):
    """Suggestions of many groups accepted at once, or that being taken back; a worker does it group by group.

    What came of it is counted among its resolutions, of which each can be taken back by itself as well.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        DONE = "done", "Done"
        UNDOING = "undoing", "Taking back"
        UNDONE = "undone", "Taken back"

    ENDS = {State.RUNNING: State.DONE, State.UNDOING: State.UNDONE}
    """States with work left, and how that ends."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    filter = models.JSONField(default=dict, help_text="The filter of the queue, as its address has it.")
    merge = models.JSONField(default=list, help_text="What the kept photos take over.")
    groups = models.JSONField(
        default=list, help_text="[id, version] of groups to decide, or the ids of decisions to take back."
    )
    total = models.PositiveIntegerField(help_text="How many these are, so that they need not be read.")
    position = models.PositiveIntegerField(default=0, help_text="How many of them were looked at so far.")
    turn = models.PositiveIntegerField(
        default=0, help_text="Grows when another chain of tasks takes over; the older one ends by it."
    )
    skipped = models.PositiveIntegerField(default=0, help_text="Left as they are.")
    notes = models.JSONField(default=list, help_text="Why some were left as they are: the first sentences.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"bulk decision {self.pk}: {self.position} of {self.total}, {self.state}"

    @property
    def is_working(self) -> bool:
        return self.state in self.ENDS

    @property
    def worker_for(self) -> User | None:
        """On whose behalf it is worked on now."""
        return self.undone_by if self.state == self.State.UNDOING else self.user


class Resolution(models.Model):
    """What a person decided about a group, with all that is needed to take it back."""

    class Action(models.TextChoices):
        RESOLVE = "resolve", "Kept some, trashed the rest"
        DISMISS = "dismiss", "Not duplicates"
        STACK = "stack", "Stacked under one of them"

    # A group that vanishes (its photos were removed, or joined another group) leaves its journal behind.
    group = models.ForeignKey(Group, null=True, on_delete=models.SET_NULL, related_name="resolutions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    action = models.CharField(max_length=8, choices=Action.choices)
    kept = models.JSONField(default=list)
    trashed = models.JSONField(default=list)
    bytes_freed = models.BigIntegerField(default=0)
    why = models.JSONField(default=list, help_text="What spoke for it, in sentences, as it was known then.")
    bulk = models.ForeignKey(BulkDecision, null=True, on_delete=models.SET_NULL, related_name="resolutions")
    before = models.JSONField(default=dict, help_text="The rows that the decision changed, as they were.")
    created_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"resolution {self.pk} of group {self.group_id}"


class PairDecision(PairOfPhotos):
    """A person's word on a pair; it outlives re-runs and threshold changes."""

    class Kind(models.TextChoices):
        NOT_DUPLICATES = "not-duplicates", "Not duplicates"
        KEPT_BOTH = "kept-both", "Both kept"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(auto_now_add=True)
    resolution = models.ForeignKey(Resolution, null=True, on_delete=models.SET_NULL, related_name="decisions")

    objects = PairQuerySet["PairDecision"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="decision_once_per_pair"),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="decision_low_before_high"),
        ]

    def __str__(self) -> str:
        return f"{self.low_id} and {self.high_id}: {self.kind}"


class KeeperRules(models.Model):
    """By what the photo of a group to keep is chosen: one row, none while the usual rules hold."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    rules = models.JSONField(
        help_text="Texts as dedup.compare.keeper_rules reads them, what counts most first."
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_set_of_keeper_rules")]

    def __str__(self) -> str:
        return f"keeper rules of {self.changed_at:%Y-%m-%d %H:%M}"
