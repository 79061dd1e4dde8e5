"""Who may do what over the API. Whatever method an address does not name here is answered with 405, HEAD included."""

from __future__ import annotations

from typing import Any

from dedup.compare.keeper_rules import DEFAULT_RULES, text_of
from tests.factories import plain_jpeg
from tests.security.library import VISIBILITIES, Library
from tests.security.rules import ALL, SAFE, Body, Bytes, Form, Json, Rule, picture

NEW_PICTURE = plain_jpeg((1, 2, 3), (31, 17))


def json(**fields: Any) -> Body:
    return lambda library: Json(fields)


def photos(*things: str, **fields: Any) -> Body:
    """JSON that names photos."""
    return lambda library: Json({"photos": [getattr(library, thing).pk for thing in things]} | fields)


def upload(library: Library) -> Form:
    return Form({"file": picture(NEW_PICTURE)})


def keep_both(library: Library) -> Json:
    return Json({"keep": [library.private.pk, library.copy.pk], "version": library.group.version})


def stack(library: Library) -> Json:
    return Json({"cover": library.private.pk, "version": library.group.version})


def keeper_rules(library: Library) -> Json:
    return Json({"rules": [text_of(rule) for rule in DEFAULT_RULES]})


def api(methods: str, url: str, *rest: Any, **named: Any) -> Rule:
    """A rule about an address below /api/v1/."""
    return Rule(methods, f"api/v1/{url}", *rest, **named)


LISTS = [
    api("GET", "photos", "api visitors", query="q=sea"),
    api("POST", "photos", "api uploaders", 201, body=upload),
    api("POST", "photos/check", "api askers", body=json(sha256=["0" * 64])),
    api("GET", "search/parse", "api visitors", query="q=sea"),
    api("POST", "search/image", "api askers", body=upload),
    api("GET", "albums", "api visitors"),
    api("POST", "albums", "api people", 201, body=json(name="new name")),
    api("GET", "searches", "api visitors"),
    api("POST", "searches", "api people", 201, body=json(name="new name", query="sea")),
    api("GET", "tags", "api visitors"),
    api("GET", "tag-categories", "api visitors"),
    api("GET", "trash", "api askers"),
    api("POST", "trash/purge", "api admins", body=json(photos=[], count=0)),
    api("GET", "tokens", "api askers"),
    api("POST", "tokens", "api askers", 201, body=json(name="new", scopes=["read"])),
    api("DELETE", "tokens/<int:token_id>", "api owner alone", 204, "own_token"),
    api("GET", "jobs", "api visitors"),
    api("GET", "health", "api health"),
    # The description of the API is the same for every installation.
    api(SAFE, "openapi.json", "api everyone"),
    api(SAFE, "docs", "api everyone"),
    api(ALL, "", "api nobody"),
]


def api_of_things(visibility: str) -> list[Rule]:
    """A photo, a stack, an album and a saved search of this visibility."""
    see, alter = f"api see {visibility}", f"api alter {visibility}"
    edit = "api edit private" if visibility == "private" else "api edit members"
    photo, stacked = visibility, f"stacked_{visibility}"
    album, search = f"album_{visibility}", f"search_{visibility}"
    return [
        api("GET", "photos/<int:photo_id>", see, thing=photo),
        api("PATCH", "photos/<int:photo_id>", edit, 200, photo, json(title="new")),
        api("DELETE", "photos/<int:photo_id>", edit, 200, photo),
        api("POST", "photos/<int:photo_id>/retry", edit, 200, photo),
        *(
            api("GET", "photos/<int:photo_id>/similar", see, thing=photo, query=f"by={way}")
            for way in ("look", "tags", "colour", "structure")
        ),
        api("POST", "stacks", edit, 201, body=photos(visibility, stacked)),
        api("GET", "stacks/<int:photo_id>", see, thing=stacked),
        api("POST", "stacks/<int:photo_id>/cover", edit, 200, stacked),
        api("DELETE", "stacks/<int:photo_id>", edit, 204, stacked),
        api("GET", "albums/<int:album_id>", see, thing=album),
        api("PATCH", "albums/<int:album_id>", alter, 200, album, json(name="new name")),
        api("DELETE", "albums/<int:album_id>", alter, 204, album),
        api("POST", "albums/<int:album_id>/photos", alter, 200, album, photos(stacked)),
        api("POST", "albums/<int:album_id>/photos/remove", alter, 200, album, photos(photo)),
        api("POST", "albums/<int:album_id>/order", alter, 200, album, photos(photo)),
        api("GET", "searches/<int:search_id>", see, thing=search),
        api("PATCH", "searches/<int:search_id>", alter, 200, search, json(name="new name")),
        api("DELETE", "searches/<int:search_id>", alter, 204, search),
    ]


MODERATION = [
    api("GET", "photos/<int:photo_id>", "api see trashed", thing="trashed"),
    api("POST", "photos/<int:photo_id>/restore", "api edit private", 200, "trashed"),
    api("PATCH", "tags/<int:tag_id>", "api moderators", 200, "tag", json(name="pharos")),
    api("POST", "tags/<int:tag_id>/merge", "api moderators", 200, "tag", json(into="sea")),
    api("POST", "tags/<int:tag_id>/aliases", "api moderators", 200, "tag", json(name="pharos")),
    api(
        "DELETE", "tags/<int:tag_id>/aliases/<name>", "api moderators", thing="tag", parts={"name": "beacon"}
    ),
    api("POST", "tag-categories", "api moderators", 201, body=json(name="people")),
    api("PATCH", "tag-categories/<int:category_id>", "api moderators", 200, "category", json(name="all")),
    api("DELETE", "tag-categories/<int:category_id>", "api moderators", 204, "category"),
    api("POST", "jobs/<stage>/pause", "api moderators", parts={"stage": "match"}),
    api("POST", "jobs/<stage>/resume", "api moderators", parts={"stage": "match"}),
    api("GET", "duplicates", "api moderators"),
    api("GET", "duplicates/settings", "api moderators"),
    api("PUT", "duplicates/settings", "api moderators", body=json(settings=[{"kind": "crop", "on": False}])),
    api("GET", "duplicates/rules", "api moderators"),
    api("PUT", "duplicates/rules", "api moderators", 200, body=keeper_rules),
    api("GET", "duplicates/accept", "api moderators"),
    api("POST", "duplicates/accept", "api moderators", 409, body=json(photos=77777)),
    api("GET", "duplicates/bulk/<int:bulk_id>", "api moderators", thing="bulk"),
    api("POST", "duplicates/bulk/<int:bulk_id>/stop", "api moderators", 200, "bulk"),
    api("POST", "duplicates/bulk/<int:bulk_id>/undo", "api moderators", 202, "bulk"),
    api("POST", "duplicates/<int:group_id>/stack", "api moderators", 200, "group", stack),
    api("GET", "duplicates/<int:group_id>", "api moderators", thing="group"),
    api("POST", "duplicates/<int:group_id>/resolve", "api moderators", 200, "group", keep_both),
    api("POST", "duplicates/<int:group_id>/dismiss", "api moderators", 200, "group"),
    api("POST", "resolutions/<int:resolution_id>/undo", "api moderators", 200, "resolution"),
]

TUS = {"Tus-Resumable": "1.0.0"}
UPLOADS_IN_PARTS = [
    Rule("GET", "uploads/", "api uploaders"),
    Rule("POST", "uploads/", "api uploaders", 201, headers=TUS | {"Upload-Length": "100"}),
    Rule("OPTIONS", "uploads/", "api everyone", 204),
    Rule("HEAD", "uploads/<uuid:upload_id>", "api own upload", 200, "upload", headers=TUS),
    Rule("OPTIONS", "uploads/<uuid:upload_id>", "api everyone", 204, "upload"),
    Rule(
        "PATCH",
        "uploads/<uuid:upload_id>",
        "api own upload",
        204,
        "upload",
        lambda library: Bytes(b"some bytes"),
        headers=TUS | {"Upload-Offset": "0"},
    ),
    # Last: its file is gone afterwards, which no rollback brings back.
    Rule("DELETE", "uploads/<uuid:upload_id>", "api own upload", 204, "upload", headers=TUS),
]

API = [
    *UPLOADS_IN_PARTS,
    *LISTS,
    *(rule for visibility in VISIBILITIES for rule in api_of_things(visibility)),
    *MODERATION,
]
