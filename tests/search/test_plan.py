"""The planner: every tree finds exactly what a look at each photo finds, and nothing that the asker may not see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gallery.albums import add_to_album
from gallery.models import Album, Photo, Role, Tag, User
from gallery.search.fields import Asking
from gallery.search.grammar import parse
from gallery.search.plan import Planner
from gallery.search.tree import And, Field, Fuzzy, Node, Not, Or, Wild, join_and
from gallery.search.tree import Tag as TagNode
from gallery.search.vocabulary import EveryWord
from gallery.tags import add_tags
from tests.factories import make_photo, make_user
from tests.search.naive import Library, fits

pytestmark = pytest.mark.django_db

TAGS = ["beach", "dog", "dogs", "cat", "cat_ears", "sunset", "rating:safe"]
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=timezone.get_default_timezone())

photos = st.fixed_dictionaries(
    {
        "tags": st.sets(st.sampled_from(TAGS), max_size=4),
        "size": st.none() | st.sampled_from([(640, 480), (480, 640), (1920, 1080), (100, 100), (5472, 3648)]),
        "taken_at": st.none()
        | st.sampled_from([NOW - timedelta(days=days) for days in (0, 1, 13, 14, 15, 200, 900)]),
        "rating": st.integers(0, 5),
        "favourite": st.booleans(),
        "file_size": st.sampled_from([500, 999_999, 2_000_000, 2_090_000, 5_000_000]),
        "camera": st.sampled_from(["", "Canon EOS 5D", "Pixel 8"]),
        "title": st.sampled_from(["", "harbour", "harbour lights", "lights"]),
        "visibility": st.sampled_from(["private", "members", "public"]),
        "media_type": st.sampled_from(["image/jpeg", "image/png"]),
        "frame_count": st.sampled_from([1, 12]),
        "latitude": st.none() | st.just(47.0),
        "owner": st.integers(0, 1),
        "in_album": st.booleans(),
    }
)

FIELD_TEXTS = [
    "width:>=640", "width:640", "width:!=640", "width<640.5", "height:480..1080", "mpixels:>1", "mpixels:20",
    "ratio:16:9", "ratio:>1", "ratio:4:3,1:1", "filesize:2M", "filesize:>1MiB", "filesize:..999999", "taken:2026",
    "taken:2026-05..2026-06", "taken:<2026", "taken:>2025", "date:>=2026-05-31", "date:<=2026-05", "age:<2w",
    "age:2w", "age:>=1y", "age:1d..3w", "rating:>3", "rating:0,5", "rating:yes", "rating:s", "favourite:yes",
    "tagcount:0", "tagcount:>1", "camera:canon", "type:png", "has:tags", "has:date", "has:album", "has:location",
    "has:title", "is:portrait", "is:square", "is:landscape", "is:animated", "is:favourite", "is:private",
    "user:first", "album:trip", "text:lights", "text:harbour,lights", "id:1..999999999", "width:abc", "type:pdf",
]  # fmt: skip


def leaf(text: str) -> Node:
    return parse(text, EveryWord()).tree


leaves: st.SearchStrategy[Node] = (
    st.sampled_from(TAGS).map(TagNode)
    | st.sampled_from([*FIELD_TEXTS]).map(leaf)
    | st.sampled_from(["cat*", "*s*", "*", "d?g*"]).map(Wild)
    | st.sampled_from(["dog", "cta", "beachs", "zebra"]).map(Fuzzy)
    | st.just(TagNode("unknown"))
)
trees: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda inner: (
        st.builds(lambda child: Not(child), inner)
        | st.builds(lambda children: And(tuple(children)), st.lists(inner, min_size=2, max_size=4))
        | st.builds(lambda children: Or(tuple(children)), st.lists(inner, min_size=2, max_size=4))
    ),
    max_leaves=10,
)


def build_library(rows: list[dict[str, Any]], owners: list[User]) -> Library:
    """Make the photos, and say what a naive search needs to know of them."""
    album, _ = Album.objects.get_or_create(owner=owners[0], name="Trip", visibility="public")
    for row in rows:
        size = row["size"] or (None, None)
        fields = {key: row[key] for key in row if key not in {"tags", "size", "owner", "in_album"}}
        photo = make_photo(owners[row["owner"]], width=size[0], height=size[1], longitude=11.0, **fields)
        add_tags(photos=[photo], names=row["tags"])
        if row["in_album"]:
            add_to_album(album=album, photos=[photo])
    return Library(
        tag_names=dict(Tag.objects.values_list("pk", "name")),
        album_photos={"trip": set(album.photos.values_list("pk", flat=True))},
        user_names={owner.pk: owner.username for owner in owners},
        now=NOW,
    )


def unheard(message: str, position: int) -> None:
    """Takes warnings that a test does not look at."""


def planned(tree: Node, user: User | AnonymousUser, warn: Callable[[str, int], None] = unheard) -> set[int]:
    """The ids that the planner's statement finds."""
    planner = Planner(Asking(user, NOW), dict(Tag.objects.values_list("name", "pk")), warn, lambda node: [])
    return set(Photo.objects.visible_to(user).filter(planner.check(tree)).values_list("pk", flat=True))


@pytest.mark.slow
@given(rows=st.lists(photos, max_size=8), asked=st.lists(trees, min_size=1, max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_tree_finds_what_a_look_at_each_photo_finds(
    rows: list[dict[str, Any]], asked: list[Node]
) -> None:
    Photo.objects.all().delete()
    owners = [
        User.objects.get_or_create(username=name, defaults={"role": role})[0]
        for name, role in (("first", Role.UPLOADER), ("second", Role.VIEWER))
    ]
    library = build_library(rows, owners)
    for user in owners:
        visible = list(Photo.objects.visible_to(user))
        for tree in asked:
            expected = {photo.pk for photo in visible if fits(tree, photo, library)}
            assert planned(tree, user) == expected, tree


def test_a_boolean_query_over_tags_is_one_look_at_the_index() -> None:
    user = make_user()
    add_tags(photos=[make_photo(user)], names=TAGS)
    tags = dict(Tag.objects.values_list("name", "pk"))
    planner = Planner(Asking(user, NOW), tags, unheard, lambda node: [])
    both = And((TagNode("beach"), TagNode("dog"), Or((TagNode("cat"), TagNode("sunset")))))
    sql = str(Photo.objects.filter(planner.check(both)).query)
    assert sql.count("@>") == 1
    assert sql.count("&&") == 1
    assert "JOIN" not in sql


def test_the_filters_by_tag_use_the_index_where_photos_are_many() -> None:
    user = make_user()
    rare, common = make_photo(user), make_photo(user)
    add_tags(photos=[rare, common], names=["common"])
    add_tags(photos=[rare], names=["rare"])
    template = {field.attname: getattr(common, field.attname) for field in Photo._meta.concrete_fields}
    for name in ("id", "words", "shown_at"):
        del template[name]
    Photo.objects.bulk_create(
        [Photo(**template | {"upload_sha256": f"{number:064x}"}) for number in range(3_000)]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE gallery_photo")
    planner = Planner(
        Asking(user, NOW),
        dict(Tag.objects.values_list("name", "pk")),
        lambda message, at: None,
        lambda node: [],
    )
    tree = join_and([TagNode("rare"), TagNode("common"), leaf("width:>=640")])
    assert "photo_tag_ids" in Photo.objects.filter(planner.check(tree)).explain()


def test_the_access_rule_holds_inside_every_query() -> None:
    owner, other, moderator = make_user(), make_user(), make_user(role=Role.MODERATOR)
    secret = make_photo(owner, visibility="private", title="harbour")
    for tree in (
        leaf("text:harbour"),
        Not(TagNode("beach")),
        Or((TagNode("beach"), leaf("width:>1"))),
        leaf("-id:0"),
    ):
        assert planned(tree, owner) == {secret.pk}
        assert planned(tree, moderator) == {secret.pk}
        assert planned(tree, other) == set()
        assert planned(tree, AnonymousUser()) == set()


def test_albums_that_the_asker_may_not_see_say_nothing_about_photos() -> None:
    owner, other = make_user(), make_user()
    photo = make_photo(owner)
    hidden = Album.objects.create(owner=owner, name="Surprise", visibility="private")
    add_to_album(album=hidden, photos=[photo])
    for text in ("album:surprise", "text:surprise", "has:album"):
        assert planned(leaf(text), owner) == {photo.pk}
        assert planned(leaf(text), other) == set()


def test_a_wildcard_without_tags_says_so_and_matches_nothing() -> None:
    user = make_user()
    photo = make_photo(user)
    said: list[tuple[str, int]] = []
    assert planned(parse("zz* or -zz*", EveryWord()).tree, user, lambda *warned: said.append(warned)) == {
        photo.pk
    }
    assert said[0] == ("zz*: no tag fits", 0)


def test_a_wildcard_stands_for_at_most_1_000_tags_and_says_so() -> None:
    user = make_user()
    photo = make_photo(user)
    Tag.objects.bulk_create([Tag(name=f"serial_{number:05}") for number in range(1_001)])
    add_tags(photos=[photo], names=["serial_00001"])
    said: list[str] = []
    assert planned(leaf("serial_*"), user, lambda message, at: said.append(message)) == {photo.pk}
    assert said == ["serial_*: only the first 1,000 tags were looked for"]


@pytest.mark.parametrize(
    "text", ["camera:100%", "camera:_", 'source:"\\\\"', "cat_*%", "tag:%", "text:%", "sha256:________"]
)
def test_signs_that_mean_something_to_sql_are_plain_characters(text: str) -> None:
    user = make_user()
    make_photo(user, camera="Canon", source="https://example.org")
    assert planned(leaf(text), user) == set()


def test_a_field_of_a_huge_number_is_no_error() -> None:
    user = make_user()
    photo = make_photo(user)
    for text in (
        "width:<999999999999999",
        "filesize:<999999999999G",
        "id:<999999999999999999",
        "ratio:<999999999999999",
    ):
        assert planned(leaf(text), user) == {photo.pk}, text


def test_the_words_of_all_text_fields_are_found_by_stem_and_by_prefix() -> None:
    user = make_user()
    photo = make_photo(
        user,
        title="Two dogs",
        description="at the Müggelsee",
        file_name="IMG_2041-harbour.jpg",
        camera="Canon",
    )
    for text in (
        "text:dog",
        "text:Müggelsee",
        "text:2041",
        "text:harbour",
        "text:cano*",
        'text:"dogs harbour"',
    ):
        assert planned(leaf(text), user) == {photo.pk}, text
    for text in ("text:cat", 'text:"dogs cats"', "text:ano*", 'text:"!!"'):
        assert planned(leaf(text), user) == set(), text


def test_field_helpers_read_keys_not_typed_names() -> None:
    tree = leaf("pool:x")
    assert isinstance(tree, Field)
    assert (tree.name, tree.key) == ("pool", "album")
