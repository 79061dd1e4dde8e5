"""Addresses of the review pages."""

from django.urls import path

from dedup import bulk_views, detection_views, journal_views, rules_views, views

urlpatterns = [
    path("", views.queue, name="duplicates"),
    path("start", views.start, name="duplicate-start"),
    path("accept", bulk_views.accept, name="duplicate-accept"),
    path("bulk/<int:pk>", bulk_views.bulk_decision, name="duplicate-bulk"),
    path("bulk/<int:pk>/stop", bulk_views.stop, name="duplicate-bulk-stop"),
    path("bulk/<int:pk>/undo", bulk_views.undo, name="duplicate-bulk-undo"),
    path("journal", journal_views.journal, name="duplicate-journal"),
    path("journal.csv", journal_views.journal_csv, name="duplicate-journal-csv"),
    path("journal.json", journal_views.journal_json, name="duplicate-journal-json"),
    path("report", journal_views.report, name="duplicate-report"),
    path("settings/", detection_views.detection, name="duplicate-settings"),
    path("rules/", rules_views.rules, name="duplicate-rules"),
    path("rules/apply", rules_views.apply, name="duplicate-rules-apply"),
    path("undo", views.undo_last, name="duplicate-undo-last"),
    path("undo/<int:pk>", views.undo, name="duplicate-undo"),
    path("<int:pk>", views.group, name="duplicate-group"),
    path("<int:pk>/claim", views.claim, name="duplicate-claim"),
    path("<int:pk>/decide", views.decide, name="duplicate-decide"),
]
