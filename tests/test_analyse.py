"""The analyse stage, through the real decoder: what a photo knows afterwards."""

import io
from datetime import UTC, datetime

import pytest
from PIL import Image

from gallery import pipeline
from gallery.models import Job, Photo, PhotoState, PhotoTag, TagSource
from gallery.originals import original_name, originals_storage
from gallery.previews import open_preview
from tests.factories import make_user, unique_jpeg, upload

pytestmark = pytest.mark.django_db


def analysed(content: bytes, name: str = "photo.jpg") -> Photo:
    """The photo after upload and analysis."""
    photo = upload(make_user(), content, name).photo
    assert pipeline.run_batch(pipeline.stages()["analyse"]) == 1
    photo.refresh_from_db()
    return photo


def jpeg(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def camera_jpeg() -> bytes:
    """A picture as a camera writes it: turned by EXIF, with date, model and place."""
    image = Image.new("RGB", (400, 300), (30, 90, 160))
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn right to see it upright
    exif[0x0110] = "Pinhole 3000"
    exif.get_ifd(0x8769)[0x9003] = "2024:05:06 07:08:09"
    exif.get_ifd(0x8769)[0x9011] = "+02:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    return jpeg(image, exif=exif)


def test_a_photo_is_ready_with_previews_colour_and_size() -> None:
    photo = analysed(jpeg(Image.new("RGB", (1000, 800), (30, 90, 160))))

    assert (photo.state, photo.width, photo.height) == (PhotoState.READY, 1000, 800)
    for size in (320, 720, 1440):
        with open_preview(photo, size) as file:
            preview = Image.open(file)
            assert max(preview.size) == min(size, 1000)
            assert "exif" not in preview.info
    assert photo.palette[0][1] > 0.9
    assert len(photo.dominant_colour) == 7
    assert photo.thumbhash


def test_what_the_camera_wrote_is_read() -> None:
    photo = analysed(camera_jpeg())

    assert (photo.width, photo.height) == (300, 400)
    assert photo.camera.endswith("Pinhole 3000")
    assert photo.taken_at == datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)
    assert photo.latitude == pytest.approx(52.5)
    assert photo.longitude == pytest.approx(13.4)
    assert photo.shown_at == photo.taken_at


def test_keywords_become_tags_that_say_where_they_come_from() -> None:
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>'
        "<rdf:li>Blue Sky</rdf:li><rdf:li>sea</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    photo = analysed(jpeg(Image.new("RGB", (64, 64), (1, 2, 3)), xmp=xmp.encode()))

    tags = PhotoTag.objects.filter(photo=photo)
    assert sorted(tag.tag.name for tag in tags) == ["blue_sky", "sea"]
    assert {tag.source for tag in tags} == {TagSource.METADATA}
    assert len(photo.tag_ids) == 2


def test_a_title_that_a_person_gave_is_kept() -> None:
    photo = upload(make_user(), camera_jpeg()).photo
    Photo.objects.filter(pk=photo.pk).update(title="Ours")
    pipeline.run_batch(pipeline.stages()["analyse"])

    photo.refresh_from_db()
    assert photo.title == "Ours"


def test_the_next_stages_are_owed() -> None:
    photo = analysed(unique_jpeg())

    assert set(Job.objects.filter(photo=photo).values_list("stage", flat=True)) == {"embed", "match"}


def test_a_truncated_photo_is_damaged_but_shown() -> None:
    whole = jpeg(Image.effect_noise((800, 600), 60).convert("RGB"), quality=90)
    photo = analysed(whole[: len(whole) // 2])

    assert photo.state == PhotoState.DAMAGED
    assert photo.state_reason
    with open_preview(photo, 320) as file:
        assert Image.open(file).width == 320


def test_what_cannot_be_decoded_is_refused_with_the_reason_and_nothing_is_owed() -> None:
    photo = analysed(b"\xff\xd8\xff\xe0" + b"\x00" * 200)

    assert photo.state == PhotoState.REFUSED
    assert photo.state_reason
    assert not Job.objects.exists()


def test_a_missing_original_fails_at_once_and_says_what_to_do() -> None:
    photo = upload(make_user()).photo
    originals_storage().delete(original_name(photo.stored_sha256))
    pipeline.run_batch(pipeline.stages()["analyse"])

    photo.refresh_from_db()
    assert photo.state == PhotoState.FAILED
    assert "backup" in photo.state_reason
