"""Index pages: one over all runs of a folder, one for each run with its stations, numbers and failures."""

import json
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from tad.report import pages
from tad.report.show import table_html

AGAINST_CARD = "against_card.csv"  # columns quantity, card, measured, interval, note
DEFAULTS = {
    "name": "", "size": "", "status": "unknown", "started": None, "duration_s": None, "commit": "",
    "versions": {}, "seed": "", "parameters": {}, "training_groups": [], "stations": [], "key_numbers": {},
}  # fmt: skip
STATION = {"notebook": "", "title": "", "status": "unknown", "duration_s": None, "html": None, "error": None}


def write_index(reports_dir: str | Path) -> Path:
    """Write index.html over all runs, newest first; it sorts and filters without a network.

    Args:
        reports_dir: folder whose subfolders with a run.json are the runs. A run.json that cannot be read
            is listed as failed, with the reason. A run is linked if `write_run_index` has written its page.
    """
    reports_dir = Path(reports_dir)
    runs = [_read_run(path.parent) for path in sorted(reports_dir.glob("*/run.json"))]
    runs.sort(key=lambda run: str(run["started"] or ""), reverse=True)
    key_numbers = list(dict.fromkeys(name for run in runs for name in run["key_numbers"]))
    index = reports_dir / "index.html"
    return pages.write(index, "index.html.j2", script="index.js", runs=runs, key_numbers=key_numbers)


def write_run_index(run_dir: str | Path) -> Path:
    """Write a run's index.html from run.json and, if they exist, against_card.csv and findings.md.

    Args:
        run_dir: the run's folder.
    """
    run_dir = Path(run_dir)
    if not (run_dir / "run.json").is_file():
        raise FileNotFoundError(f"a run's folder must hold a run.json; got {run_dir}")
    run = _read_run(run_dir)
    findings, table = run_dir / "findings.md", None
    if (run_dir / AGAINST_CARD).is_file():  # "n/a (needs 12)" is text that means something
        table = pd.read_csv(run_dir / AGAINST_CARD, dtype=str, keep_default_na=False)
        table = Markup(table_html(table, "The model card's numbers beside the measured ones"))
    return pages.write(
        run_dir / "index.html",
        "run.html.j2",
        run=run,
        against_card=table,
        findings=pages.markdown(findings.read_text(encoding="utf-8")) if findings.is_file() else None,
        parameters=_pairs(run["parameters"], ("parameter", "value"), "Parameters"),
        versions=_pairs(run["versions"], ("package", "version"), "Versions"),
    )


def _read_run(run_dir: Path) -> dict:
    """run.json with every field there; `folder` is the name on disk, which links go to."""
    try:
        run = DEFAULTS | json.loads((run_dir / "run.json").read_text(encoding="utf-8"))
    except (ValueError, TypeError) as error:
        broken = {"notebook": "run.json", "status": "failed", "error": f"{type(error).__name__}: {error}"}
        run = DEFAULTS | {"status": "failed", "stations": [broken]}
    run |= {"folder": run_dir.name, "name": run["name"] or run_dir.name}
    run["stations"] = [STATION | station for station in run["stations"]]
    for station in run["stations"]:
        station["html"] = _inside(run_dir, station["html"])
        station["ipynb"] = _inside(run_dir, f"{station['notebook']}.ipynb")
    run["has_page"] = (run_dir / "index.html").is_file()
    return run


def _inside(run_dir: Path, name: str | None) -> str | None:
    """The name if it is a file right in the run's folder: no link may lead out of it or into nothing."""
    return name if name and Path(name).name == name and (run_dir / name).is_file() else None


def _pairs(values: dict, columns: tuple[str, str], caption: str) -> Markup | None:
    rows = [(str(name), "–" if value in (None, "") else str(value)) for name, value in values.items()]
    return Markup(table_html(pd.DataFrame(rows, columns=columns, dtype=object), caption)) if rows else None
