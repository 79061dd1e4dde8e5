"""Photos over the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja import Field, File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile

from gallery import pipeline
from gallery.access import editable_photo, visible_photo
from gallery.api.common import (
    ApiError,
    CursorText,
    PhotoId,
    QueryText,
    Text,
    Throttle,
    errors,
    require_reader,
    require_uploader,
)
from gallery.api.photo_json import photo_json, photos_json
from gallery.api.schemas import PhotoDetail, PhotoList, SimilarPhotos, Uploaded
from gallery.edit import PhotoChanges, change_photo
from gallery.intake import Accepted, Outcome, RefusedFile, UploadOptions, accept_upload
from gallery.models import MAX_RATING, Photo, User, Visibility
from gallery.search import BadCursor, search
from gallery.search.similar import similar_photos
from gallery.soundness import lost_digests
from gallery.storage import BrokenWrite, StorageFull
from gallery.tags import BadTag
from gallery.throttle import SEARCHES, UPLOADS
from gallery.trash import CannotRestore, restore_photos, trash_photos
from gallery.uploads import FileTooLarge, ReceivedUpload

router = Router(tags=["photos"])

MAX_PAGE = 500
MAX_CHECKED = 1000

PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many photos a page has at most.")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$", min_length=64, max_length=64)]
Upload = Annotated[
    UploadedFile,
    File(description="The picture: JPEG, PNG, GIF, WebP, TIFF, AVIF, HEIC, JPEG XL or camera RAW."),
]


class UploadForm(Schema):
    tags: list[str] = Field([], description="Tags for it, in several fields or with commas between them.")
    album: Text = Field(
        "",
        max_length=255,
        description="An album of yours to put it into; made where there is none of this name.",
    )
    on_duplicate: Literal["report", "keep"] = Field(
        "report", description="`keep`: report no near-duplicates of it, and bring it back from the trash."
    )
    visibility: Visibility = Field(Visibility.MEMBERS, description="Who sees it beside you and moderators.")


class CheckBody(Schema):
    sha256: list[Sha256] = Field(
        max_length=MAX_CHECKED, description="SHA-256 digests of files, in hexadecimal digits."
    )


class CheckAnswer(Schema):
    known: dict[str, int] = Field(description="Digest -> id of the photo; what is not here is left out.")


class PhotoPatch(Schema):
    title: Text | None = Field(None, max_length=255, description="The new title.")
    description: Text | None = Field(None, max_length=20_000, description="The new description.")
    tags: list[str] | None = Field(None, description="All its tags from now on.")
    favourite: bool | None = Field(None, description="Whether it is a favourite.")
    rating: int | None = Field(None, ge=0, le=MAX_RATING, description="0 for none.")
    visibility: Visibility | None = Field(None, description="Who sees it beside its owner and moderators.")


@router.post(
    "photos",
    response={201: Uploaded, 200: Uploaded, **errors(413, 415, 422, 429, 507)},
    throttle=Throttle(UPLOADS),
    summary="Upload a photo",
)
def upload_photo(request: HttpRequest, form: Form[UploadForm], file: Upload) -> Status[dict[str, Any]]:
    """Store the file and start its analysis. Bytes that are here already are answered with 200 and never doubled.

    `on_duplicate=keep`: near-duplicates of this photo are not reported, and bytes that lie in the trash come back.
    """
    user = require_uploader(request)
    if not isinstance(file, ReceivedUpload):
        raise ApiError(400, "no-file", "Send the file as multipart form data.")
    accepted = accept_or_refuse(user, file, form)
    status = 201 if accepted.outcome is Outcome.CREATED else 200
    answer = photo_json(accepted.photo, user)
    answer["duplicate_of"] = accepted.photo.pk if status == 200 else None
    answer["reason"] = accepted.outcome.value if status == 200 else ""
    return Status(status, answer)


def accept_or_refuse(user: User, file: ReceivedUpload, form: UploadForm) -> Accepted:
    """Take the file in. Raises ApiError with the status that says why it was not taken."""
    tags = [tag for entry in form.tags for tag in entry.split(",") if tag.strip()]
    try:
        options = UploadOptions(
            tags=tags,
            album=form.album.strip(),
            keep_duplicates=form.on_duplicate == "keep",
            visibility=form.visibility,
        )
        return accept_upload(owner=user, received=file.received, options=options)
    except BadTag as error:
        raise ApiError(422, "bad-tag", str(error)) from error
    except RefusedFile as error:
        raise ApiError(415, "unsupported-file", str(error)) from error
    except FileTooLarge as error:
        raise ApiError(413, "too-large", str(error)) from error
    except StorageFull as error:
        raise ApiError(
            507, "storage-full", f"{error} Nothing was stored; free some space and try again."
        ) from error
    except BrokenWrite as error:
        raise ApiError(507, "storage-broken", f"{error} Check the disk of the library.") from error


@router.post(
    "photos/check", response={200: CheckAnswer, **errors(413, 422)}, summary="Which files are here already"
)
def check_photos(request: HttpRequest, body: CheckBody) -> dict[str, Any]:
    """The ids of photos, among those that you may see, with these SHA-256 digests.

    Photos whose original is known to be lost are left out: send the file, and it is put back.
    """
    user = require_reader(request)
    digests = [digest.lower() for digest in body.sha256]
    rows = Photo.objects.visible_to(user).with_content(*digests).order_by("-pk")
    found = list(rows.values_list("pk", "upload_sha256", "stored_sha256"))
    lost = set(lost_digests([stored for _, _, stored in found]))
    here = {name: pk for pk, *names in found if names[1] not in lost for name in names}
    return {"known": {digest: here[digest] for digest in digests if digest in here}}


@router.get(
    "photos",
    response={200: PhotoList, **errors(422, 429)},
    throttle=Throttle(SEARCHES, queries=True),
    summary="Search, or list newest first",
)
def list_photos(
    request: HttpRequest, q: QueryText = "", cursor: CursorText = "", limit: PageSize = 60
) -> dict[str, Any]:
    """One page of the photos that the query finds; `next` is the cursor of the next page."""
    user = require_reader(request)
    try:
        page = search(user, q, cursor=cursor or None, limit=limit)
    except BadCursor as error:
        raise ApiError(400, "bad-cursor", str(error)) from error
    return {
        "items": photos_json(page.photos, user),
        "next": page.next_cursor,
        "total": page.total,
        "total_is_exact": page.total_is_exact,
        "understood": page.understood,
        "warnings": page.warnings,
        "stopped": page.stopped or "",
    }


@router.get(
    "photos/{int:photo_id}", response={200: PhotoDetail, **errors(404)}, summary="Everything about a photo"
)
def get_photo(request: HttpRequest, photo_id: PhotoId) -> dict[str, Any]:
    """What the list shows, and also what the file says of itself, its state per stage and its copies."""
    user = require_reader(request)
    return photo_json(visible_photo(user, photo_id), user, detail=True)


@router.patch(
    "photos/{int:photo_id}", response={200: PhotoDetail, **errors(404, 413, 422)}, summary="Change a photo"
)
def patch_photo(request: HttpRequest, photo_id: PhotoId, body: PhotoPatch) -> dict[str, Any]:
    """Change what is given; `tags` replaces all tags."""
    user = require_uploader(request)
    photo = editable_or_forbidden(user, photo_id)
    try:
        change_photo(photo=photo, changes=PhotoChanges(**body.dict(exclude_unset=True)))
    except BadTag as error:
        raise ApiError(422, "bad-tag", str(error)) from error
    return photo_json(visible_photo(user, photo_id), user, detail=True)


@router.delete(
    "photos/{int:photo_id}", response={200: PhotoDetail, **errors(404)}, summary="Move to the trash"
)
def delete_photo(request: HttpRequest, photo_id: PhotoId) -> dict[str, Any]:
    """The photo can be restored until its retention is over."""
    user = require_uploader(request)
    trash_photos(photos=[editable_or_forbidden(user, photo_id)], by=user)
    return photo_json(visible_photo(user, photo_id), user, detail=True)


@router.post(
    "photos/{int:photo_id}/restore",
    response={200: PhotoDetail, **errors(404, 409)},
    summary="Bring back from the trash",
)
def restore_photo(request: HttpRequest, photo_id: PhotoId) -> dict[str, Any]:
    """For its owner and moderators. 409 when the same bytes have been uploaded anew meanwhile."""
    user = require_uploader(request)
    try:
        restore_photos(photos=[editable_or_forbidden(user, photo_id)], by=user)
    except CannotRestore as error:
        raise ApiError(409, "already-live", str(error)) from error
    return photo_json(visible_photo(user, photo_id), user, detail=True)


@router.post(
    "photos/{int:photo_id}/retry", response={200: PhotoDetail, **errors(404)}, summary="Retry failed stages"
)
def retry_photo(request: HttpRequest, photo_id: PhotoId) -> dict[str, Any]:
    """Owe the stages that failed once more. Nothing happens where none has failed."""
    user = require_uploader(request)
    pipeline.retry_failed(photo_ids=[editable_or_forbidden(user, photo_id).pk])
    return photo_json(visible_photo(user, photo_id), user, detail=True)


@router.get(
    "photos/{int:photo_id}/similar",
    response={200: SimilarPhotos, **errors(404, 422, 429)},
    throttle=Throttle(SEARCHES),
    summary="Photos like this one",
)
def list_similar(
    request: HttpRequest,
    photo_id: PhotoId,
    by: Annotated[
        Literal["look", "tags", "colour", "structure"], Query(description="In what they are alike.")
    ] = "look",
    limit: PageSize = 24,
) -> dict[str, Any]:
    """`by`: what is shown on it (look), shared tags, its colours, or how it is built (structure)."""
    user = require_reader(request)
    answer = similar_photos(user, visible_photo(user, photo_id), by=by, limit=limit)
    items = photos_json([hit.photo for hit in answer.hits], user)
    return {
        "items": [
            {"photo": item, "score": hit.score, "reason": hit.reason}
            for item, hit in zip(items, answer.hits, strict=True)
        ],
        "note": answer.note,
    }


def editable_or_forbidden(user: User, photo_id: int) -> Photo:
    """The photo, when the user may change it. Raises Http404, or ApiError 403 when they may only see it."""
    try:
        return editable_photo(user, photo_id)
    except PermissionDenied as error:
        raise ApiError(403, "not-yours", str(error)) from error
