"""Pictures and texts as vectors: a tiny model, trained for the tests, and a full-size one with random weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from gallery.demo.scenes import COLOURS, Scene, draw_scene
from gallery.demo.tiny_clip import TinyModel, split_scenes
from gallery.imaging import precision, previews
from gallery.imaging.decode import open_picture
from gallery.imaging.embedding import PROMPTS, ClipModel, load_model
from gallery.imaging.torchvision_ops import open_clip
from tests.pictures import jpeg_bytes, pixels, scene
from tests.tiny_clip import tiny_model

HELD_OUT = split_scenes()[1]
EQUAL_COSINE = 0.995
EQUAL_NEIGHBOURS = 0.95


@pytest.fixture(scope="module")
def files() -> TinyModel:
    return tiny_model()


@pytest.fixture(scope="module")
def clip(files: TinyModel) -> ClipModel:
    return load_model(str(files.config), str(files.checkpoint), "cpu")


def drawings(scenes: list[Scene], seed: int) -> list[NDArray[np.uint8]]:
    return [draw_scene(each, 200, seed=seed + index) for index, each in enumerate(scenes)]


def ranks(questions: NDArray[np.float32], answers: NDArray[np.float32]) -> NDArray[np.int64]:
    """For each row of `questions`, how many rows of `answers` are nearer to it than the one of the same number."""
    scores = questions @ answers.T
    count: NDArray[np.int64] = (scores > np.diag(scores)[:, None]).sum(axis=1)
    return count


def centred_cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosines of the rows, after the mean, which all pictures share, is taken away from both."""
    a, b = one - one.mean(axis=0), other - one.mean(axis=0)
    cosines: NDArray[np.float32] = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return cosines


def reference_vectors(config: str, checkpoint: str, pictures: list[Image.Image]) -> NDArray[np.float32]:
    """What open_clip itself gives in full precision, by its own transform."""
    if config.endswith(".json"):
        open_clip.add_model_config(config)
    model, transform = open_clip.create_model_from_pretrained(Path(config).stem, checkpoint)
    with torch.inference_mode():
        vectors = model.eval().encode_image(
            torch.stack([transform(each) for each in pictures]), normalize=True
        )
    result: NDArray[np.float32] = vectors.numpy()
    return result


def nearest(vectors: NDArray[np.float32], count: int) -> list[set[int]]:
    """For each row, the numbers of the `count` other rows nearest to it."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    return [set(row.tolist()) for row in np.argsort(-scores, axis=1)[:, :count]]


def test_vectors_are_unit_vectors_of_the_models_length(clip: ClipModel) -> None:
    for vectors in (clip.embed_pictures(drawings(HELD_OUT[:20], 0)), clip.embed_texts(["a star", "a ring"])):
        assert vectors.dtype == np.float32
        assert vectors.shape[1] == clip.dimension == 64
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_nothing_to_embed_gives_no_rows(clip: ClipModel) -> None:
    assert clip.embed_pictures([]).shape == clip.embed_texts([]).shape == (0, 64)


def test_a_description_finds_its_scene_among_scenes_never_seen(clip: ClipModel) -> None:
    texts = clip.embed_texts([each.caption for each in HELD_OUT])

    found = ranks(texts, clip.embed_pictures(drawings(HELD_OUT, 5000)))

    assert (found < 5).mean() >= 0.95
    assert (found < 1).mean() >= 0.7


def test_a_picture_finds_another_drawing_of_the_same_scene(clip: ClipModel) -> None:
    found = ranks(
        clip.embed_pictures(drawings(HELD_OUT, 5000)), clip.embed_pictures(drawings(HELD_OUT, 9000))
    )

    assert (found < 5).mean() >= 0.95


@pytest.mark.parametrize("unwanted", sorted(COLOURS))
def test_what_is_pushed_away_ranks_below_the_rest(clip: ClipModel, unwanted: str) -> None:
    circle, pushed = clip.embed_texts(["a circle", unwanted])
    pictures = clip.embed_pictures(drawings(HELD_OUT, 5000))

    best = [HELD_OUT[index] for index in np.argsort(-(pictures @ (circle - pushed)))[:5]]

    assert unwanted not in {each.colour for each in best}
    assert "circle" in {each.shape for each in best}


def test_a_text_of_any_kind_is_embedded(clip: ClipModel) -> None:
    odd = [
        "",
        " ",
        "\ud800",
        "{}",
        "{0}",
        "<end_of_text>",
        "\0",
        "ein Kreis, 圆圈 \U0001f534",
        "word " * 2000,
    ]

    assert np.isfinite(clip.embed_texts(odd)).all()


def test_a_text_of_any_length_has_the_vector_that_open_clip_gives(clip: ClipModel, files: TinyModel) -> None:
    texts = ["", "a star", "a small red star on a white ground", "word " * 2000]
    open_clip.add_model_config(files.config)
    model, _ = open_clip.create_model_from_pretrained(files.config.stem, str(files.checkpoint))
    tokens = open_clip.get_tokenizer(files.config.stem)
    with torch.inference_mode():
        prompted = [
            model.eval().encode_text(tokens([prompt.format(text) for text in texts]), normalize=True)
            for prompt in PROMPTS
        ]
        theirs = torch.nn.functional.normalize(torch.stack(prompted).mean(dim=0), dim=-1).numpy()

    together = clip.embed_texts(texts)
    alone = np.concatenate([clip.embed_texts([text]) for text in texts])

    assert np.allclose(together, theirs, atol=1e-5)
    assert np.allclose(alone, theirs, atol=1e-5)


def test_half_precision_finds_the_same_neighbours(
    clip: ClipModel, files: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "_seconds", lambda *_: [2.0, 1.0])  # on every machine, however fast it is
    half = load_model(str(files.config), str(files.checkpoint), "cpu")
    pictures = [
        *drawings(HELD_OUT[:60], 100),
        *(pixels(scene(seed, (720, 540))) for seed in range(20)),
    ]
    theirs = reference_vectors(
        str(files.config), str(files.checkpoint), [Image.fromarray(p) for p in pictures]
    )

    own = half.embed_pictures(pictures)

    assert half.precision == "bf16"
    assert centred_cosines(theirs, own).min() >= EQUAL_COSINE
    pairs = zip(nearest(own, 10), nearest(theirs, 10), strict=True)
    assert np.mean([len(one & other) / 10 for one, other in pairs]) >= EQUAL_NEIGHBOURS


def test_vectors_equal_those_of_open_clip_in_full_precision(clip: ClipModel, files: TinyModel) -> None:
    pictures = [*drawings(HELD_OUT[:30], 100), *(pixels(scene(seed, (300, 200))) for seed in range(10))]

    own = clip.embed_pictures(pictures)

    theirs = reference_vectors(
        str(files.config), str(files.checkpoint), [Image.fromarray(p) for p in pictures]
    )
    assert (own * theirs).sum(axis=1).min() >= EQUAL_COSINE
    assert centred_cosines(theirs, own).min() >= EQUAL_COSINE


def test_the_720_px_preview_gives_the_vector_of_the_original(
    clip: ClipModel, files: TinyModel, tmp_path: Path
) -> None:
    originals = [scene(seed, size) for seed, size in enumerate([(2000, 1500), (1500, 2000), (1600, 900)] * 2)]
    small = []
    for original in originals:
        path = tmp_path / "original.jpg"
        path.write_bytes(jpeg_bytes(original, 95))
        result = previews.compute(open_picture(path))
        (tmp_path / "720").write_bytes(result["previews"]["720"])
        small.append(pixels(Image.open(tmp_path / "720")))

    cosines = (
        clip.embed_pictures(small) * reference_vectors(str(files.config), str(files.checkpoint), originals)
    ).sum(axis=1)

    assert cosines.min() >= EQUAL_COSINE


@pytest.mark.slow
def test_a_full_size_checkpoint_loads_through_the_production_path(tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        random_model = open_clip.create_model("ViT-B-32-256")
    checkpoint = tmp_path / "ViT-B-32-256.pt"
    torch.save(random_model.state_dict(), checkpoint)
    del random_model
    pictures = [scene(seed, (720, 540)) for seed in range(6)]
    try:
        clip = load_model("ViT-B-32-256", str(checkpoint), "cpu")
        own = clip.embed_pictures([pixels(picture) for picture in pictures])
        theirs = reference_vectors("ViT-B-32-256", str(checkpoint), pictures)
    finally:
        checkpoint.unlink()

    assert clip.version.startswith("ViT-B-32-256/")
    assert (clip.dimension, clip.input_px) == (512, 256)
    assert clip.embed_texts(["a dog on a beach"]).shape == (1, 512)
    assert centred_cosines(theirs, own).min() >= EQUAL_COSINE


def test_the_version_names_the_weights(clip: ClipModel, files: TinyModel, tmp_path: Path) -> None:
    weights = torch.load(files.checkpoint)
    weights["logit_scale"] += 0.01
    torch.save(weights, tmp_path / "other.pt")

    other = load_model(str(files.config), str(tmp_path / "other.pt"), "cpu")

    assert clip.version.startswith("demo-model-of-drawn-shapes/")
    assert clip.version != other.version


def test_open_clip_is_importable_in_a_fresh_process() -> None:
    code = "from gallery.imaging.torchvision_ops import open_clip; print(len(open_clip.list_models()) > 100)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "True"


def test_a_torchvision_that_fails_for_another_reason_is_not_covered_up(tmp_path: Path) -> None:
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text("raise RuntimeError('quite another thing')\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import gallery.imaging.torchvision_ops"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "quite another thing" in done.stderr
