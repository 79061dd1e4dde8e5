"""Fingerprints are made by the analyse stage, with the previews, from the same decode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from dedup.compare.fingerprint import VERSION
from dedup.hash_index import bit_string
from dedup.models import Fingerprint
from gallery.analyse import Analyser

if TYPE_CHECKING:
    from gallery.models import Photo


class FingerprintAnalyser(Analyser):
    name = "fingerprint"
    compute = "dedup.compare.fingerprint:compute"

    def save(self, photo: Photo, result: dict[str, Any]) -> None:
        """Keep the one fingerprint of the photo, with the version of what made it."""
        phash = result["phash"]
        made = {
            "version": result["version"],
            "phash": None if phash is None else bit_string(phash),
            "phash_quality": result["quality"],
            "features": result["features"],
            "feature_count": result["feature_count"],
            # What was compared with the fingerprint before this one says nothing about it.
            "matched_by": 0,
        }
        # One statement, where looking first would take six.
        Fingerprint.objects.bulk_create(
            [Fingerprint(photo=photo, **made)],
            update_conflicts=True,
            unique_fields=["photo"],
            update_fields=list(made),
        )

    def outdated(self) -> Q:
        return Q(fingerprint=None) | Q(fingerprint__version__lt=VERSION)
