"""Addresses of the pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from gallery.views import (
    account,
    albums,
    grid,
    jobs,
    library,
    media,
    metrics,
    photo,
    search,
    tags,
    trash,
    upload,
)

urlpatterns = [
    path("", library.library, name="library"),
    path("grid/layout", grid.layout, name="grid-layout"),
    path("grid/details", grid.details, name="grid-details"),
    path("photos/bulk", photo.bulk, name="photos-bulk"),
    path("photos/<int:pk>", photo.photo, name="photo"),
    path("photos/<int:pk>/edit", photo.edit, name="photo-edit"),
    path("photos/<int:pk>/trash", photo.trash, name="photo-trash"),
    path("media/previews/<int:pk>/<int:size>", media.preview, name="preview"),
    path("media/originals/<int:pk>", media.original, name="original"),
    path("upload", upload.upload, name="upload"),
    path("search", search.results, name="search"),
    path("search/suggest", search.suggest, name="search-suggest"),
    path("tags/", tags.tags, name="tags"),
    path("tags/suggest", tags.suggest, name="tags-suggest"),
    path("albums/", albums.albums, name="albums"),
    path("albums/names", albums.names, name="album-names"),
    path("albums/<int:pk>", albums.album, name="album"),
    path("albums/<int:pk>/edit", albums.edit, name="album-edit"),
    path("albums/<int:pk>/delete", albums.delete, name="album-delete"),
    path("albums/<int:pk>/take-out", albums.take_out, name="album-take-out"),
    path("trash/", trash.trash, name="trash"),
    path("trash/restore", trash.restore, name="trash-restore"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/retry", jobs.retry, name="jobs-retry"),
    path("jobs/<slug:stage>/pause", jobs.pause, name="jobs-pause"),
    path("account", account.account, name="account"),
    path("account/password", account.password, name="account-password"),
    path("account/tokens", account.add_token, name="account-tokens"),
    path("account/tokens/<int:pk>/revoke", account.revoke_token, name="account-token-revoke"),
    path("metrics", metrics.metrics, name="metrics"),
    path("login", account.Login.as_view(), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
]
