"""The main job: train, evaluate, follow the fakes down to the subtle, look inside; one run, one seed."""

import json
import os
import shutil
import sys
from pathlib import Path

import pandas as pd
import torch

from tad.experiment.checkpoints import checkpoint_path
from tad.experiment.detector_set import detectors_path
from tad.experiment.fit_detectors import Material, calibrate_detectors, fit_detectors
from tad.experiment.runs import DONE, FAILED, Run
from tad.report.index import AGAINST_CARD

MANIFEST = "data/demo/manifest.csv"
FEW = [  # two of each scope, for a quick look
    "heavy_noise", "time_reversed", "splice", "self_blend", "flicker", "delay", "self_blended_face", "face_swap",
    "jpeg_region", "upsampling_grid",
]  # fmt: skip
FEWEST = ["heavy_noise", "low_resolution", "flicker", "self_blended_face", "upsampling_grid"]  # one of each scope
SIZES = {  # what each notebook is told besides seed, manifest, checkpoint and output
    "smoke": {
        "02_evaluate": {"per_video": 1, "long_side": 160, "families": FEWEST},
        "03_generalization": {
            "per_video": 1,
            "strengths": [1.0],
            "families": ["heavy_noise", "splice"],
            "long_side": 160,
        },
        "04_attention": {
            "clips": 1,
            "steps": 1,
            "families": ["flicker"],
            "more": [],
            "strengths": [0.0, 1.0],
            "long_side": 160,
            "methods": ["ablation", "grad_cam", "attention_rollout", "own_map"],
            "weaker": ["own_map"],
            "grid": [1, 2, 2],
            "draws": 2,
            "detectors": ["midframe_mse"],
            "drawn": ["flicker"],
            "pictured": ["attention_rollout"],
        },
        "05_sources": {
            "per_video": 1,
            "long_side": 160,
            "detectors": ["midframe_mse", "neighbour_mean"],
            "changes": ["none", "compression", "frame_rate"],
        },
    },
    "quick": {
        "02_evaluate": {"per_video": 1, "long_side": 320},
        "03_generalization": {"per_video": 1, "strengths": [0.3, 1.0], "long_side": 320, "families": FEW},
        "04_attention": {
            "clips": 2,
            "steps": 4,
            "families": ["flicker"],
            "more": [],
            "strengths": [0.0, 1.0],
            "methods": [
                "ablation",
                "integrated_gradients",
                "grad_cam",
                "attention_rollout",
                "reconstruction_error",
                "own_map",
            ],
            "weaker": ["attention_rollout", "reconstruction_error", "own_map"],
            "grid": [2, 3, 3],
            "draws": 4,
            "detectors": ["midframe_mse"],
            "drawn": ["flicker"],
        },
        "05_sources": {"per_video": 1, "long_side": 320, "changes": ["none", "compression", "blur", "contrast"]},
    },
    "full": {
        "02_evaluate": {"per_video": 1},
        "03_generalization": {"per_video": 1, "strengths": [0.1, 0.3, 1.0], "jod": 1},
        "05_sources": {"per_video": 1},
    },
}
KEY_NUMBERS = ("accuracy", "false-positive rate", "separation ratio", "AUC")


def reproduce(
    size: str = "quick", *, seed: int = 0, name: str = "", manifest: str = MANIFEST, force: bool = False
) -> tuple[Path, bool]:
    """Run the notebooks in order, the checkpoint of the first going to the others.

    What stands already done with the same inputs is not done again; an interrupted training is resumed.

    Args:
        size: "quick", "full" or, for tests, "smoke".
        seed: of every generator.
        name: folder under `reports/`; size and seed when empty.
        manifest: table of videos.
        force: do everything again.

    Returns:
        The run's folder, and whether every notebook went through.

    Raises:
        ValueError: unknown size, or a manifest that is refused.
    """
    if size not in SIZES:
        raise ValueError(f"size must be one of {', '.join(SIZES)}; got {size!r}")
    run = Run(name or f"{size}-seed{seed}", size=size, seed=seed, parameters={"size": size, "manifest": manifest})
    if force:
        shutil.rmtree(run.folder / "training", ignore_errors=True)
    common = {"manifest": manifest, "output": run.relative, "seed": seed}
    checkpoint = {"checkpoint": f"{run.relative}/training/model.safetensors"}
    try:
        whole = run.execute("01_train", {**common, "size": size}, force=force)
        if whole:
            facts = json.loads((run.folder / "training" / "training.json").read_text())
            run.record["training_groups"] = facts["training_groups"]
            if size == "full":
                _fit(checkpoint["checkpoint"], manifest, seed)
            fakes = {"05_sources": {"fakes": f"{run.relative}/scores.parquet"}}  # as 02_evaluate leaves them
            for station in ("02_evaluate", "03_generalization", "04_attention", "05_sources"):
                told = {**common, **checkpoint, **fakes.get(station, {}), **SIZES[size].get(station, {})}
                whole = run.execute(station, told, force=force) and whole
    except KeyboardInterrupt:
        run.close("interrupted")
        raise
    run.close(DONE if whole else FAILED, key_numbers=key_numbers(run.folder))
    return run.folder, whole


def _fit(checkpoint: str, manifest: str, seed: int) -> None:
    """Fit the detectors that learn for a checkpoint, unless they are there; the heads only where a GPU is."""
    file = detectors_path(checkpoint)
    if file.is_file() and file.stat().st_mtime > checkpoint_path(checkpoint).stat().st_mtime:
        return
    cuda = torch.cuda.is_available()
    if not cuda:
        print("no GPU: the heads that learn from self-made fakes are left out (tad fit makes them)", file=sys.stderr)
    material = Material() if cuda else Material(pairs=0)
    workers = len(os.sched_getaffinity(0)) if cuda else 0
    fit_detectors(checkpoint, manifest, seed=seed, material=material, workers=workers, device="cuda" if cuda else "cpu")
    calibrate_detectors(checkpoint, manifest)


def tables(folder: Path) -> list[tuple[str, pd.DataFrame]]:
    """What a run measured, to be printed: the card's numbers beside ours, and each family by itself."""
    card = pd.read_csv(folder / AGAINST_CARD, keep_default_na=False)
    families = pd.read_csv(folder / "families.csv", keep_default_na=False).rename(columns={"text": "AUC"})
    for share in ("recall", "false_positive_rate"):
        families[share] = families[share].astype(float).map("{:.0%}".format)
    families["separation_ratio"] = families["separation_ratio"].astype(float).map("{:.2f}".format)
    return [
        ("ultra-extreme families, scenes never seen in training", card[["quantity", "card", "measured", "interval"]]),
        (
            "each family by itself",
            families[["family", "scope", "AUC", "recall", "false_positive_rate", "separation_ratio", "verdict"]],
        ),
    ]


def key_numbers(folder: Path) -> dict[str, str]:
    """The numbers of a run that the index shows, as 02 left them; none where it was not run."""
    file = folder / AGAINST_CARD
    if not file.is_file():
        return {}
    table = pd.read_csv(file, keep_default_na=False).set_index("quantity")
    return {name: table.loc[name, "measured"] for name in KEY_NUMBERS}
