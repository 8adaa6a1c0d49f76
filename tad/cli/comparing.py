"""`tad compare` and `tad index`: runs side by side, and the pages that list them."""

import os
from pathlib import Path

from tad.cli.command import add_command, printable


def add(commands):
    """Add the commands."""
    for one in (_compare, _index):
        one(commands)


def _compare(commands):
    command = add_command(
        commands, "compare", _do_compare, "set runs side by side: parameters, metrics, paired differences, curves",
        "  tad compare reference quick-seed0\n  tad compare 03_generalization,seed=0 03_generalization,seed=1"
        "\n  tad compare reference mine --detector interpolation_residual --out mine.html",
    )  # fmt: skip
    command.add_argument("run", nargs="+", help="names under reports/, or folders; held against the first")
    command.add_argument("--detector", action="append", default=[], help="test and draw this one alone; again for more")
    command.add_argument("--out", type=Path, help="the page (default: reports/compare.html)")


def _do_compare(options) -> int:
    from tad.experiment.compare_runs import compare_runs, run_folder
    from tad.experiment.runs import reports_dir
    from tad.report import write_index
    from tad.report.comparison_page import write_comparison
    from tad.report.index import COMPARISON

    found = compare_runs(options.run, options.detector)
    tables = {"what was asked differently": found.differing, "is there a difference?": found.paired} | found.metrics
    for heading, table in tables.items():
        print(f"\n{heading}\n\n{printable(table.to_string(index=False, na_rep='–')) if len(table) else 'nothing'}")
    page = (options.out or reports_dir() / COMPARISON).absolute()
    runs = []
    for run, name, record in zip(options.run, found.names, found.records, strict=True):
        link = run_folder(run) / "index.html"
        facts = {key: record.get(key, "") for key in ("status", "started", "commit")}
        runs.append({"name": name, **facts, "link": os.path.relpath(link, page.parent) if link.is_file() else ""})
    write_comparison(page, runs, found.differing, found.metrics, found.paired, found.curves)
    write_index(reports_dir())
    print(f"\n{page}")
    return 0


def _index(commands):
    command = add_command(
        commands, "index", _do_index, "draw the pages of all runs again: after findings.md was edited, say",
        "  tad index",
    )  # fmt: skip
    command.epilog += "\n\nAn executed notebook that lies in a folder of reports/ gets a page there and is listed."


def _do_index(options) -> int:
    from tad.experiment.runs import reports_dir
    from tad.report import write_index, write_run_index

    for file in sorted(reports_dir().glob("*/run.json")):
        write_run_index(file.parent)
    print(write_index(reports_dir()))
    return 0
