"""Same seed, same machine: the same numbers, twice, by any number of workers, in batches of any size."""

import pandas as pd
import pytest
import torch

from tad.cli import main
from tad.data import project_root
from tad.experiment import parallel
from tad.model import load_model
from tad.scoring import DETECTORS, build

from .conftest import same_tables, tables


@pytest.fixture(scope="module")
def pipeline(manifest, small, tmp_path_factory):
    """A function: training, scores table of a ladder, verdicts and a report's tables, into a folder of their own."""

    def run(*more: str) -> dict[str, pd.DataFrame]:
        folder = tmp_path_factory.mktemp("pipeline")
        net = [word for name, value in small.items() for word in ("--set", name, str(value))]
        train = ["train", "--recipe", "smoke", "--preset", "tiny", "--data", manifest, "--accelerator", "cpu", *net]
        weights = folder / "training" / "model.safetensors"
        ladder = ["--families", "flicker", "splice", "--strengths", "0", "1", "--encoding", "h264:23", "--seed", "3"]
        videos = sorted(manifest.parent.glob("*.mp4"))
        for words in (
            [*train, "--clips-per-epoch", "4", "--batch-size", "2", "--output", folder, "--seed", "3", *more],
            ["measure", weights, "--data", manifest, *ladder, "-o", folder / "measured.parquet"],
            ["score", *videos, "--checkpoint", weights, "--format", "csv", "--out", folder / "verdicts.csv"],
        ):
            assert main([str(word) for word in words]) == 0
        return {**tables(folder), "weights": load_model(weights).state_dict()}

    return run


@pytest.fixture(scope="module")
def once(pipeline):
    return pipeline()


def same(one: dict, two: dict) -> None:
    assert len(one) == 6
    one, two = dict(one), dict(two)
    again = two.pop("weights")
    assert all(torch.equal(value, again[name]) for name, value in one.pop("weights").items())
    same_tables(one, two)


def test_twice_gives_the_same_tables(once, pipeline):
    same(once, pipeline())


def test_another_seed_gives_others(once, pipeline):
    other = pipeline("--seed", "4")
    assert not other["training/log.csv"].equals(once["training/log.csv"])


@pytest.mark.parametrize("cores", [1, 5])
def test_any_number_of_workers_gives_the_same_tables(once, pipeline, monkeypatch, cores):
    monkeypatch.setattr(parallel.os, "sched_getaffinity", lambda _: set(range(cores)))
    same(once, pipeline("--workers", str(min(cores, 2))))


@pytest.mark.slow
def test_the_notebooks_write_the_same_tables_twice(forked, tmp_path, monkeypatch):
    """The main job at its small size: all five notebooks, each in a kernel of its own."""
    for name in ("notebooks", "data"):
        (tmp_path / name).symlink_to(project_root() / name)
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        run = forked("reproduce", "--size", "smoke", "--name", name)
        assert run.wait() == 0, run.log.read_text()[-3000:]
    one, two = (tables(tmp_path / "reports" / name) for name in ("one", "two"))
    assert len(one) > 15
    assert {name.split("/")[0] for name in one} >= {"training"}
    same_tables(one, two)


def test_batches_of_any_size_give_the_same_scores(checkpoint):
    """One clip at a time is what `tad score` does; the network in batches rounds otherwise."""
    model = load_model(checkpoint)
    draws = torch.Generator().manual_seed(0)
    clips = torch.rand(7, 3, 4, 32, 32, generator=draws) * 2 - 1
    built = [build(name, model) for name in DETECTORS]
    for judge in (d for d in built if d.fitted):
        view = clips if judge.view else clips.clone()
        whole = judge.score(view)
        singly = torch.cat([judge.score(clip[None]) for clip in view])
        for size in (2, 3, 7):
            parts = torch.cat([judge.score(view[i : i + size]) for i in range(0, 7, size)])
            torch.testing.assert_close(parts, singly, rtol=1e-5, atol=1e-5)
        assert torch.isfinite(whole).all()
    with torch.inference_mode():
        errors = [(model(v)[0] - v[:, :, 2]).square().flatten(1).mean(1) for v in (clips, *clips.split(1))]
    torch.testing.assert_close(errors[0], torch.cat(errors[1:]), rtol=1e-5, atol=1e-5)
