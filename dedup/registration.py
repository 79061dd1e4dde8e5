"""What the duplicates add to the gallery: panels, matches, the badge in the navigation, listeners, search fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Sum

from dedup.consistency import GROUPS_CHECK
from dedup.listeners import GroupKeeper
from dedup.models import Group, GroupMember, GroupStatus, Resolution
from dedup.panels import PHOTO_PANEL, matches_for, notes_for
from dedup.review import open_count
from dedup.search_fields import register_search_fields
from dedup.structure import CopyExaminer, StructureFinder
from dedup.tasks import wake_stalled
from gallery import registry

if TYPE_CHECKING:
    from gallery.models import User


def register_with_gallery() -> None:
    """Called once, when all apps are loaded."""
    registry.photo_listeners.append(GroupKeeper())
    registry.photo_panels.append(PHOTO_PANEL)
    registry.photo_notes.append(notes_for)
    registry.matches_of_photo.append(matches_for)
    registry.structure_rankers.append(StructureFinder())
    registry.example_examiners.append(CopyExaminer())
    register_search_fields()
    registry.measures.append(
        registry.Measure("duplicate_groups", "Groups of duplicates.", "status", groups_by_status)
    )
    registry.statistics_facts.append(facts_for)
    registry.consistency_checks.append(GROUPS_CHECK)
    registry.sweeps.append(wake_stalled)
    registry.moderator_links.append(registry.MenuLink("Journal", "duplicate-journal", "history"))
    registry.moderator_links.append(registry.MenuLink("Best copy", "duplicate-rules", "list-ordered"))
    registry.waiting_work.append(
        registry.WaitingWork(label="Duplicates", url_name="duplicates", count=waiting_groups)
    )


def groups_by_status() -> dict[str, float]:
    """How many groups there are of each status."""
    counted = dict(Group.objects.order_by().values_list("status").annotate(count=Count("pk")))
    return {status: float(counted.get(status, 0)) for status in GroupStatus.values}


def waiting_groups(user: User) -> int:
    """Open groups that wait for this person: none for those who do not decide."""
    return open_count() if user.may_moderate else 0


def facts_for(user: User) -> list[registry.StatisticsFact]:
    """Duplicates found and bytes that decisions freed: for those who decide, as they tell of everybody's photos."""
    if not user.may_moderate:
        return []
    freed = Resolution.objects.filter(undone_at=None).aggregate(freed=Sum("bytes_freed"))["freed"]
    found = GroupMember.objects.exclude(group__status=GroupStatus.DISMISSED).count()
    return [
        registry.StatisticsFact("Photos with copies", found, url_name="duplicates"),
        registry.StatisticsFact("Saved by decisions", freed or 0, is_size=True, url_name="duplicate-journal"),
    ]
