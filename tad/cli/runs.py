"""`tad reproduce` and `tad run`: notebooks in, reports out."""

import sys

from tad.cli.command import add_command, printable

SHOWN = 10  # changes of a table that are printed

P_HELP = "a parameter of the notebook's first cell; lists as JSON"


def add(commands):
    """Add the commands."""
    for one in (_reproduce, _run):
        one(commands)


def _reproduce(commands):
    command = add_command(
        commands, "reproduce", _do_reproduce, "train, evaluate, and write the reports",
        "  tad reproduce\n  tad reproduce --size full --seed 1\n  tad reproduce --name tuesday --force"
        "\n  tad reproduce --size full --check reports/reference",
    )  # fmt: skip
    command.add_argument("--size", default="quick", help="quick (minutes), full (longer training, all clips) or smoke")
    command.add_argument("--seed", type=int, default=0, help="of every generator (default 0)")
    command.add_argument("--name", default="", help="folder under reports/ (default: size and seed)")
    command.add_argument("--manifest", default="data/demo/manifest.csv", help="table of videos (default %(default)s)")
    command.add_argument("--force", action="store_true", help="do again what was done with the same inputs")
    command.add_argument(
        "--check", default="", metavar="RUN", help="then say what differs from a run of the same size beyond the "
        "tolerance; exit status 1 if anything does",
    )  # fmt: skip
    command.add_argument("--tolerance", type=float, default=0.01, help="of --check, relative (default %(default)s)")


def _do_reproduce(options) -> int:
    from tad.experiment.check import check_size
    from tad.experiment.reproduce import reproduce, tables

    if options.check:
        check_size(options.check, options.size)
    folder, whole = reproduce(
        options.size, seed=options.seed, name=options.name, manifest=options.manifest, force=options.force
    )
    if whole:
        for heading, table in tables(folder):
            print(f"\n{heading}\n\n{table.to_string(index=False)}")
    else:
        print("tad: a notebook failed; the page below shows where", file=sys.stderr)
    print(f"\n{folder / 'index.html'}")
    same = not options.check or _held_against(options.check, folder, options.tolerance)
    return 0 if whole and same else 1


def _held_against(reference: str, folder, tolerance: float) -> bool:
    """Print what differs from a reference, and say whether nothing does."""
    from tad.experiment.check import check

    asked, changes = check(reference, folder, tolerance)
    if len(asked):
        print(f"\nasked differently, or run on something else\n\n{printable(asked.to_string(index=False))}")
    for table, rows in changes.groupby("table", sort=False):
        print(f"\n{printable(table)}: {len(rows)} changed\n")
        print(printable(rows.head(SHOWN).drop(columns="table").to_string(index=False)))
        if len(rows) > SHOWN:
            print(f"... and {len(rows) - SHOWN} more")
    print(f"\n{len(changes)} differences from {reference} beyond a tolerance of {tolerance:g}")
    return changes.empty


def _run(commands):
    command = add_command(
        commands, "run", _do_run, "run one notebook and render it",
        "  tad run 02_evaluate\n  tad run 03_generalization -p seed 1 -p strengths '[0.1, 1.0]' --name ladder"
        "\n  tad run 03_generalization --sweep seed=0,1,2 --sweep checkpoint=demo,mine.safetensors --jobs 2",
    )  # fmt: skip
    command.add_argument("notebook", help="its name, such as 02_evaluate")
    command.add_argument(
        "-p", "--parameter", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help=P_HELP
    )
    command.add_argument("--name", default="", help="folder under reports/ (default: the notebook's name)")
    command.add_argument("--force", action="store_true", help="do again what was done with the same inputs")
    command.add_argument(
        "--sweep", action="append", default=[], metavar="NAME=VALUE,...", help="run every combination of such values, "
        "each as a run of its own; stopped at any time, the same command goes on",
    )  # fmt: skip
    command.add_argument("--jobs", type=int, default=1, help="processes of a sweep at a time (default 1)")


def _do_run(options) -> int:
    if options.sweep:
        return _do_sweep(options)
    from tad.experiment.interrupt import ends_like_ctrl_c
    from tad.experiment.reproduce import key_numbers
    from tad.experiment.runs import DONE, FAILED, Run, check_parameters, notebook_path

    name = notebook_path(options.notebook).stem
    given = check_parameters(name, dict(options.parameter))
    run = Run(options.name or name, seed=given.get("seed", 0), parameters=given)
    try:
        with ends_like_ctrl_c():
            whole = run.execute(name, {"output": run.relative, **given}, force=options.force)
    except KeyboardInterrupt:
        run.close("interrupted")
        raise
    run.close(DONE if whole else FAILED, key_numbers=key_numbers(run.folder))
    if not whole:
        [error] = [s["error"] for s in run.record["stations"] if s["notebook"] == name]
        print(f"tad: {error.splitlines()[-1]}\nsee {run.folder / name}.failed.ipynb", file=sys.stderr)
    print(run.folder / "index.html")
    return 0 if whole else 1


def _do_sweep(options) -> int:
    from tad.experiment.runs import DONE
    from tad.experiment.sweep import cells, sweep, values

    swept = [values(text) for text in options.sweep]
    if len(dict(swept)) < len(swept):
        raise ValueError(f"each parameter is swept once; got {', '.join(name for name, _ in swept)}")
    found = sweep(
        cells(options.notebook, dict(swept), dict(options.parameter), options.name), options.jobs, options.force
    )
    width = max(map(len, found))
    print("\n".join(f"{name.ljust(width)}  {status}" for name, status in found.items()))
    print(f"\ntad compare {' '.join(found)}\nreports/index.html")
    return 0 if set(found.values()) == {DONE} else 1
