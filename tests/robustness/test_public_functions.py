"""Everything that a room offers, with wrong types, shapes and ranges: one sentence with the rule and the value.

A row is a callable with good arguments, and for some of them a list of bad values and a word that the message must
hold. Whatever a room lists in `__all__` has a row or a reason why it has none.
"""

import importlib
import io
import re
from collections.abc import Iterator
from functools import cache
from math import inf, nan
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from tad import checks, data, explain, model, scoring, training
from tad.report import figures
from tad.scoring import detectors
from tad.scoring.resampled import auc_statistic

ROOMS = ("model", "data", "forgery", "scoring", "scoring.detectors", "training", "explain", "report",
         "report.figures")  # fmt: skip
SMALL = {"frames": 4, "size": 32, "patch": 8, "width": 24, "depth": 2, "heads": 2, "stem_width": 8, "flow_width": 8}


def offered() -> dict[str, object]:
    """All that may be called, by room and name; what two rooms offer stands under the first."""
    found: dict[str, object] = {}
    for room in ROOMS:
        package = importlib.import_module(f"tad.{room}")
        for name in package.__all__:
            thing = getattr(package, name)
            if callable(thing) and not any(thing is other for other in found.values()):
                found[f"{room}.{name}"] = thing
    return found


OFFERED = offered()
RESULT = "made by this package and handed out; it takes what comes"
WITHOUT_ROW = {
    "data.Clip": RESULT, "data.Counts": RESULT, "data.Footage": RESULT, "data.VideoInfo": RESULT,
    "scoring.Interval": RESULT, "scoring.Threshold": RESULT, "explain.Heat": RESULT, "training.Pool": RESULT,
    "data.DecodeError": "an error", "training.TrainingStopped": "an error",
    "data.project_root": "takes nothing", "model.features_once": "takes nothing",
    "data.no_clip_reason": "words for a message, from `Counts`",
    "forgery.Forgery": "made by `forgery`; its call is that of `forge`",
    "scoring.Detector": "a protocol", "scoring.detectors.Base": "to be derived from; its `score` is held below",
    "scoring.detectors.Taught": "to be derived from, as LocalHead",
    "explain.Grid": "the name of a type", "report.Part": "words for a page, escaped there",
    "report.figures.SheetRow": "a row for `contact_sheet`, which looks at it",
}  # fmt: skip

# Bad values

NOTHING = [None, "text", 3]
WHOLE = [None, "text", -1, 1.5, nan, inf, True]
COUNT = [*WHOLE, 0]
NUMBER = [None, "text", nan, inf, -inf]
POSITIVE = [*NUMBER, 0, -1]
SHARE = [*NUMBER, -0.1, 1.1]
NAME = [None, "nosuch", 3, ""]
PATH = [None, 3, ""]
FILE = [*PATH, "nowhere/at/all"]
PREPARED = [None, "text", torch.zeros(2)]  # where an object of ours is wanted


def spoilt(good: torch.Tensor, value: float) -> torch.Tensor:
    """A copy with one number replaced."""
    bad = good.clone()
    bad.view(-1)[bad.numel() // 2] = value
    return bad


def shapes(good: torch.Tensor) -> list:
    """What is no tensor of that type and shape."""
    other = good.float() if good.dtype == torch.uint8 else good.to(torch.int64)
    return [*NOTHING, good.numpy(), other, good[0], good[None, None], good[:0]]


def clips(good: torch.Tensor) -> list:
    """What is no clip."""
    return [*shapes(good), *(spoilt(good, value) for value in (nan, inf, -inf, 1.5))]


def tables(good: pd.DataFrame, *needed: str) -> list:
    """What is no such table."""
    return [*NOTHING, good.to_dict("list"), pd.DataFrame(), *(good.drop(columns=name) for name in needed)]


def scored(good: pd.DataFrame, *needed: str, more: tuple = ()) -> tuple[list, str]:
    """What is no table of scores."""
    return [*tables(good, "score", *needed), good.assign(score="high"), *more], "score|table"


def rows_of(good: pd.DataFrame, *needed: str, more: tuple = ()) -> tuple[list, str]:
    """What is no table of scores with a row in it."""
    return scored(good, *needed, more=(good.iloc[:0], *more))[0], "score|table|detector|labels"


# Good ones


def a_scores_table() -> pd.DataFrame:
    rows = [
        {"video": f"{g}{m}", "group": f"g{g}", "codec": "none", "detector": d, "seed": 0, "split": "test",
         "label": label, "dataset": f"d{g % 2}", "method": m, "scope": "local" if m else "", "strength": s,
         "start_s": 0.0, "score": g + s + len(d) / 9, "status": "ok", "psnr_db": 30.0}
        for g in range(3) for d in ("one", "other")
        for label, m, s in (("real", "", 0.0), ("fake", "warp", 0.5), ("fake", "warp", 1.0))
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(video=lambda t: t["group"])


@cache
def world() -> SimpleNamespace:
    torch.manual_seed(0)
    network, draws = model.create_model("tiny", **SMALL).eval(), torch.Generator().manual_seed(0)
    scores = a_scores_table()
    one = scores[scores["detector"].eq("one")]
    reals = one[one["label"].eq("real")]
    clip = torch.rand(3, 4, 32, 32, generator=draws) * 2 - 1
    detector = scoring.build("midframe_mse", network)
    manifest = pd.DataFrame(
        {"group": list("abc"), "label": "real", "split": ["train", "val", "test"], "path": list("abc")}
    )
    manifest = manifest.reindex(columns=[*data.manifest.COLUMNS], fill_value="").assign(
        video=manifest["path"], crop=None
    )
    return SimpleNamespace(
        network=network, draws=draws, clip=clip, batch=clip[None], frames=data.to_frames(clip), scores=scores, one=one,
        reals=reals, val=reals.assign(split="val"), detector=detector, manifest=manifest.assign(label="real"),
        flow=torch.zeros(1, 2, 32, 32), image=clip[None, :, 0], mask=torch.ones(4, 32, 32), heat=torch.rand(4, 32, 32),
        remembered=explain.Remembered(detector), effort=explain.Effort(grid=(1, 1, 1), steps=1, samples=1), tile=clip,
        recipe=training.HeadRecipe(steps=1), numbers=np.array([0.1, 0.2, 0.3]),
    )  # fmt: skip


# Rows: good arguments, and bad values of some of them, perhaps with the word that the message must hold


def rows_of_model(w) -> dict:
    config = model.resolve_config("tiny", **SMALL)
    return {
        "EnhancedTimeSformer": ({"config": config}, {"config": PREPARED}),
        "EnhancedTimeSformer.forward": (w.network, {"video": w.batch}, {"video": shapes(w.batch)}),
        "EnhancedTimeSformer.features": (w.network, {"video": w.batch}, {"video": shapes(w.batch)}),
        "LocalBranch": ({}, {"widths": [None, "text", (1, 2), (0, 1, 2), (1.5, 2, 3)], "depth": WHOLE}),
        "LocalBranch.forward": (model.LocalBranch((4, 4, 4), 1), {"video": w.batch}, {"video": shapes(w.batch)}),
        "ModelConfig": ({}, {name: COUNT for name in SMALL}),
        "TokenBranch": ({"network": w.network}, {"network": PREPARED, "width": COUNT}),
        "compare": ({"model": w.network, "weights": {}}, {"model": PREPARED, "weights": [*NOTHING, {"a": 1}]}),
        "create_model": ({"preset": "tiny", **SMALL}, {"preset": NAME, "width": COUNT, "depth": COUNT}),
        "endpoint_error_px": ({"flow": w.flow, "truth": w.flow}, {"flow": shapes(w.flow), "truth": shapes(w.flow)[:5]}),
        "inspect": (None, {"path": w.path}, {"path": (FILE, "checkpoint")}),
        "load_model": (None, {"path": w.path}, {"path": (FILE, "checkpoint")}),
        "peak": (
            {"logits": torch.zeros(1, 4)},
            {"logits": [*NOTHING, torch.zeros(4), torch.zeros(0, 4)], "share": SHARE},
        ),
        "read_facts": (None, {"path": w.path}, {"path": (FILE, "checkpoint")}),
        "resolve_config": ({}, {"preset": NAME, "width": COUNT}),
        "save_checkpoint": (None, {"path": w.path, "model": w.network}, {"path": PATH, "model": PREPARED}),
        "warp": ({"image": w.image, "flow": w.flow}, {"image": shapes(w.image), "flow": shapes(w.flow)}),
    }


def rows_of_data(w) -> dict:
    manifest, frames = w.manifest, w.frames
    dataset = {"manifest": manifest, "frames": 4, "size": 32}
    taken = {"manifest": tables(manifest, "path"), "frames": COUNT, "size": COUNT}
    film = {"frames": shapes(frames)}
    any_axes = {"frames": [*NOTHING, frames.numpy(), frames.int(), frames[:0], frames[0, 0, 0]]}
    crops = [(1, 2, 3), "text", (0, 0, 1, 1), (-1, 5, 0, 5), (0, 5, 0, 9.5)]
    return {
        "EachOnce": ({"items": 3, "batch_size": 2},
                     {"items": COUNT, "batch_size": COUNT, "seed": WHOLE[1:], "rank": WHOLE, "processes": COUNT}),
        "Encoding": ({"codec": "h264"},
                     {"codec": (NAME, "encoding"), "quality": ([None, "text", -1, 52, 1.5, nan], "encoding")}),
        "Encoding.parse": (data.Encoding, {"text": "none"},
                           {"text": ([*NAME, "h264:99", "h264:nan", "h264"], "encoding")}),
        "FixedClips": (None, {**dataset, "size": None},
                       {**taken, "size": COUNT[1:], "per_video": (COUNT[1:], "clips of a video"),
                        "long_side": ([None, "text", 1, nan], "longer side")}),
        "ShardClips": ({"shards": ["a.tar"], "frames": 4, "size": 32},
                       {"shards": [*NOTHING, []], "frames": COUNT, "size": COUNT, "seed": WHOLE}),
        "TrainingClips": (None, {**dataset, "length": 1}, {**taken, "length": WHOLE, "seed": WHOLE}),
        "VideoFiles": ({"table": manifest, "frames": 4, "size": 32},
                       {"table": tables(manifest, "path"), "frames": COUNT, "size": COUNT, "seed": WHOLE}),
        "at_most": ({"frames": frames, "long_side": 16}, {**any_axes, "long_side": ([*COUNT, 1], "longer side")}),
        "centre_crop": ({"frames": frames, "size": 16}, {**any_axes, "size": COUNT}),
        "check_clip": ({"clip": w.clip}, {"clip": clips(w.clip)[:5]}),
        "check_one_class": ({"table": manifest}, {"table": tables(manifest, "split", "label", "path")}),
        "cover": ({"frames": frames, "height": 8, "width": 8}, {**any_axes, "height": COUNT, "width": COUNT}),
        "decode": ({"path": w.film}, {"path": ([*FILE, b""], ""), "crop": crops, "start_s": [*NUMBER, -1],
                        "decoder": NAME}),
        "encode": (None, {"path": w.made, "frames": list(frames)},
                   {"path": PATH, "frames": ([None, 3, [], ["text"], list(frames.float()), [frames]], "frame"),
                    "fps": POSITIVE,
                    "codec": NAME, "crf": WHOLE[:-1], "threads": WHOLE}),
        "face_clip": ({"frames": frames, "size": 16}, {**film, "size": COUNT, "which": NAME, "margin": [*NUMBER, -1]}),
        "face_landmarks": ({"frames": frames}, film),
        "folds": ({"manifest": manifest, "n": 3},
                  {"manifest": tables(manifest, "group", "label"), "n": ([*COUNT, 2, 99], "folds"), "seed": WHOLE}),
        "for_one_class": ({"table": manifest}, {"table": tables(manifest, "split", "label", "group")}),
        "key_frame_distance": ({"source": w.film}, {"source": (FILE, ""), "most": COUNT}),
        "network_input": ({"clip": data.Clip(0.0, 1.0, frames), "size": 32}, {"clip": PREPARED, "size": COUNT}),
        "open_footage": (None, {"data": w.path}, {"data": (FILE, "data|manifest"), "val_data": [None, 3]}),
        "preprocess_video": ({"path": w.film, "frames": 4, "size": 32},
                             {"path": (FILE, ""), "frames": COUNT, "size": COUNT}),
        "probe": ({"path": w.film}, {"path": ([*FILE, b""], "")}),
        "read_clips": ({"path": w.film, "frames": 4},
                       {"path": (FILE, ""), "frames": COUNT, "size": COUNT[1:], "stride": COUNT[1:],
                        "crop": crops, "start_s": [*NUMBER, -1], "decoder": NAME, "long_side": COUNT[1:]}),
        "read_manifest": (None, {"path": w.path}, {"path": (FILE, "manifest")}),
        "resize_short_side": ({"frames": frames, "size": 16}, {**any_axes, "size": COUNT}),
        "resolve": ({"path": "x"}, {"path": PATH}),
        "sample": ({"video": "v", "frames": 2, "size": 8},
                   {"clip": [*shapes(w.clip)[1:]], "frames": COUNT, "size": COUNT}),
        "sha256": ({"path": w.film}, {"path": (FILE, "path|No such file")}),
        "to_clip": ({"frames": frames}, film),
        "to_frames": ({"clip": w.clip}, {"clip": [*shapes(w.clip), *clips(w.clip)[-4:-1]]}),
        "torn_groups": ({"table": manifest}, {"table": tables(manifest, "group", "split")[:-1]}),
        "transcode": ({"frames": frames, "encoding": data.Encoding("none")},
                      {**film, "encoding": PREPARED, "fps": POSITIVE}),
        "write_manifest": (None, {"manifest": manifest, "file": w.made},
                           {"manifest": tables(manifest, "path"), "file": PATH}),
        "write_video": (None, {"path": w.made, "frames": frames, "encoding": data.Encoding("none"), "fps": 25.0},
                        {"path": PATH, **film, "encoding": PREPARED, "fps": POSITIVE}),
    }  # fmt: skip


def rows_of_forgery(w) -> dict:
    drawn = {"generator": w.draws}
    draws = {"generator": NOTHING}
    pair = {"clip": w.clip, "forged": w.clip}
    both = {"clip": clips(w.clip)[:-1], "forged": clips(w.clip)[:-1]}
    bounds = {"low": NUMBER, "high": NUMBER, "shape": [None, "text", 3, (-1,), (1.5,)], **draws}
    family = {"name": "flicker", "strength": 0.5}
    mask = [*NOTHING, w.mask[0], w.mask[:, :5], spoilt(w.mask, nan)]
    return {
        "band": ({"psnr_db": 25.0}, {"psnr_db": [None, "text", nan]}),
        "displace": ({"clip": w.clip, "field": torch.ones(2, 1, 1, 1), "mask": w.mask, "reach_px": 1.0},
                     {"clip": shapes(w.clip), "field": [*NOTHING, torch.ones(3, 1, 1, 1), torch.ones(2, 1)],
                      "mask": mask, "reach_px": NUMBER}),
        "families": ({}, {"scope": NAME[1:]}),
        "forge": ({**family, "clip": w.clip, "seed": 0},
                  {"name": NAME, "clip": clips(w.clip), "strength": SHARE, "seed": WHOLE,
                   "donor": clips(w.clip)[1:], "landmarks": NOTHING[1:]}),
        "forge_batch": ({**family, "clips": w.batch, "seeds": [0]},
                        {"name": NAME, "clips": [*NOTHING, w.clip, w.batch.int()], "strength": SHARE,
                         "seeds": ([*NOTHING, [], [0, 1], ["a"], [-1], [0.5]], "seed")}),
        "forgery": ({"name": "x", "scope": "whole"},
                    {"name": [None, 3, ""], "scope": NAME, "needs": [None, "donor", ("money",)]}),
        "get": ({"name": "flicker"}, {"name": NAME}),
        "jod": (None, {**pair, "fps": 25}, {**both, "fps": POSITIVE}),
        "load_file": (None, {"path": w.path}, {"path": (FILE, "file")}),
        "moving_blob": ({"shape": (3, 4, 8, 8), **drawn},
                        {"shape": [None, "text", (3, 4), (3, 0, 8, 8), (3, 4, 8, 1.5)],
                        "feather": [*POSITIVE, 3], **draws}),
        "nested_swaps": ({"count": 4, **drawn}, {"count": [*COUNT, 1], **draws}),
        "psnr_clip_db": (pair, both),
        "psnr_db": ({**pair, "mask": w.mask}, {**both, "mask": mask}),
        "signed": ({"low": 0.0, "high": 1.0, "shape": (2,), **drawn}, bounds),
        "smooth_noise": ({"count": 1, "size": (8, 8), "cells": 3, **drawn},
                         {"count": COUNT, "size": [None, "text", 8, (8,), (0, 8), (8, 1.5)], "cells": COUNT, **draws}),
        "ssim": (pair, {**both, "mask": mask[1:]}),
        "uniform": ({"low": 0.0, "high": 1.0, "shape": (2,), **drawn}, bounds),
        "visibility": ({**pair, "mask": w.mask}, {**both, "mask": mask, "fps": POSITIVE[1:]}),
    }  # fmt: skip


def rows_of_scoring(w) -> dict:
    scores, one, val, reals = w.scores, w.one, w.val, w.reals
    weights = np.ones(len(one))
    bad_weights = [*NOTHING, weights[1:], -weights, weights * nan]
    boot = {"n_boot": COUNT, "seed": WHOLE}
    quick = {"n_boot": 1}
    by_unit = {"scores": rows_of(scores, "label", "group", "split"), "unit": NAME, **boot}
    of_one = {**by_unit, "detector": NAME}
    asked = {"scores": scores, "detector": "one", **quick}
    places = ({"calibration": val, "scores": [0.1]},
              {"calibration": rows_of(val, "group", "label"),
               "scores": [None, "text", [nan], ["a"], [[0.1]], [inf]]})  # fmt: skip
    at = scoring.summary(scores, scoring.oracle_threshold(one), "one", n_boot=1)
    cut = {"threshold": [None, "text", nan]}
    sources = {**of_one, "by": NAME}
    judge = scoring.build("neighbour_copy", None)
    pairs = scoring.paired(scores, n_boot=1)
    limits = [None, "text", (0.2,), (1.5,), (nan,), ("a",)]
    chosen = scoring.quantile_threshold(val)
    return {
        "against_card": ({"at_threshold": at, "at_oracle": at, "card": {}},
                         {"at_threshold": tables(at, "quantity"), "at_oracle": tables(at, "quantity"),
                          "card": NOTHING}),
        "at_operating_points": ({"table": one, **quick},
                                {"table": rows_of(one, "label", "group"), "weights": bad_weights[1:], **boot}),
        "above_own_real": ({"scores": scores, **quick}, {**by_unit, "scores": scored(scores, "label", "group")}),
        "auc_statistic": ({"table": one, "weights": weights},
                          {"table": rows_of(one, "label", "group"), "weights": bad_weights}),
        "build": ({"name": "midframe_mse", "model": w.network}, {"name": (NAME, "detector"), "model": PREPARED}),
        "by_family": ({**asked, "threshold": 0.5}, {**of_one, **cut}),
        "corrected": ({"pairs": pairs},
                      {"pairs": ([*tables(pairs, "p", "difference"), pairs.assign(p=2.0)], "pairs|p must")}),
        "detectability": (asked, of_one),
        "detection_limits": (asked, {**of_one, "levels": limits}),
        "ensemble": ({"calibration": scores[scores["label"].eq("real")].assign(split="val"), "scores": scores},
                     {"calibration": rows_of(val, "group", "label"), "scores": rows_of(scores, "group", "label"),
                      "how": NAME}),
        "false_positive_rate": ({"reals": reals, "threshold": 0.5, **quick},
                                {"reals": rows_of(reals, "label", "group", more=(reals.assign(score=nan),)), **cut,
                                 **boot}),
        "from_csv": (None, {"path": w.path, "scores": scores}, {"path": (FILE, "file")}),
        "fuse": ({"columns": [[0.5]], "n_groups": 3},
                 {"columns": [None, "text", [0.5], [[2.0]], [[nan]], [["a"]]], "how": NAME,
                        "n_groups": [None, "text", nan, 0, -1, inf]}),
        "group_bootstrap": ({"statistic": auc_statistic(one, weights), **quick}, {"statistic": PREPARED, **boot}),
        "guaranteed": ({"alpha": 0.05, "n_groups": 3}, {"alpha": [*POSITIVE, 1, 2], "n_groups": WHOLE}),
        "holm": ({"p": [0.1]}, {"p": [None, "text", ["a"], [nan], [-0.1], [1.1], [[0.1]]]}),
        "in_words": ({"p_value": 0.5, "n_groups": 3}, {"p_value": [*POSITIVE, 2], "n_groups": COUNT}),
        "load_detectors": (None, {"path": w.path}, {"path": (FILE, "file")}),
        "look": ({"frames": w.frames, "view": None}, {"frames": shapes(w.frames), "view": COUNT[1:]}),
        "mean_auc": ({"scores": scores, **quick},
                     {**by_unit, "scores": scored(scores, "label", "group"),
                      "against": (scored(scores, "label", "group")[0][1:], "score|table")}),
        "median_over_groups": ({"groups": pd.Series(list("aab")), "values": w.numbers, **quick},
                               {"groups": [*NOTHING, pd.Series(list("a")), pd.Series([], dtype=str)],
                                "values": ([*NOTHING, w.numbers[1:], w.numbers * nan, ["a", "b", "c"]], "value"),
                                **boot}),
        "metrics": ({"table": one, "threshold": 0.5},
                    {"table": rows_of(one, "label", more=(one.assign(score=nan),)), **cut, "weights": bad_weights[1:],
                     "names": [*NOTHING, ["AUROC"]]}),
        "monotone_auc": (asked, of_one),
        "operating_points": ({"table": one}, {"table": rows_of(one, "label", "group", more=(one.assign(score=nan),)),
                        "weights": bad_weights[1:]}),
        "oracle_threshold": ({"table": one}, {"table": rows_of(one, "label", "group", "status")}),
        "p_values": places,
        "paired": ({"scores": scores, **quick}, {**by_unit, "n_swaps": COUNT}),
        "percentiles": places,
        "places": places,
        "quantile_threshold": ({"scores": val},
                               {"scores": rows_of(val, "group", "label", "split"), "quantile": [*SHARE, 0, 1]}),
        "real_floor": (asked, sources),
        "register": (None, {"detector": detectors.Base}, {"detector": PREPARED}),
        "score": ({"detectors": [judge], "frames": w.frames},
                  {"detectors": ([*NOTHING, [None], judge], "detectors?"), "frames": shapes(w.frames)}),
        "source_pairs": (asked, {**sources, "scores": rows_of(scores, "group")}),
        "summary": ({**asked, "threshold": scoring.oracle_threshold(one)}, {**of_one, "threshold": [*PREPARED, 0.5]}),
        "threshold_of_folds": ({"found": [chosen]}, {"found": ([*NOTHING, [], [None], [0.5]], "folds")}),
        "two_tailed": ({"detector": judge}, {"detector": PREPARED}),
        "video_scores": ({"scores": scores}, {"scores": scored(scores, "group")}),
    }  # fmt: skip


ON_NETWORK = (
    "FlowConsistency",
    "HiddenMidFrameMSE",
    "LatentChange",
    "LatentDistance",
    "MidFrameMSE",
    "PatchError",
    "PatchErrorLow",
    "TokenHead",
)
ALONE = ("InterpolationResidual", "LocalHead", "NeighbourCopy", "NeighbourMean", "PCAReconstruction", "SRMResidual",
         "SecondDifference", "SupervisedCNN")  # fmt: skip


def rows_of_detectors(w) -> dict:
    by_network = {name: ({"model": w.network}, {"model": (PREPARED, "model|network")}) for name in ON_NETWORK}
    alone = {name: ({}, {"model": PREPARED[1:]}) for name in ALONE}
    alone["LocalHead"][1].update(pairs=COUNT, recipe=PREPARED, variation=PREPARED, seed=WHOLE)
    ready = [scoring.build(name, w.network) for name in scoring.DETECTORS]
    unfitted = [scoring.build(name, w.network) for name in scoring.FITTED]
    clips = {"clips": w.batch}
    scores = {f"{type(d).__name__}.score": (d, clips, {"clips": (shapes(w.batch), "clips|video")}) for d in ready}
    no_clips = [None, 3, [], ["text"], [None], [w.batch], w.batch.int()]
    fits = {f"{type(d).__name__}.fit": (d, {"clips": [w.clip, -w.clip]}, {"clips": (no_clips, "clip")})
            for d in unfitted if d.learns and not isinstance(d, detectors.Taught)}  # fmt: skip
    return {**by_network, **alone, **scores, **fits}


def rows_of_training(w) -> dict:
    network = {"video": w.batch}
    batch = {"video": shapes(w.batch)}
    flow, image = shapes(w.flow), shapes(w.image)
    clips = [w.frames] * 2
    own = {"clips": clips, "groups": ["a", "b"], "forgeries": {"flicker": None}, "pairs": 2, "seed": 0}
    pairs = training.SelfForged(**own)
    which = torch.arange(1)
    pool = training.Pool(*[torch.zeros(1)] * 5, [], [])
    head = {"net": torch.nn.Identity(), "pool": pool, "which": which, "recipe": w.recipe, "seed": 0}
    sizes = {name: COUNT for name in ("steps", "batch_pairs")}
    rates = {"learning_rate": POSITIVE, "weight_decay": [*NUMBER, -1], "of_clip": [*NUMBER, -1], "share": [*SHARE, 0]}
    return {
        "HeadRecipe": ({}, {**sizes, **rates}),
        "Machine": ({}, {name: COUNT for name in ("nodes", "save_every", "log_every")} | {"workers": WHOLE}),
        "Recipe": ({}, {name: COUNT for name in ("epochs", "batch_size", "accumulate", "val_videos", "val_per_video")}
                       | {name: POSITIVE for name in ("learning_rate", "clip_norm")}
                       | {name: SHARE for name in ("warmup", "hidden")} | {"clips_per_epoch": WHOLE}
                       | {name: [*NUMBER, -1] for name in ("weight_decay", "photometric", "smoothness", "flow")}),
        "Reconstruction": ({"model": w.network, "recipe": training.Recipe()}, {"model": PREPARED, "recipe": PREPARED}),
        "Reconstruction.losses": (training.Reconstruction(w.network, training.Recipe()), network, batch),
        "SelfForged": (own,
                       {"clips": [*NOTHING, [None], [w.clip], []], "groups": [*NOTHING, ["a"]], "pairs": COUNT,
                        "seed": WHOLE,
                             "forgeries": ([*NOTHING, {}], "forger"), "variation": PREPARED}),
        "Variation": ({}, {"tile": [*COUNT, 4], "shrink": [*SHARE, 0], "weakest": [*SHARE, 0], "uncoded": SHARE,
                           "crf": [None, "text", 3, (3,), (-1, 9), (9, 3), (0, 99), (0.5, 9)]}),
        "fit": (None, {"recipe": training.RECIPES["smoke"], "data": w.film, "folder": w.made},
                {"recipe": PREPARED, "data": (FILE, "data|manifest"), "folder": PATH, "seed": WHOLE,
                 "machine": PREPARED}),
        "fit_head": (None, head,
                     {"net": PREPARED, "pool": PREPARED, "which": [*NOTHING, torch.zeros(0), torch.zeros(1)],
                                  "recipe": PREPARED, "seed": WHOLE}),
        "flow_losses": ({**network, "flows": [torch.zeros(1, 2, 3, 32, 32)]},
                        {**batch, "flows": [*NOTHING, [], [None], [torch.zeros(1, 2, 3, 8, 8)]], "fade": POSITIVE}),
        "frame_error": ({"prediction": w.image, "target": w.image},
                        {"prediction": image, "target": [*image, w.image[..., 1:]]}),
        "hide_mid_frame": (network, {**batch, "which": [*NOTHING[1:], torch.ones(9, dtype=torch.bool), torch.ones(1)]}),
        "look_through": (None, {"see": torch.abs, "pool": pool},
                         {"see": NOTHING, "pool": PREPARED, "batch_clips": COUNT}),
        "make_pool": (None, {"data": pairs}, {"data": PREPARED, "workers": WHOLE, "device": NAME}),
        "neighbour_errors": (network, batch),
        "photometric_loss": ({"here": w.image, "there": w.image, "flow": w.flow},
                             {"here": image, "there": image, "flow": flow}),
        "smoothness_loss": ({"flow": w.flow, "image": w.image}, {"flow": flow, "image": image, "edge": [*NUMBER, -1]}),
    }  # fmt: skip


def rows_of_explain(w) -> dict:
    judged = {"detector": w.detector, "clip": w.clip}
    bad = {"detector": PREPARED, "clip": clips(w.clip)}
    looked = {"model": w.network, "clip": w.clip}
    unlooked = {"model": PREPARED, "clip": clips(w.clip)}
    method = ({**judged, "effort": w.effort}, {**bad, "effort": PREPARED})
    grids = [*NOTHING, (1, 2), (0, 1, 1), (1, 1, 99), (1.5, 1, 1)]
    heats = [*NOTHING, w.heat[0], w.heat.int(), w.heat[:0], spoilt(w.heat, nan), spoilt(w.heat, inf)]
    shape = {"shape": (4, 8, 8), "grid": (1, 2, 2)}
    odd = {"shape": [*NOTHING, (4, 8), (0, 8, 8), (4, 8, 8.5)], "grid": grids}
    remembered = {"score": w.remembered, "clip": w.clip, "heat": w.heat, "generator": w.draws, "grid": (1, 1, 2)}
    forgotten = {"score": PREPARED, "clip": clips(w.clip), "heat": heats, "generator": NOTHING, "grid": grids}
    rows = explain.measure_clip(
        w.detector, w.clip, w.mask, w.effort, explain.Questions(("own_map",), False, False, 1, (1, 1, 1))
    )
    measured = pd.DataFrame(rows).assign(video="v", family="f", strength=1.0, group="g", detector="d")
    found = explain.summary(measured)
    curve = torch.tensor([2.0, 1, 1, 1, 1])
    curves = [*NOTHING, curve[1:], curve.int(), spoilt(curve, inf)]
    steps = {name: COUNT for name in ("steps", "samples", "batch")}
    layers = {**unlooked, "layer": [None, "text", 9, -9, 0.5], "axis": NAME}
    masks = [*NOTHING, w.mask[0], w.mask[:2], spoilt(w.mask, nan), w.mask[:0]]
    return {
        "ClipScore": ({"detector": w.detector}, {"detector": PREPARED}),
        "Effort": ({}, {**steps, "seed": WHOLE, "grid": grids[:-2]}),
        "Questions": ({}, {"methods": [None, "text", ("nosuch",)], "draws": COUNT, "grid": grids[:-2]}),
        "Remembered": ({"detector": w.detector}, {"detector": PREPARED, "batch": COUNT}),
        **{name: method for name in ("ablation", "occlusion", "integrated_gradients", "smooth_grad", "grad_cam",
                        "layer_integrated_gradients")},
        "agreement": ({"heat": w.numbers, "truth": w.numbers > 0.1},
                      {"heat": ([*NOTHING, w.numbers[1:], w.numbers * nan], "heat|truth"),
                       "truth": [*NOTHING, np.array([True]), w.numbers]}),
        "attention": ({**looked, "layer": 0, "axis": "time"}, {**layers, "head": [9, -1, "text", 0.5]}),
        "attention_gradient": ({**looked, "layer": 0, "axis": "time"}, {**layers, "detector": PREPARED[1:]}),
        "attention_of_mid_frame": (looked, {**unlooked, "layer": layers["layer"]}),
        "blurred": ({"clips": w.batch}, {"clips": shapes(w.batch)}),
        "cells": (shape, odd),
        "control_maps": ({"clip": w.clip, "generator": w.draws}, {"clip": clips(w.clip), "generator": NOTHING}),
        "deletion_area": ({"curve": curve, "reference": curve}, {"curve": curves, "reference": curves}),
        "deletion_curve": (remembered, forgotten),
        "embedded_layer": ({"detector": w.detector}, {"detector": PREPARED}),
        "error_map": (judged, bad),
        "error_maps": (None, {"model": w.network},
                       {"model": PREPARED, "reals": ([3, "text", [None]], "clip"),
                        "fitted": ([3, "text"], "fitted|detector")}),
        "evidence": ({"heat": w.heat, "grid": (1, 1, 1)}, {"heat": heats, "grid": grids[:-2]}),
        "explain": ({**judged, "method": "own_map"}, {**bad, "method": (NAME, "explained"), "effort": PREPARED}),
        "fitting": (shape, {"shape": odd["shape"], "grid": grids[:-2]}),
        "infidelity": ({**remembered, "n": 1}, {**forgotten, "n": COUNT}),
        "is_differentiable": (judged, bad),
        "localisation": ({"heat": w.heat, "mask": w.mask}, {"heat": heats, "mask": masks}),
        "mean_over_groups": ({"groups": pd.Series(list("aab")), "values": pd.Series(w.numbers), "n_boot": 1},
                             {"groups": [*NOTHING, pd.Series(list("a"))],
                              "values": [*NOTHING, pd.Series(["a", "b", "c"])],
                              "n_boot": COUNT, "seed": WHOLE}),
        "measure_clip": (None, {**judged, "mask": w.mask, "effort": w.effort},
                         {**bad, "mask": masks, "effort": PREPARED, "questions": PREPARED, "seed": WHOLE}),
        "pooled": ({"heat": w.heat, "grid": (1, 1, 1)}, {"heat": heats, "grid": grids}),
        "random_detector": ({"detector": w.detector, "generator": w.draws},
                            {"detector": PREPARED, "generator": NOTHING}),
        "random_twin": ({"module": w.network, "generator": w.draws}, {"module": PREPARED, "generator": NOTHING}),
        "rollout": (looked, unlooked),
        "spread": ({"values": torch.ones(4), **shape}, {"values": [*NOTHING, torch.ones(3), torch.ones(4, 4)], **odd}),
        "summary": ({"rows": measured}, {"rows": tables(measured, "method", "group", "kind"), "seed": WHOLE}),
        "table": ({"found": found}, {"found": tables(found, "method", "value", "verdict")}),
        "usable": (judged, bad),
    }  # fmt: skip


def rows_of_report(w) -> dict:
    figure = Figure()
    picture = {"alt": [None, 3, "", " "], "caption": [None, 3]}
    moving = ({"webp": w.webp, "alt": "what is seen"}, {"webp": [*NOTHING, b"", b"no picture"], **picture})
    return {
        "animation_html": moving,
        "export_html": (None, {"notebook_path": w.film, "html_path": w.made},
                        {"notebook_path": ([*FILE, w.film], "notebook_path|No such file"), "html_path": PATH}),
        "figure_html": ({"figure": figure, "alt": "what is seen"}, {"figure": PREPARED, **picture}),
        "show": ({"figure": figure, "alt": "what is seen"}, {"figure": PREPARED, **picture}),
        "show_animation": moving,
        "show_table": ({"df": w.scores, "caption": ""},
                       {"df": NOTHING, "caption": [None, 3], "formats": [3, "text", {"nosuch": "{}"}]}),
        "write_explanation": (None, {"path": w.made, "title": "", "parts": []},
                              {"path": PATH, "title": [None, 3], "parts": [None, 3, "text", [None]]}),
        "write_index": (None, {"reports_dir": w.made}, {"reports_dir": FILE}),
        "write_run_index": (None, {"run_dir": w.made}, {"run_dir": (FILE, "run")}),
    }  # fmt: skip


def pictures(good: np.ndarray) -> list:
    """What is no picture (H, W, 3)."""
    return [*NOTHING, good[0], good[None], good[..., :2], good[:0], good * 3.0, good * nan, np.full(good.shape, "a")]


def planes(good: np.ndarray) -> list:
    """What is no heat or mask (H, W)."""
    return [*NOTHING, good[0], good[None], good[:0], good + 1.5, good - 0.5, good * nan, np.full(good.shape, "a")]


def empty_or(good: pd.DataFrame, *needed: str) -> list:
    """What is no such table with a row in it."""
    return [*tables(good, *needed), good.iloc[:0]]


def rows_of_figures(w) -> dict:
    picture, heat = np.full((6, 8, 3), 0.5), np.linspace(0, 1, 48).reshape(6, 8)
    texts, limits = [None, 3, [], [3], "text"], [None, "text", nan, inf]
    log = pd.DataFrame({"step": [1, 2], "train_loss": [1.0, 0.5], "loss": [1.0, 0.5]})
    logs = [*NOTHING, log.to_dict("list"), pd.DataFrame(), log.iloc[:0], log.drop(columns="step")]
    curves = pd.DataFrame({"family": "warp", "scope": "local", "strength": [0.5, 1.0], "auc": 0.7, "low": 0.6,
                           "high": 0.8, "psnr_db": 30.0, "jod": 9.0, "n_groups": 3})  # fmt: skip
    found = pd.DataFrame({"detector": "d", "family": ["a", "b"], "scope": "local", "strength": 1.0, "auc": 0.7,
                          "band": "subtle", "psnr_db": 30.0, "left_out": [True, False]})  # fmt: skip
    carried = pd.DataFrame({"detector": ["d"], "calibrated_on": ["a"], "judged_on": ["b"], "balanced_accuracy": [0.5]})
    measured = pd.DataFrame(
        {"detector": "d", "method": ["m", "c"], "kind": ["method", "control"], "measure": "space_auc",
         "strength": 1.0, "value": 0.6, "low": 0.5, "high": 0.7, "control": "c"}
    )  # fmt: skip
    panels = {"space_auc": "where", "time_auc": "when"}
    scores = w.scores.assign(detector="midframe_mse")
    of_scores = {"scores": empty_or(scores, "score", "label", "status", "detector", "method", "strength", "group")}
    cuts = {"threshold": limits}
    units = w.scores.assign(split=["val", "test"] * 9)
    chosen = pd.DataFrame({"detector": ["one", "other"], "value": 0.5, "low": 0.4, "high": 0.6})
    rates = pd.DataFrame({"detector": ["d"], "change": ["blur"], "after": [0.1]})
    clips = pd.DataFrame({"start_s": [0.0, 1.0], "end_s": [1.0, 2.0], "score": [0.1, 0.2]})
    row = figures.SheetRow("warp", "local", picture, [picture], ["30 dB"])
    stretches = [3, "text", [None], [(1.0,)], [(0.0, nan)]]
    return {
        "animation": ({"frames": [picture], "heats": [heat]},
                      {"frames": [*NOTHING, [], *([bad] for bad in pictures(picture)), [picture] * 2],
                       "heats": ([*NOTHING, [], *([bad] for bad in planes(heat))], "heat"),
                       "masks": ([3, "text", [], *([bad] for bad in planes(heat))], "mask|heat maps"),
                       "fps": POSITIVE}),
        "attention_grid": ({"maps": np.ones((2, 3, 4, 4))},
                           {"maps": [*NOTHING, heat, np.ones((0, 3, 4, 4)), -np.ones((2, 3, 4, 4)),
                                     np.full((2, 3, 4, 4), nan)]}),
        "contact_sheet": ({"rows": [row], "strengths": ["1"]},
                          {"rows": ([*NOTHING, [], [None], [picture]], "row"), "strengths": texts,
                           "extra_title": [None, 3]}),
        "counted": ({"scores": scores}, of_scores),
        "cross_dataset_map": ({"table": carried}, {"table": empty_or(carried, *carried)}),
        "detectability": ({"curves": curves}, {"curves": empty_or(curves, *curves.drop(columns="jod"))}),
        "detector_map": ({"table": found},
                         {"table": empty_or(found, "detector", "family", "strength", "auc", "band", "psnr_db")}),
        "explanation_scores": ({"table": measured, "panels": panels},
                               {"table": empty_or(measured, "method", "kind", "measure", "value", "low", "control"),
                                "panels": [*NOTHING, {}]}),
        "explanation_strength": ({"table": measured, "label": "AUC"},
                                 {"table": empty_or(measured, "detector", "strength", "value", "high"),
                                  "label": [None, 3]}),
        "false_positive_map": ({"table": rates, "across": ["change"]},
                               {"table": empty_or(rates, *rates), "across": [None, 3, [], [3]], "rate": [None, 3]}),
        "film_strip": ({"rows": [[picture]], "titles": ["a"]},
                       {"rows": [*NOTHING, [], [[]], *([[bad]] for bad in pictures(picture))],
                        "titles": [*texts, ["a", "b"]],
                        "overlays": [3, "text", [], [[]], *([[bad]] for bad in planes(heat)[1:])],
                        "outlines": [3, "text", [], [[]], *([[bad]] for bad in planes(heat)[1:])]}),
        "left_out_map": ({"table": found},
                         {"table": empty_or(found, "detector", "family", "scope", "auc", "left_out")}),
        "mse_distribution": ({"scores": scores, "threshold": 0.5}, {**of_scores, **cuts, "oracle": limits[1:]}),
        "roc": ({"scores": scores}, of_scores),
        "score_by_family": ({"scores": scores, "threshold": 0.5}, {**of_scores, **cuts}),
        "score_profile": ({"times": [0.0, 1.0], "scores": {"real": [0.1, 0.2]}},
                          {"times": [*NOTHING, [], [nan, 1.0], ["a", "b"]],
                           "scores": [*NOTHING, {}, {"real": [0.1]}, {"real": ["a", "b"]}, {"real": None}],
                           "changed": stretches, "threshold": limits[1:], "explained": [3, (1.0,), (0.0, nan)]}),
        "score_timeline": ({"clips": clips, "threshold": 0.1, "reals": [0.1], "thumbnails": [(0.0, picture)]},
                           {"clips": empty_or(clips, *clips), **cuts, "reals": [None, 3, "text", [nan], ["a"]],
                            "thumbnails": [*NOTHING, [None], [picture], [(0.0, heat)]]}),
        "scores_by_source": ({"units": units, "thresholds": chosen},
                             {"units": empty_or(units, "detector", "split", "group", "score"),
                              "thresholds": [*empty_or(chosen, *chosen), chosen.iloc[:1]], "unit": [None, 3]}),
        "training_curves": ({"log": log}, {"log": [*logs, log.drop(columns="train_loss")]}),
        "training_steps": ({"steps": log}, {"steps": ([*logs, log.drop(columns="loss")], "log")}),
        "visibility_chart": ({"table": curves},
                             {"table": empty_or(curves, "family", "scope", "strength", "psnr_db", "jod")}),
    }  # fmt: skip


# The tests


@pytest.fixture(scope="module")
def rows(moving_video, checkpoint, tmp_path_factory) -> dict[str, tuple]:
    """Every row by room and name: perhaps whose method it is, good arguments, bad values.

    A row that begins with None is of what takes long with good arguments, or leaves something behind.
    """
    w, file = world(), io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "webp")
    w.webp, w.film, w.path = file.getvalue(), moving_video, checkpoint
    w.made = tmp_path_factory.mktemp("made") / "file.mkv"
    by_room = {
        "model": rows_of_model, "data": rows_of_data, "forgery": rows_of_forgery, "scoring": rows_of_scoring,
        "scoring.detectors": rows_of_detectors, "training": rows_of_training, "explain": rows_of_explain,
        "report": rows_of_report, "report.figures": rows_of_figures,
    }  # fmt: skip
    return {f"{room}.{name}": row for room, make in by_room.items() for name, row in make(w).items()}


def called(function, arguments: dict) -> object:
    found = function(**arguments)
    return list(found) if isinstance(found, Iterator) else found


def refusal(function, arguments: dict) -> str:
    """How the call is refused; "" if by one sentence that says what was wrong."""
    try:
        found = called(function, arguments)
    except (ValueError, TypeError, OSError) as error:  # of a file that is not there the system's words will do
        return str(error)
    except Exception as error:
        return f"!{type(error).__name__}: {error}"
    return f"!it gave {str(found)[:60]!r}"


SENTENCE = re.compile(r"[^!\n][^\n]{10,700}")
OBSCURE = re.compile(r"object has no attribute|unsupported operand|not subscriptable|object is not|unexpected keyword|"
                     r"ambiguous|could not convert|expected|positional")  # fmt: skip


def complaints(name: str, row: tuple) -> list[str]:
    """What is wrong with the answers to a row's bad values."""
    owner, good, bad = row if len(row) == 3 else (None, *row)
    function = getattr(owner, name.rpartition(".")[2]) if owner is not None else OFFERED[name]
    found = []
    if len(row) == 2 or owner is not None:
        called(function, good)
    for argument, asked in bad.items():
        values, word = asked if isinstance(asked, tuple) else (asked, argument.replace("_", "[_ ]"))
        for value in values:
            said = refusal(function, {**good, argument: value})
            if not SENTENCE.fullmatch(said) or OBSCURE.search(said) or not re.search(word, said):
                found.append(f"{argument}={checks.shown(value)}: {said[:200]}")
    return found


@pytest.mark.parametrize("name", OFFERED)
def test_bad_values_are_refused_in_a_sentence(rows, name):
    own = {key: row for key, row in rows.items() if key == name or key.startswith(f"{name}.")}
    if name in WITHOUT_ROW:
        assert not own
        return
    assert own, f"{name} takes values that could be wrong: give it a row, or a reason in WITHOUT_ROW"
    found = [f"{key} {told}" for key, row in own.items() for told in complaints(key, row)]
    assert not found, "\n".join(found)


def test_no_row_is_left_over(rows):
    assert {key for key in rows if not any(key == name or key.startswith(f"{name}.") for name in OFFERED)} == set()
    assert set(WITHOUT_ROW) <= set(OFFERED)
