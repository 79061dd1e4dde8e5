"""SQL: which photos may be compared and grouped at all."""

from gallery.models import PhotoState

# Damaged photos are never paired: what is missing of them proves nothing.
LIVE_AND_SOUND = f"photo.trashed_at IS NULL AND photo.state = '{PhotoState.READY}'"
