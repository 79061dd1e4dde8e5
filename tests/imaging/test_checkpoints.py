"""Whatever is wrong with a model's files ends in a sentence that says what to do."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch

from gallery.demo.tiny_clip import TinyModel
from gallery.imaging.checkpoints import ModelMissing, NotDownloaded, find_architecture, find_checkpoint
from gallery.imaging.embedding import load_model
from gallery.imaging.torchvision_ops import open_clip
from tests.tiny_clip import tiny_model

MODEL = "ViT-B-32-256"
TAG = "datacomp_s34b_b86k"
REVISION = "0" * 40


@pytest.fixture(scope="module")
def files() -> TinyModel:
    return tiny_model()


def put_into_cache(cache: Path, content: bytes, digest: str) -> Path:
    """Lay the default model's weights into a download cache as the download does. Returns the name to open."""
    repository = cache / "models--laion--CLIP-ViT-B-32-256x256-DataComp-s34B-b86K"
    for folder in ("blobs", "refs", f"snapshots/{REVISION}"):
        (repository / folder).mkdir(parents=True)
    (repository / "refs" / "main").write_text(REVISION)
    (repository / "blobs" / digest).write_bytes(content)
    name = repository / "snapshots" / REVISION / "open_clip_model.safetensors"
    name.symlink_to(repository / "blobs" / digest)
    return name


def test_the_default_model_has_its_default_weights() -> None:
    assert find_architecture(MODEL) == MODEL
    assert TAG in open_clip.list_pretrained_tags_by_model(MODEL)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("ViT-Z-99", "open_clip does not know"),
        ("", "open_clip does not know"),
        ("hf-hub:somebody/something", "open_clip does not know"),
        ("/nowhere/model.json", "is not there"),
    ],
)
def test_an_unknown_model_is_named(model: str, words: str) -> None:
    with pytest.raises(ModelMissing, match=words):
        find_architecture(model)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"{", "cannot be read"), (b"\xff\xfe", "cannot be read"), (b"{}", "lacks embed_dim")],
)
def test_a_configuration_that_is_none_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    config = tmp_path / "odd.json"
    config.write_bytes(content)

    with pytest.raises(ModelMissing, match=words):
        find_architecture(str(config))
    config.unlink()


@pytest.mark.parametrize("pretrained", ["", "no_such_weights", "/nowhere/weights.pt"])
def test_unknown_weights_are_answered_with_those_that_are_known(pretrained: str) -> None:
    with pytest.raises(ModelMissing, match=rf"known: {TAG}"):
        find_checkpoint(MODEL, pretrained, cache_dir=None, may_download=True)


def test_without_a_network_the_message_tells_how_to_bring_the_file(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"could not be downloaded.*CLIP_PRETRAINED to its path"):
        find_checkpoint(MODEL, TAG, cache_dir=tmp_path, may_download=True)


def test_who_may_not_download_says_who_does(tmp_path: Path) -> None:
    with pytest.raises(NotDownloaded, match="An embedding worker"):
        find_checkpoint(MODEL, TAG, cache_dir=tmp_path, may_download=False)


def test_downloaded_weights_are_found_without_the_network(tmp_path: Path) -> None:
    name = put_into_cache(tmp_path, b"weights", hashlib.sha256(b"weights").hexdigest())

    found = find_checkpoint(MODEL, TAG, cache_dir=tmp_path, may_download=False)

    assert (found.path, found.version) == (name, TAG)
    assert found.preprocess["interpolation"] == "bicubic"


def test_a_damaged_download_is_removed_so_that_it_is_fetched_again(tmp_path: Path) -> None:
    name = put_into_cache(tmp_path, b"weig", hashlib.sha256(b"weights").hexdigest())

    with pytest.raises(ModelMissing, match="SHA-256 is wrong"):
        find_checkpoint(MODEL, TAG, cache_dir=tmp_path, may_download=False)

    assert not name.exists()
    with pytest.raises(NotDownloaded):
        find_checkpoint(MODEL, TAG, cache_dir=tmp_path, may_download=False)


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 no archive", b"<html>not found</html>" * 100, b"\x00" * 4096]
)
def test_a_file_that_is_no_checkpoint_is_named(
    files: TinyModel, tmp_path: Path, suffix: str, content: bytes
) -> None:
    file = tmp_path / f"weights.{suffix}"
    file.write_bytes(content)

    with pytest.raises(ModelMissing, match=r"weights.*damaged, half downloaded, or not one of"):
        load_model(str(files.config), str(file), "cpu")


def test_half_a_checkpoint_is_named(files: TinyModel, tmp_path: Path) -> None:
    whole = files.checkpoint.read_bytes()
    (tmp_path / "half.pt").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(ModelMissing, match="half downloaded"):
        load_model(str(files.config), str(tmp_path / "half.pt"), "cpu")


@pytest.mark.parametrize("weights", [{}, {"visual.proj": torch.zeros(2, 2)}, [1, 2, 3]])
def test_the_weights_of_another_model_are_named(files: TinyModel, tmp_path: Path, weights: object) -> None:
    torch.save(weights, tmp_path / "other.pt")

    with pytest.raises(ModelMissing, match="belong together"):
        load_model(str(files.config), str(tmp_path / "other.pt"), "cpu")


def test_weights_that_are_no_numbers_are_named(files: TinyModel, tmp_path: Path) -> None:
    weights = torch.load(files.checkpoint)
    weights["visual.proj"] = torch.full_like(weights["visual.proj"], float("nan"))
    torch.save(weights, tmp_path / "nan.pt")

    with pytest.raises(ModelMissing, match="no finite numbers"):
        load_model(str(files.config), str(tmp_path / "nan.pt"), "cpu")


@pytest.mark.parametrize("device", ["cuda:99", "abacus"])
def test_a_device_that_is_not_there_is_named(files: TinyModel, device: str) -> None:
    with pytest.raises(ModelMissing, match="CLIP_DEVICE"):
        load_model(str(files.config), str(files.checkpoint), device)
