"""Which precision a machine gets: found by a trial, remembered, and never a worse one for the sake of time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from gallery.imaging.checkpoints import ModelMissing
from gallery.imaging.precision import MEMORY_FILE, choose_precision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FULL, HALF = torch.float32, torch.bfloat16
SIDE_PX = 16
BUSY_SECONDS = 0.03


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other spin, which would count as computing."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Tower(nn.Module):
    """Looks at pictures, slowly in one precision, and counts how often."""

    runs = 0

    def __init__(self, slow: torch.dtype) -> None:
        super().__init__()
        self.slow = slow
        generator = torch.Generator().manual_seed(5)
        self.weights = nn.Parameter(torch.randn(3 * SIDE_PX**2, 32, generator=generator))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        Tower.runs += 1
        until = time.process_time() + (BUSY_SECONDS if self.weights.dtype == self.slow else 0)
        while time.process_time() < until:
            pass
        return pictures.flatten(1) @ self.weights


class CoarseTower(Tower):
    """In half precision it takes one picture for another."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        vectors = super().forward(pictures)
        return vectors.roll(1, dims=0) if vectors.dtype == HALF else vectors


class Model:
    def __init__(self, visual: Tower) -> None:
        self.visual = visual

    def encode_image(self, pictures: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self.visual(pictures)
        return vectors


def choose(model: Model, memory: Path | None = None, version: str = "model/1") -> torch.dtype:
    """The precision; that of the weights has to be the same."""
    chosen = choose_precision(model, version, SIDE_PX, torch.device("cpu"), memory)
    assert model.visual.weights.dtype == chosen
    return chosen


def trials(start: Callable[[], object]) -> int:
    before = Tower.runs
    start()
    return Tower.runs - before


@pytest.mark.parametrize(("slow", "chosen"), [(FULL, HALF), (HALF, FULL)])
def test_the_faster_precision_is_taken(slow: torch.dtype, chosen: torch.dtype) -> None:
    assert choose(Model(Tower(slow))) == chosen


def test_a_faster_precision_with_other_vectors_is_not_taken() -> None:
    assert choose(Model(CoarseTower(slow=FULL))) == FULL


@pytest.mark.parametrize(("slow", "chosen"), [(FULL, HALF), (HALF, FULL)])
def test_the_next_start_knows_without_a_trial(slow: torch.dtype, chosen: torch.dtype, tmp_path: Path) -> None:
    choose(Model(Tower(slow)), tmp_path / "models")
    # Would be chosen otherwise if it were tried.
    other_way_round = Model(Tower(chosen))

    assert trials(lambda: choose(other_way_round, tmp_path / "models")) == 0
    assert other_way_round.visual.weights.dtype == chosen


def test_what_is_known_of_one_model_says_nothing_of_another(tmp_path: Path) -> None:
    choose(Model(Tower(slow=FULL)), tmp_path, "model/1")

    assert choose(Model(Tower(slow=HALF)), tmp_path, "model/2") == FULL
    assert choose(Model(Tower(slow=HALF)), tmp_path, "model/1") == HALF


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"{}"])
def test_a_damaged_memory_costs_a_trial_and_is_mended(content: bytes, tmp_path: Path) -> None:
    (tmp_path / MEMORY_FILE).write_bytes(content)

    assert choose(Model(Tower(slow=FULL)), tmp_path) == HALF

    assert trials(lambda: choose(Model(Tower(slow=FULL)), tmp_path)) == 0


def test_an_unknown_remembered_precision_is_tried_again(tmp_path: Path) -> None:
    choose(Model(Tower(slow=FULL)), tmp_path)
    file = tmp_path / MEMORY_FILE
    file.write_text(file.read_text(encoding="utf-8").replace("bf16", "int3"), encoding="utf-8")

    assert choose(Model(Tower(slow=FULL)), tmp_path) == HALF


def test_a_folder_that_cannot_be_written_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert choose(Model(Tower(slow=FULL)), tmp_path / "file" / "models") == HALF


def test_weights_that_give_no_numbers_are_refused_and_not_remembered(tmp_path: Path) -> None:
    tower = Tower(slow=FULL)
    tower.weights.data.fill_(float("nan"))

    with pytest.raises(ModelMissing, match="weights are damaged"):
        choose(Model(tower), tmp_path)

    assert list(tmp_path.iterdir()) == []
