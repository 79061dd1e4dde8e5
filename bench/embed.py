"""Measure how fast pictures become vectors here, and that the vectors are those of full precision.

    python -m bench.embed PHOTOS [--model ViT-B-32-256] [--weights FILE] [--pictures 48] [--rounds 4] [--threads 1]

PHOTOS is a folder of pictures, looked through with all its folders. Without a checkpoint in `--weights` the model has
random weights: as fast as trained ones, while its vectors show rounding but not what a trained model's outliers do to
it. The tiny model of drawn shapes, which is trained, is examined beside it. Times are CPU milliseconds of all threads
(per picture and core), the least of `--rounds`, all engines in turn.
"""

from __future__ import annotations

import os

# As in the workers (gallery/worker_model.py); torch reads it when it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import io
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from PIL import Image, ImageCms, ImageOps
from torch.nn.functional import normalize

from bench.embed_engines import BASELINE, OURS, REFERENCE, Engine, engines
from gallery.imaging import previews
from gallery.imaging.decode import open_picture
from gallery.imaging.embedding import PROMPTS, ClipModel, load_model
from gallery.imaging.torchvision_ops import open_clip
from tests.tiny_clip import tiny_model

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
BATCHES = (1, 8, 16)
NEIGHBOURS = 10
DESCRIPTION = "a dog on a beach at sunset"
GOAL_RATIO, GOAL_COSINE, GOAL_OVERLAP = 0.6, 0.995, 0.95


def main() -> None:
    arguments = parse()
    warnings.simplefilter("ignore")  # what the exporters say of their own parts
    files = sorted(path for path in arguments.photos.rglob("*") if path.suffix.lower() in SUFFIXES)
    files = files[:: max(1, len(files) // arguments.pictures)][: arguments.pictures]
    if len(files) <= NEIGHBOURS:
        raise SystemExit(f"{arguments.photos} holds fewer than {NEIGHBOURS + 1} pictures.")
    small = [previews.compute(open_picture(path))["previews"]["720"] for path in files]
    print(f"{len(files)} pictures of {arguments.photos}, threads: {arguments.threads}")
    with tempfile.TemporaryDirectory() as folder:
        measure_full_size(arguments, files, small, Path(folder))
        measure_tiny(arguments, files, small, Path(folder) / "tiny")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.embed")
    parser.add_argument("photos", type=Path)
    parser.add_argument("--model", default="ViT-B-32-256")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--pictures", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def measure_full_size(
    arguments: argparse.Namespace, files: list[Path], small: list[bytes], folder: Path
) -> None:
    weights = arguments.weights or random_weights(arguments.model, folder)
    print(f"\n{arguments.model}, {'weights of ' + weights.name if arguments.weights else 'random weights'}")
    clip = load(arguments.model, weights, folder)
    reference = full_precision(arguments.model, weights)
    torch.set_num_threads(arguments.threads)
    made = engines(reference, clip, folder, threads=arguments.threads, all_of_them=True)
    tensors = prepared(clip, small)
    show_quality(made, tensors)
    show_speed(made, tensors, arguments.rounds)
    show_preparation(clip, files, small)
    show_originals(clip, reference, files, tensors)
    show_texts(clip, arguments.rounds)


def measure_tiny(arguments: argparse.Namespace, files: list[Path], small: list[bytes], folder: Path) -> None:
    tiny = tiny_model()
    print("\nThe tiny trained model")
    open_clip.add_model_config(tiny.config)
    clip = load(str(tiny.config), tiny.checkpoint, folder)
    reference = full_precision(tiny.config.stem, tiny.checkpoint)
    torch.set_num_threads(arguments.threads)
    tensors = prepared(clip, small)
    show_quality(engines(reference, clip, folder, threads=arguments.threads, all_of_them=False), tensors)
    show_originals(clip, reference, files, tensors)


def random_weights(model: str, folder: Path) -> Path:
    torch.manual_seed(1)
    path = folder / "random.pt"
    torch.save(open_clip.create_model(model).state_dict(), path)
    return path


def load(model: str, weights: Path, memory: Path) -> ClipModel:
    """Load as a worker does, twice: the second time the precision is known."""
    for start in ("first start, with the trial", "later start"):
        wall, computing = time.monotonic(), time.process_time()
        clip = load_model(model, str(weights), "cpu", cache_dir=memory)
        wall, computing = time.monotonic() - wall, time.process_time() - computing
        held = psutil.Process().memory_info().rss / 2**20
        print(
            f"  {start}: {clip.precision}, {wall:.1f} s ({computing:.1f} s computing), process {held:.0f} MiB"
        )
    return clip


def full_precision(model: str, weights: Path) -> Any:
    reference = open_clip.create_model(model, str(weights), require_pretrained=True)
    return reference.eval().requires_grad_(False)


def decoded(content: bytes | Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The upright picture in sRGB, as previews are."""
    with Image.open(content if isinstance(content, Path) else io.BytesIO(content)) as file:
        image = ImageOps.exif_transpose(file).convert("RGB")
        profile = file.info.get("icc_profile") if file.mode == "RGB" else None
    if profile:
        srgb = ImageCms.createProfile("sRGB")
        ImageCms.profileToProfile(image, io.BytesIO(profile), srgb, inPlace=True)
    return np.asarray(image)


def prepared(clip: ClipModel, small: list[bytes]) -> torch.Tensor:
    return torch.stack([clip._prepare(decoded(each)) for each in small])


@torch.inference_mode()
def vectors(engine: Engine, tensors: torch.Tensor) -> torch.Tensor:
    return normalize(torch.cat([engine.run(batch) for batch in torch.split(tensors, max(BATCHES))]), dim=-1)


def show_quality(made: list[Engine], tensors: torch.Tensor) -> None:
    print(f"  {'against ' + REFERENCE:22} mean-centred cosine min / mean   top-{NEIGHBOURS} overlap   load s")
    truth = vectors(made[0], tensors)
    for engine in made[1:]:
        own = vectors(engine, tensors)
        mean = truth.mean(dim=0)
        cosines = (normalize(truth - mean, dim=-1) * normalize(own - mean, dim=-1)).sum(dim=-1)
        shared = overlap(own, truth)
        fails = cosines.min() < GOAL_COSINE or shared < GOAL_OVERLAP
        print(
            f"  {engine.name:22} {cosines.min():19.5f} / {cosines.mean():.5f} {shared:16.3f}"
            + (f" {engine.load_s:9.1f}" if engine.load_s is not None else "")
            + ("   too coarse" if fails else "")
        )


def overlap(own: torch.Tensor, truth: torch.Tensor) -> float:
    """The share of each picture's nearest ones that both name."""
    near = [(each @ each.T).fill_diagonal_(-2).topk(NEIGHBOURS).indices.tolist() for each in (own, truth)]
    return float(np.mean([len(set(a) & set(b)) / NEIGHBOURS for a, b in zip(*near, strict=True)]))


@torch.inference_mode()
def show_speed(made: list[Engine], tensors: torch.Tensor, rounds: int) -> None:
    print(f"  ms per picture and core (x {BASELINE})" + "".join(f"{'batch ' + str(b):>16}" for b in BATCHES))
    least = {(engine.name, size): float("inf") for engine in made for size in BATCHES}
    for size in BATCHES:
        batch = tensors[torch.arange(size) % len(tensors)]
        for _ in range(rounds):
            for engine in made:
                spent = cpu_ms(partial(engine.run, batch)) / size
                least[engine.name, size] = min(least[engine.name, size], spent)
    for engine in made:
        cells = [(least[engine.name, size], least[BASELINE, size]) for size in BATCHES]
        print(f"  {engine.name:43}" + "".join(f"{ms:8.1f} ({ms / base:.2f})" for ms, base in cells))
    ratio = least[OURS, max(BATCHES)] / least[BASELINE, max(BATCHES)]
    met = "met" if ratio <= GOAL_RATIO else "missed"
    print(f"  RATIO ours / {BASELINE}, batches of {max(BATCHES)}: {ratio:.3f} (goal {GOAL_RATIO}: {met})")


def cpu_ms(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started)


def show_preparation(clip: ClipModel, files: list[Path], small: list[bytes]) -> None:
    """Decoding and open_clip's own transform, the lesser of two runs each."""
    for name, sources in (("720 px preview", small), ("original", files)):
        decoding, preparing = [], []
        for source in sources:
            pixels = decoded(source)
            decoding.append(min(cpu_ms(partial(decoded, source)) for _ in range(2)))
            preparing.append(min(cpu_ms(partial(clip._prepare, pixels)) for _ in range(2)))
        print(
            f"  from the {name}: decode {np.mean(decoding):.1f} ms,"
            f" resize and normalise {np.mean(preparing):.1f} ms"
        )


def show_originals(clip: ClipModel, reference: Any, files: list[Path], tensors: torch.Tensor) -> None:
    """How near what is stored, ours of previews, comes to full precision of originals by open_clip's transform."""
    originals = torch.stack([clip._prepare(decoded(path)) for path in files])
    first, own, *_ = engines(reference, clip, Path(), threads=1, all_of_them=False)
    cosines = (vectors(own, tensors) * vectors(first, originals)).sum(dim=-1)
    print(
        f"  ours of previews against {REFERENCE} of originals:"
        f" cosine min {cosines.min():.5f}, mean {cosines.mean():.5f}"
    )


@torch.inference_mode()
def show_texts(clip: ClipModel, rounds: int) -> None:
    tokens = clip._tokenizer([prompt.format(DESCRIPTION) for prompt in PROMPTS])
    ours = min(cpu_ms(lambda: clip.embed_texts([DESCRIPTION])) for _ in range(rounds))
    whole = min(cpu_ms(lambda: clip._model.encode_text(tokens)) for _ in range(rounds))
    print(f"  a description ({len(PROMPTS)} wordings): {ours:.0f} ms, with all padding {whole:.0f} ms")


if __name__ == "__main__":
    main()
