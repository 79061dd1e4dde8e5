"""Groups, matches and decisions in the admin, to look at. What changes them are the review pages and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from dedup.journal import describe
from dedup.models import Group, GroupMember, Match, PairDecision, Resolution

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    # Generic for the type checker only: Django's own classes take no parameters at run time.
    MemberInlineBase = admin.TabularInline[GroupMember, Group]
    GroupAdminBase = admin.ModelAdmin[Group]
    MatchAdminBase = admin.ModelAdmin[Match]
    PairDecisionAdminBase = admin.ModelAdmin[PairDecision]
    ResolutionAdminBase = admin.ModelAdmin[Resolution]
else:
    MemberInlineBase = admin.TabularInline
    GroupAdminBase = MatchAdminBase = PairDecisionAdminBase = ResolutionAdminBase = admin.ModelAdmin


class LookOnly:
    """No one adds, changes or deletes rows here: each would bypass locks, undo and the journal."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def link(url_name: str, pk: int, text: object) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(url_name, args=[pk]), text)


class MemberInline(LookOnly, MemberInlineBase):
    model = GroupMember
    fields = ("photo", "verdict", "reasons")


@admin.register(Group)
class GroupAdmin(LookOnly, GroupAdminBase):
    list_display = ("id", "review", "status", "kind", "confidence", "bytes_saved", "created_at")
    list_filter = ("status", "kind")
    inlines = (MemberInline,)

    @admin.display(description="Review page")
    def review(self, group: Group) -> SafeString:
        return link("duplicate-group", group.pk, "open")


@admin.register(Match)
class MatchAdmin(LookOnly, MatchAdminBase):
    list_display = ("id", "low_photo", "high_photo", "kind", "confidence", "sentence", "engine_version")
    list_filter = ("kind", "engine_version")
    list_select_related = ("low", "high")
    search_fields = ("low__file_name", "high__file_name")

    @admin.display(description="Photo")
    def low_photo(self, match: Match) -> SafeString:
        return link("photo", match.low_id, match.low.file_name)

    @admin.display(description="Photo")
    def high_photo(self, match: Match) -> SafeString:
        return link("photo", match.high_id, match.high.file_name)


@admin.register(PairDecision)
class PairDecisionAdmin(LookOnly, PairDecisionAdminBase):
    list_display = ("id", "low", "high", "kind", "decided_by", "decided_at")
    list_filter = ("kind",)
    list_select_related = ("low", "high", "decided_by")


@admin.register(Resolution)
class ResolutionAdmin(LookOnly, ResolutionAdminBase):
    list_display = ("id", "what", "user", "created_at", "undone_at", "undone_by", "bytes_freed")
    list_filter = ("action",)
    list_select_related = ("user", "undone_by")
    exclude = ("before",)

    @admin.display(description="Decision")
    def what(self, resolution: Resolution) -> str:
        return describe(resolution)
