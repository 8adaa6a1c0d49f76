"""A scores table with scene effects, in the columns that every room agrees on."""

import numpy as np
import pandas as pd
import pytest


def make_scores(
    seed=0,
    groups=6,
    videos=2,
    clips=3,
    families=("swap", "noise"),
    strengths=(1.0,),
    split="test",
    digits=None,
):
    """Reals, and of each a fake a family and strength; `digits` rounds the scores, so that there are ties."""
    draw = np.random.default_rng(seed)
    rows = []
    for group in range(groups):
        scene = draw.normal()
        for video in range(videos):
            for clip in range(clips):
                real = np.exp(0.6 * scene + 0.4 * draw.normal())
                shared = {"video": f"{split}-{group}-{video}", "group": f"{split}-{group}", "split": split}
                shared |= {"dataset": "demo", "codec": "none", "detector": "midframe_mse", "seed": 0}
                shared |= {"start_s": 0.5 * clip, "status": "ok"}
                rows.append(
                    shared
                    | {"label": "real", "method": "original", "scope": "", "strength": 0.0}
                    | {"score": real, "psnr_db": np.nan}
                )
                for family in families:
                    for strength in strengths:
                        rows.append(
                            shared
                            | {"label": "fake", "method": family, "scope": "local", "strength": strength}
                            | {"score": real * np.exp(strength * draw.normal(0.6, 0.5))}
                            | {"psnr_db": np.inf if strength == 0 else 20 / strength}
                        )
    table = pd.DataFrame(rows)
    return table if digits is None else table.assign(score=table["score"].round(digits))


@pytest.fixture(name="make_scores", scope="session")
def _make_scores():
    return make_scores
