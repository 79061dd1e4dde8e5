"""Addresses of the review pages."""

from django.urls import path

from dedup import detection_views, rules_views, views

urlpatterns = [
    path("", views.queue, name="duplicates"),
    path("start", views.start, name="duplicate-start"),
    path("journal", views.journal, name="duplicate-journal"),
    path("settings/", detection_views.detection, name="duplicate-settings"),
    path("rules/", rules_views.rules, name="duplicate-rules"),
    path("rules/apply", rules_views.apply, name="duplicate-rules-apply"),
    path("undo", views.undo_last, name="duplicate-undo-last"),
    path("undo/<int:pk>", views.undo, name="duplicate-undo"),
    path("<int:pk>", views.group, name="duplicate-group"),
    path("<int:pk>/claim", views.claim, name="duplicate-claim"),
    path("<int:pk>/decide", views.decide, name="duplicate-decide"),
]
