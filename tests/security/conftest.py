"""What the walks share: the library and those who ask."""

from __future__ import annotations

import pytest

from gallery import heartbeat
from gallery.api import api
from gallery.describe import PictureAnswer
from tests.security.actors import Actor, make_actors
from tests.security.library import Library, make_library


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers seem to live, and an example picture is answered without them."""
    answer = PictureAnswer(vector=None, model="", message="", width=31, height=17)
    monkeypatch.setattr("gallery.api.search.picture_answer", lambda path, media_type: answer)
    schema = (
        api.get_openapi_schema()
    )  # describing the API anew for each of the walk's requests takes half a minute
    monkeypatch.setattr(api, "get_openapi_schema", lambda **options: schema)
    heartbeat.beat(heartbeat.redis_client(), ["analyse", "embed", "match", "query", "sweep"])


@pytest.fixture
def library(db: None, workers: None) -> Library:
    return make_library()


@pytest.fixture
def actors(library: Library) -> dict[str, Actor]:
    return make_actors(library.people)
