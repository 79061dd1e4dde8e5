"""Photos in the library that are copies of each other, made through the real intake and stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import ImageOps

from gallery import pipeline
from gallery.models import Job, Photo, Role
from tests.factories import make_user, upload
from tests.pictures import jpeg_bytes, png_bytes, scene

if TYPE_CHECKING:
    from PIL import Image

    from gallery.models import User


def library(files: dict[str, bytes], owner: User | None = None, **options: object) -> dict[str, Photo]:
    """Upload the files in order and run the stages until nothing is owed. Returns the photos by name."""
    person = owner or make_user()
    ids = {name: upload(person, content, name, **options).photo.pk for name, content in files.items()}
    run_stages()
    return {name: Photo.objects.get(pk=pk) for name, pk in ids.items()}


def run_stages() -> None:
    """Analyse and match whatever is owed. Fails the test when a job failed."""
    stages = pipeline.stages()
    while pipeline.run_batch(stages["analyse"]) or pipeline.run_batch(stages["match"]):
        pass
    failed = Job.objects.exclude(error="")
    assert not failed, [job.error for job in failed]


def copies(seed: int, size: tuple[int, int] = (900, 640)) -> dict[str, bytes]:
    """One scene and three copies that a hash finds: smaller, recompressed, grey."""
    picture = scene(seed, size)
    width, height = size
    return {
        f"scene{seed}.png": png_bytes(picture),
        f"scene{seed}-small.jpg": jpeg_bytes(picture.resize((width // 2, height // 2)), 88),
        f"scene{seed}-poor.jpg": jpeg_bytes(picture, 40),
        f"scene{seed}-grey.jpg": jpeg_bytes(ImageOps.grayscale(picture).convert("RGB"), 85),
    }


def moderator() -> User:
    return make_user(role=Role.MODERATOR)


def mirrored(picture: Image.Image) -> Image.Image:
    return ImageOps.mirror(picture)
