"""The main job: train, evaluate, follow the fakes down to the subtle, look inside; one run, one seed."""

import json
import os
import shutil
import sys
from pathlib import Path

import pandas as pd
import torch

from tad.experiment.checkpoints import checkpoint_path
from tad.experiment.comparison import BOTH
from tad.experiment.cross_fit import cross_fit
from tad.experiment.detector_set import detectors_path
from tad.experiment.evaluation import CARD_DETECTOR, Setting, card_and_default
from tad.experiment.fit_detectors import Material, calibrate_detectors, fit_detectors
from tad.experiment.forging import choose
from tad.experiment.runs import DONE, FAILED, Run
from tad.experiment.scores import Ladder
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
        "03_generalization": {"per_video": 1, "strengths": [0.1, 0.3, 1.0], "jod": True},
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
        for made in ("training", "crossfit"):
            shutil.rmtree(run.folder / made, ignore_errors=True)
    common = {"manifest": manifest, "output": run.relative, "seed": seed}
    checkpoint = {"checkpoint": f"{run.relative}/training/model.safetensors"}
    try:
        whole = run.execute("01_train", {**common, "size": size}, force=force)
        if whole:
            facts = json.loads((run.folder / "training" / "training.json").read_text())
            run.record["training_groups"] = facts["training_groups"]
            own = {"05_sources": {"fakes": f"{run.relative}/scores.parquet"}}  # as 02_evaluate leaves them
            if size == "full":
                _fit(checkpoint["checkpoint"], manifest, seed)
                own = _cross_fitted(f"{run.relative}/crossfit", manifest, seed)
            for station in ("02_evaluate", "03_generalization", "04_attention", "05_sources"):
                told = {**common, **checkpoint, **own.get(station, {}), **SIZES[size].get(station, {})}
                whole = run.execute(station, told, force=force) and whole
    except KeyboardInterrupt:
        run.close("interrupted")
        raise
    run.close(DONE if whole else FAILED, key_numbers=key_numbers(run.folder))
    return run.folder, whole


def _fit(checkpoint: str, manifest: str, seed: int) -> None:
    """Fit the detectors that learn for a checkpoint, unless they are there."""
    file = detectors_path(checkpoint)
    if file.is_file() and file.stat().st_mtime > checkpoint_path(checkpoint).stat().st_mtime:
        return
    fit_detectors(checkpoint, manifest, seed=seed, **_means())
    calibrate_detectors(checkpoint, manifest)


def _means() -> dict:
    """What detectors are fitted with on this machine: the heads only where a GPU is."""
    if torch.cuda.is_available():
        return {"material": Material(), "workers": len(os.sched_getaffinity(0)), "device": "cuda"}
    print("no GPU: the heads that learn from self-made fakes are left out (tad fit makes them)", file=sys.stderr)
    return {"material": Material(pairs=0), "workers": 0, "device": "cpu"}


def _cross_fitted(output: str, manifest: str, seed: int) -> dict[str, dict]:
    """What 02 and 03 read when every group is judged by a fold that has not seen it; 05 looks at the first fold.

    Places among reals, by which folds are pooled, cannot tell sources apart: 05 needs one network's own scores.
    """
    steps = Ladder(choose(), (0.0, *SIZES["full"]["03_generalization"]["strengths"]), twice=True, jod=True)
    cross_fit("full", manifest, output, steps, Setting(seed=seed, per_video=1), **_means())
    pooled = {"scores": f"{output}/scores.parquet", "manifest": f"{output}/manifest.csv"}
    first = f"{output}/fold0"
    alone = {"checkpoint": f"{first}/training/model.safetensors", "manifest": f"{first}/manifest.csv",
             "fakes": f"{first}/scores.parquet"}  # fmt: skip
    return {"02_evaluate": pooled, "03_generalization": pooled, "05_sources": alone}


def tables(folder: Path) -> list[tuple[str, pd.DataFrame]]:
    """What a run measured, to be printed: the card's numbers beside ours, and each family by itself."""
    card = pd.read_csv(folder / AGAINST_CARD, keep_default_na=False)
    families = pd.read_csv(folder / "families.csv", keep_default_na=False).rename(columns={"text": "AUC"})
    rates = ["recall", "false_positive_rate", "separation_ratio"]
    for share in rates[:2]:
        families[share] = families[share].astype(float).map("{:.0%}".format)
    for number in ("separation_ratio", "auc_across"):
        families[number] = pd.to_numeric(families[number], errors="coerce").map("{:.2f}".format).replace("nan", "n/a")
    return [
        ("ultra-extreme families, scenes never seen in training", card[["quantity", "card", "measured", "interval"]]),
        (
            "each family by itself; the verdict goes by auc_across, pairs from different groups alone",
            families[["family", "scope", "AUC", "auc_across", *rates, "verdict"]],
        ),
    ]


def key_numbers(folder: Path) -> dict[str, str]:
    """The numbers of a run that the index shows, as 02 and 03 left them; none of what was not run.

    Beside the card's detector stands the one that the shipped weights judge by, where the run scored it.
    """
    found = {}
    if (file := folder / AGAINST_CARD).is_file():
        table = pd.read_csv(file, keep_default_na=False).set_index("quantity")
        found |= {name: table.loc[name, "measured"] for name in KEY_NUMBERS}
    if (file := folder / "by_band.csv").is_file():
        table = pd.read_csv(file, keep_default_na=False)
        for name in card_and_default("demo", table["detector"]):
            told = f"AUC, {BOTH}" + f", {name}" * (name != CARD_DETECTOR)
            for text in table["text"][table["detector"].eq(name) & table["band"].eq(BOTH)]:
                found[told] = text
    return found
