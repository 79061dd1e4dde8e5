"""Search by picture, and how a query is understood, over the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, File, Form, Query, Router, Schema
from ninja.files import UploadedFile

from gallery.api.common import ApiError, QueryText, Throttle, errors, require_reader
from gallery.api.photo_json import photos_json
from gallery.api.schemas import ImageHits, ParsedQuery
from gallery.describe import ExampleUnavailable, picture_answer
from gallery.intake import RefusedFile, sniff_received
from gallery.search import search
from gallery.search.parsing import parse_for
from gallery.throttle import EXAMPLES
from gallery.uploads import ReceivedUpload

router = Router(tags=["search"])


Words = Annotated[Literal["", "tags"], Query(description="`tags`: take every word for a known tag.")]
Example = Annotated[UploadedFile, File(description="The example picture.")]


class ImageForm(Schema):
    q: str = Field("", description="A query that the photos have to fit as well.")
    limit: int = Field(24, ge=1, le=500, description="How many photos to answer with at most.")


@router.get("search/parse", response={200: ParsedQuery, **errors(422)}, summary="How a query is understood")
def parse_query(request: HttpRequest, q: QueryText = "", words: Words = "") -> dict[str, Any]:
    """With `words=tags` every word counts as a known tag."""
    user = require_reader(request)
    return parse_for(user, q, words_are_tags=words == "tags")


@router.post(
    "search/image",
    response={200: ImageHits, **errors(413, 415, 422, 429, 507)},
    throttle=Throttle(EXAMPLES),
    summary="Search by an example picture",
)
def search_by_image(request: HttpRequest, form: Form[ImageForm], file: Example) -> dict[str, Any]:
    """Photos like the picture, best first, each with a verdict where it is a copy. The picture is not kept."""
    user = require_reader(request)
    if not isinstance(file, ReceivedUpload):
        raise ApiError(400, "no-file", "Send the picture as multipart form data.")
    if file.received.problem is not None:
        raise ApiError(507, "storage-full", str(file.received.problem))
    try:
        sniffed = sniff_received(file.received)
        example = picture_answer(file.received.path, sniffed.media_type)
    except RefusedFile as error:
        raise ApiError(415, "unsupported-file", str(error)) from error
    except ExampleUnavailable as error:
        raise ApiError(503, "query-worker-away", str(error)) from error
    page = search(user, form.q, example=example, limit=form.limit)
    items = photos_json(page.photos, user)
    return {
        "items": [
            {"photo": item, "score": page.scores.get(item["id"]), "verdict": page.verdicts.get(item["id"])}
            for item in items
        ],
        "understood": page.understood,
        "warnings": page.warnings,
    }
