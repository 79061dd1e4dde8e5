"""Trains a tiny open_clip model on drawn scenes: a real model, in under a minute, without any download.

It understands what gallery.demo.scenes can draw and nothing else. Tests search with it, and so can a first visit.
"""

from __future__ import annotations

import io
import json
import os
import random
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image
from torch.nn.functional import log_softmax

from gallery.demo.scenes import COLOURS, PARTS, SHAPES, Scene, all_scenes, draw_scene
from gallery.imaging.embedding import PROMPTS
from gallery.imaging.torchvision_ops import open_clip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ARCHITECTURE = {
    "embed_dim": 64,
    "vision_cfg": {"image_size": 64, "layers": 3, "width": 64, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 64, "heads": 4, "layers": 2},
}
NAME = "demo-model-of-drawn-shapes"
"""Shown wherever the model is named: nobody shall take it for one that knows photos."""
COLOUR_NAMES = list(COLOURS)
SEED = 7
STEPS = 350
SCENES_PER_STEP = 128
# Muon, for the matrices of the transformers, learns this in half the steps that AdamW alone needs.
MUON_LEARNING_RATE = 0.03
ADAM_LEARNING_RATE = 4e-3
WEIGHT_DECAY = 0.01
# Drawings per scene to learn from, and every how many-th scene is kept for the examination.
DRAWINGS_PER_SCENE = 16
HELD_OUT_EVERY = 6
# How often a caption tells all of a scene; else it tells some parts of it.
WHOLE_CAPTION_SHARE = 0.5


@dataclass(frozen=True)
class TinyModel:
    """Where the files of a trained tiny model lie; their paths go into CLIP_MODEL and CLIP_PRETRAINED."""

    config: Path
    checkpoint: Path


def split_scenes() -> tuple[list[Scene], list[Scene]]:
    """The scenes that the model learns from, and those it never sees."""
    scenes = all_scenes()
    random.Random(SEED).shuffle(scenes)  # noqa: S311 - a fixed choice, no secret
    held_out = scenes[::HELD_OUT_EVERY]
    unseen = set(held_out)
    return [scene for scene in scenes if scene not in unseen], held_out


def train(folder: Path) -> TinyModel:
    """Train the model, always with the same outcome on one machine, and save it in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / f"{NAME}.json"
    _put(config, json.dumps(ARCHITECTURE).encode())
    open_clip.add_model_config(config)
    with torch.random.fork_rng(), _one_thread():
        torch.manual_seed(SEED)
        model = open_clip.create_model(NAME)
        _fit(model, split_scenes()[0])
    checkpoint = folder / f"{NAME}.pt"
    weights = io.BytesIO()
    torch.save(model.state_dict(), weights)
    _put(checkpoint, weights.getvalue())
    return TinyModel(config, checkpoint)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums in one order give one outcome, and steps this small gain little from more threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _put(path: Path, content: bytes) -> None:
    """Write a file that other processes see whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)


def _fit(model: Any, scenes: Sequence[Scene]) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a fixed choice, no secret
    tokenizer = open_clip.get_tokenizer(NAME)
    pictures = _draw_all(model, scenes)
    optimizers = _optimizers(model)
    schedules = [_schedule(optimizer) for optimizer in optimizers]
    for _ in range(STEPS):
        chosen = chance.sample(range(len(scenes)), SCENES_PER_STEP)
        drawing = torch.tensor([chance.randrange(DRAWINGS_PER_SCENE) for _ in chosen])
        told = [_choose_parts(chance) for _ in chosen]
        captions = [
            chance.choice(PROMPTS).format(scenes[index].described_by(parts))
            for index, parts in zip(chosen, told, strict=True)
        ]
        images, texts, scale = model(pictures[torch.tensor(chosen), drawing], tokenizer(captions))
        loss = _loss(scale * images @ texts.T, _fits([scenes[index] for index in chosen], told))
        model.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not type it
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, schedule in zip(optimizers, schedules, strict=True):
            optimizer.step()
            schedule.step()


def _optimizers(model: Any) -> list[torch.optim.Optimizer]:
    matrices = {
        name: weights
        for name, weights in model.named_parameters()
        if weights.ndim == 2 and "resblocks" in name
    }
    others = [weights for name, weights in model.named_parameters() if name not in matrices]
    return [
        torch.optim.Muon(list(matrices.values()), lr=MUON_LEARNING_RATE, weight_decay=WEIGHT_DECAY),
        torch.optim.AdamW(others, lr=ADAM_LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True),
    ]


def _schedule(optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
    """Up for a tenth of the steps, then down to nothing."""
    highest = optimizer.param_groups[0]["lr"]
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, highest, total_steps=STEPS, pct_start=0.1, cycle_momentum=False
    )


def _draw_all(model: Any, scenes: Sequence[Scene]) -> torch.Tensor:
    """All drawings to learn from, as the model wants them: (scenes, DRAWINGS_PER_SCENE, 3, side, side)."""
    preprocess = open_clip.transform.PreprocessCfg(**model.visual.preprocess_cfg)
    transform = open_clip.transform.image_transform_v2(preprocess, is_train=False)
    return torch.stack(
        [
            torch.stack(
                [
                    transform(
                        Image.fromarray(
                            draw_scene(scene, preprocess.input_size[-1], seed=index * 100 + drawing)
                        )
                    )
                    for drawing in range(DRAWINGS_PER_SCENE)
                ]
            )
            for index, scene in enumerate(scenes)
        ]
    )


def _choose_parts(chance: random.Random) -> tuple[str, ...]:
    if chance.random() < WHOLE_CAPTION_SHARE:
        return PARTS
    return tuple(chance.sample(PARTS, chance.randint(1, len(PARTS) - 1)))


def _fits(scenes: Sequence[Scene], told: Sequence[tuple[str, ...]]) -> torch.Tensor:
    """Which picture (row) is truly described by which caption (column), each scene's told parts being one."""
    numbers = torch.tensor([_part_numbers(scene) for scene in scenes])
    is_told = torch.tensor([[part in parts for part in PARTS] for parts in told])
    same = numbers[:, None, :] == numbers[None, :, :]
    return (same | ~is_told[None, :, :]).all(dim=-1).float()


def _part_numbers(scene: Scene) -> list[int]:
    return [
        SHAPES.index(scene.shape),
        COLOUR_NAMES.index(scene.colour),
        COLOUR_NAMES.index(scene.background),
    ]


def _loss(scores: torch.Tensor, fits: torch.Tensor) -> torch.Tensor:
    """The contrastive loss of CLIP, where a caption may fit several pictures and the other way round."""
    by_picture = -(log_softmax(scores, dim=1) * fits / fits.sum(dim=1, keepdim=True)).sum(dim=1).mean()
    by_caption = -(log_softmax(scores, dim=0) * fits / fits.sum(dim=0, keepdim=True)).sum(dim=0).mean()
    return (by_picture + by_caption) / 2


if __name__ == "__main__":
    train(Path(sys.argv[1]))
