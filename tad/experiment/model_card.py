"""The model card of a checkpoint: what it was trained on, what a run measured, as the Hugging Face hub reads it."""

import json
from pathlib import Path

import jinja2
import pandas as pd

from tad import report
from tad.data import resolve
from tad.experiment.checkpoints import checkpoint_path, load, load_threshold, threshold_path
from tad.experiment.evaluation import CARD_DETECTOR
from tad.model import inspect

BANDS = ("extreme", "moderate + subtle")
METRICS = {  # name on the hub: quantity of the table, unit of the table's text
    "accuracy": ("accuracy", 0.01), "precision": ("precision", 0.01), "recall": ("recall", 0.01),
    "f1": ("F1", 0.01), "roc_auc": ("AUC", 1.0), "average_precision": ("average precision", 1.0),
}  # fmt: skip


def model_card(checkpoint: str | Path, run: str | Path) -> str:
    """Write the text of a model card with a complete YAML header.

    Args:
        checkpoint: weights of `tad train`, which hold the facts of their training.
        run: folder of a whole run of `tad reproduce` that measured these weights.

    Raises:
        ValueError: the weights do not say how they came about, or the folder holds no measurement.
    """
    file, folder = checkpoint_path(checkpoint), resolve(run)
    model, weights, facts = inspect(file)
    if "validation" not in facts:
        raise ValueError(f"a model card needs weights that say how they were trained (`tad train`); got {checkpoint}")
    tables = [folder / name for name in ("run.json", "against_card.csv", "families.csv")]
    missing = [path.name for path in tables if not path.is_file()]
    if missing:
        raise ValueError(f"a model card needs the folder of a whole run; {run} lacks {', '.join(missing)}")
    record = json.loads(tables[0].read_text())
    card, families = (pd.read_csv(path, keep_default_na=False) for path in tables[1:])
    name = f"EnhancedTimeSformer, {facts['recipe']['preset']}, real footage only"
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((Path(report.__file__).parent / "templates" / "model_card.md").read_text())
    return template.render(
        name=name, header=_header(name, facts, card, record), facts=facts, config=model.config, run=record,
        shown=_shown, card=card.to_dict("records"), families=families.to_dict("records"), file=file.name,
        parameters=sum(p.numel() for p in model.parameters()), megabytes=file.stat().st_size / 1e6,
        threshold=load_threshold(file, CARD_DETECTOR)[1] if threshold_path(file).is_file() else None,
        default=load_threshold(file)[0] if threshold_path(file).is_file() else CARD_DETECTOR,
        detectors=_detectors(folder / "by_band.csv"), bands=BANDS,
        bits=8 * next(iter(weights.values())).element_size(),
    )  # fmt: skip


def _detectors(file: Path) -> list[dict[str, object]]:
    """Every detector's mean AUCs by band, and what its threshold does; none where a run has no ladder."""
    if not file.is_file():
        return []
    table = pd.read_csv(file, keep_default_na=False)
    table = table[table["band"].isin(BANDS) & table["auc"].ne("")]
    lines = []
    for name, rows in table.groupby("detector", sort=False):
        of_band, first = dict(zip(rows["band"], rows["text"], strict=True)), rows.iloc[0]
        line = {"detector": name, "trained_on": first["trained_on"], "aucs": [of_band.get(b, "n/a") for b in BANDS]}
        rate = _number(first["false_positive_rate"])
        line["alarms"] = "n/a" if rate is None else f"{rate:.0%} of {first['n_real']}"
        lines.append(line)
    return lines


def _shown(groups: list[str]) -> str:
    return ", ".join(groups[:12]) + (", ..." if len(groups) > 12 else "")


def _header(name: str, facts: dict, card: pd.DataFrame, record: dict) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    measured = card.set_index("quantity")["measured"]
    scenes = f"scenes never seen in training and ultra-extreme fakes of them (run {record['name']})"
    where = {"task_type": "video-classification", "dataset_type": "tad-scenes", "dataset_name": scenes}
    results = [
        EvalResult(metric_type=kind, metric_name=quantity, metric_value=round(value * unit, 4), **where)
        for kind, (quantity, unit) in METRICS.items()
        if (value := _number(measured.get(quantity, ""))) is not None
    ]
    return ModelCardData(
        model_name=name, license="mit", library_name="tad", pipeline_tag="video-classification",
        tags=["deepfake-detection", "one-class", "video-anomaly-detection", "timesformer"],
        datasets=[d.replace(" ", "-") for d in facts["datasets"]],
        metrics=[result.metric_type for result in results], eval_results=results,
    ).to_yaml()  # fmt: skip


def _number(text: str) -> float | None:
    """The number of a table's cell; None for "n/a (needs N)", which no metric can hold."""
    try:
        return float(str(text).removesuffix("%"))
    except ValueError:
        return None


def write_card(checkpoint: str | Path, run: str | Path, out: str | Path | None = None) -> Path:
    """Write the model card to a file, README.md beside the weights unless told otherwise."""
    out = Path(out) if out else checkpoint_path(checkpoint).with_name("README.md")
    out.write_text(model_card(checkpoint, run))
    return out


def write_hub_folder(checkpoint: str | Path, run: str | Path, folder: str | Path) -> Path:
    """Write weights, configuration and model card in the hub's layout; `HubTimeSformer.from_pretrained` reads it."""
    from tad.model.hub import HubTimeSformer

    folder = Path(folder)
    text = model_card(checkpoint, run).replace(checkpoint_path(checkpoint).name, "model.safetensors")
    HubTimeSformer.of(load(checkpoint)).save_pretrained(folder)
    (folder / "README.md").write_text(text)
    return folder
