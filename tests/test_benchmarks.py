"""What the benchmarks reckon with: operations, medians, and the steps whose use of a GPU they measure."""

import sys
from pathlib import Path

import pytest
import torch

from tad.model import create_model
from tad.model.attention import DividedBlock

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import bench_network
import harness
import on_paper
import operations


def test_operations_are_those_of_the_products():
    block, tokens = DividedBlock(8, 2, 4.0), torch.randn(1, 3, 5, 8)
    with torch.no_grad():
        found = operations.model_flops(lambda: block(tokens))
    linear = 2 * 15 * (2 * (8 * 24 + 8 * 8) + 2 * 8 * 32)  # queries, keys, values and projection twice, and the MLP
    attention = 2 * 2 * 8 * (5 * 3 * 3 + 3 * 5 * 5)  # over time at 5 places, over space at 3 times
    assert found == linear + attention


def test_training_takes_three_times_the_products_of_scoring():
    net, tokens = torch.nn.Linear(6, 4), torch.randn(5, 6, requires_grad=True)
    forward = operations.model_flops(lambda: net(tokens))
    assert forward == 2 * 5 * 6 * 4
    assert operations.model_flops(lambda: net(tokens).sum().backward()) == 3 * forward


def test_products_are_found_with_their_shapes():
    net = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.ReLU(), torch.nn.Linear(4, 4), torch.nn.Linear(4, 4))
    seen = operations.products(lambda: net(torch.randn(5, 6)))
    assert sorted(seen.values()) == [1, 2]
    assert operations.bound_s(seen, rounds=1) > 0


@pytest.mark.parametrize("name", ["training", "scoring"])
def test_the_steps_whose_utilisation_is_measured_run(name, small, monkeypatch):
    monkeypatch.setattr(bench_network, "create_model", lambda preset: create_model(preset, **small))
    took, found = bench_network.utilisation(name, 2, "cpu", 1, preset="tiny")
    assert took > 0 and found > 0


def test_without_a_gpu_no_number_is_made_up(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert {line["measured"] for line in bench_network.on_gpu(quick=True)} == {"no GPU here"}


def test_peaks_are_told_by_the_name_of_a_gpu():
    assert operations.peak_flops("NVIDIA H100 80GB HBM3") == 989e12 and operations.peak_flops("another") is None


def test_ways_are_run_in_turn():
    order = []
    times = harness.interleaved({name: lambda name=name: order.append(name) for name in "ab"}, rounds=2)
    assert order == ["a", "b"] * 3 and times["a"].wall >= 0


def test_memory_is_what_was_held_at_most():
    assert 90 < harness.peak_memory_mb(lambda: torch.ones(25_000_000).sum()) < 110  # 100 MB


def test_large_jobs_are_reckoned_from_what_was_measured():
    rows = [harness.row("tad score, 60 s of 360p, default, processor", 0.36, "s a second of video"),
            harness.row("base, one clip, forward", 500.0, "GFLOP")]  # fmt: skip
    videos, training = on_paper.on_paper(rows)
    assert videos["measured"] == pytest.approx(0.36 * 60 * 1e6 / 3600)
    assert training["measured"] == pytest.approx(3 * 500e9 * 10.7e6 * 15 / (989e12 / 2) / 3600)
