"""The page of `tad score --report`: one file that can be mailed, a section a video."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from tad.report import pages
from tad.report.picture import Picture
from tad.report.show import table_html

VERDICTS = {  # what each may claim, and no more
    "FAKE": "Unlike real footage",
    "REAL": "Not distinguishable from real footage",
    "UNKNOWN": "Cannot judge",
}


@dataclass(frozen=True)
class ScoredVideo:
    """What the page says of one video; every text in it may come from outside."""

    name: str
    verdict: str  # FAKE, REAL or UNKNOWN
    short: str  # the reason in a few words, for the table of several videos
    reasons: list[str]  # a paragraph each
    score: float | None
    file: dict[str, str] = field(default_factory=dict)  # what the file is
    timeline: Picture | None = None
    moments: list[Picture] = field(default_factory=list)


def write_score_page(path: str | Path, videos: list[ScoredVideo], limits: list[str], made: dict[str, str]) -> Path:
    """Write the page.

    Args:
        path: the .html; it needs no other file.
        videos: in the order of the sections.
        limits: a sentence or two each, of what the verdicts rest on.
        made: by what: detector, threshold, weights, versions.
    """
    return pages.write(
        Path(path),
        "score.html.j2",
        title=f"{videos[0].name}: {VERDICTS[videos[0].verdict].lower()}"
        if len(videos) == 1
        else f"{len(videos)} videos",
        videos=videos,
        words=VERDICTS,
        limits=limits,
        made=_pairs(made, "How this was made"),
        files=[_pairs(video.file, "The file") for video in videos],
    )


def _pairs(values: dict[str, str], caption: str) -> Markup | None:
    table = pd.DataFrame(list(values.items()), columns=["what", "value"], dtype=object)
    return Markup(table_html(table, caption)) if len(table) else None
