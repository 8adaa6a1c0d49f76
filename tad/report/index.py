"""Index pages: one over all runs of a folder, one for each run with its stations, numbers and failures."""

import json
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from tad import checks
from tad.report import pages, review
from tad.report.show import table_html

AGAINST_CARD = "against_card.csv"  # columns quantity, card, measured, interval, note
DEFAULTS = {
    "name": "", "size": "", "status": "unknown", "started": None, "duration_s": None, "commit": "",
    "versions": {}, "seed": "", "parameters": {}, "training_groups": [], "stations": [], "key_numbers": {},
}  # fmt: skip
STATION = {"notebook": "", "title": "", "status": "unknown", "duration_s": None, "html": None, "error": None}
COMPARISON = "compare.html"  # of `tad compare`, beside the index


def write_index(reports_dir: str | Path) -> Path:
    """Write index.html over all runs, newest first; it sorts and filters without a network.

    Args:
        reports_dir: folder whose subfolders with a run.json are the runs. A run.json that cannot be read
            is listed as failed, with the reason. A run is linked if `write_run_index` has written its page. A folder
            without a run.json that holds notebooks, of a colleague for instance, is listed, too, and drawn here.
    """
    checks.path("reports_dir", reports_dir)
    reports_dir = Path(reports_dir)
    if not reports_dir.is_dir():
        raise ValueError(f"reports_dir must be a folder; got {reports_dir}")
    folders = {path.parent for pattern in ("*/run.json", "*/*.ipynb") for path in reports_dir.glob(pattern)}
    for folder in folders:
        if not (folder / "run.json").is_file():
            write_run_index(folder)
    runs = [_read_run(folder) for folder in sorted(folders)]
    runs.sort(key=lambda run: str(run["started"] or ""), reverse=True)
    key_numbers = list(dict.fromkeys(name for run in runs for name in run["key_numbers"]))
    compared = COMPARISON if (reports_dir / COMPARISON).is_file() else None
    index = reports_dir / "index.html"
    return pages.write(index, "index.html.j2", script="index.js", runs=runs, key_numbers=key_numbers, compared=compared)


def write_run_index(run_dir: str | Path) -> Path:
    """Write a run's index.html from run.json and, if they exist, against_card.csv, findings.md and other notebooks.

    The reports of the run, which show the findings as well, are drawn again where these have changed.

    Args:
        run_dir: the run's folder.
    """
    checks.path("run_dir", run_dir)
    run_dir = Path(run_dir)
    run = _read_run(run_dir)
    added = [review.render_dropped_in(file, "index.html") for file in run["dropped_in"]]
    if not (run_dir / "run.json").is_file() and not added:
        raise FileNotFoundError(f"a run's folder must hold a run.json; got {run_dir}")
    for station in run["stations"]:
        if station["ipynb"] and station["html"] == f"{station['notebook']}.html":
            review.put_findings_in(run_dir, station["notebook"], station["title"])
    table = None
    if (run_dir / AGAINST_CARD).is_file():  # "n/a (needs 12)" is text that means something
        table = pd.read_csv(run_dir / AGAINST_CARD, dtype=str, keep_default_na=False)
        table = Markup(table_html(table, "The model card's numbers beside the measured ones"))
    said = run_dir / review.FINDINGS
    return pages.write(
        run_dir / "index.html",
        "run.html.j2",
        run=run | {"stations": run["stations"] + [_complete(run_dir, station) for station in added]},
        against_card=table,
        findings=pages.markdown(said.read_text(encoding="utf-8", errors="replace")) if said.is_file() else None,
        asked=said.is_file() and not review.findings(run_dir),
        parameters=_pairs(run["parameters"], ("parameter", "value"), "Parameters"),
        versions=_pairs(run["versions"], ("package", "version"), "Versions"),
    )


def _read_run(run_dir: Path) -> dict:
    """run.json with every field there; `folder` is the name on disk, which links go to."""
    file = run_dir / "run.json"
    try:
        run = DEFAULTS | (json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"status": "dropped in"})
    except (ValueError, TypeError) as error:
        broken = {"notebook": "run.json", "status": "failed", "error": f"{type(error).__name__}: {error}"}
        run = DEFAULTS | {"status": "failed", "stations": [broken]}
    run |= {"folder": run_dir.name, "name": run["name"] or run_dir.name}
    run["stations"] = [_complete(run_dir, station) for station in run["stations"]]
    run["dropped_in"] = review.dropped_in(run_dir, {station["notebook"] for station in run["stations"]})
    run["has_page"] = (run_dir / "index.html").is_file()
    return run


def _complete(run_dir: Path, station: dict) -> dict:
    """A station with every field, and links to those of its files that are there."""
    station = STATION | station
    files = {"html": station["html"], "ipynb": f"{station['notebook']}.ipynb"}
    files["failed"] = f"{station['notebook']}.failed.ipynb"
    return station | {kind: _inside(run_dir, name) for kind, name in files.items()}


def _inside(run_dir: Path, name: str | None) -> str | None:
    """The name if it is a file right in the run's folder: no link may lead out of it or into nothing."""
    return name if name and Path(name).name == name and (run_dir / name).is_file() else None


def _pairs(values: dict, columns: tuple[str, str], caption: str) -> Markup | None:
    rows = [(str(name), "–" if value in (None, "") else str(value)) for name, value in values.items()]
    return Markup(table_html(pd.DataFrame(rows, columns=columns, dtype=object), caption)) if rows else None
