"""The command line: `tad COMMAND --help` explains each command with examples."""

import argparse
import csv
import json
import sys
from pathlib import Path

RAW = argparse.RawDescriptionHelpFormatter


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        Exit status: 0 all went well, 1 something could not be done and the output says what, 2 the command was not
        understood or refused, 130 interrupted.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        return options.do(options)
    except ValueError as error:
        if options.debug:
            raise
        print(f"tad: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ntad: interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tad",
        formatter_class=RAW,
        description="How far does a video model that has only seen real footage generalise to deepfakes?",
        epilog="examples:\n  tad reproduce --size quick\n  tad score holiday.mp4\n  tad run 02_evaluate -p seed 1",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_reproduce, _run, _train, _score):
        add(commands)
    return parser


def _command(commands, name: str, do, what: str, examples: str) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=what,
        description=what[0].upper() + what[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=RAW,
    )
    command.set_defaults(do=do)
    return command


def _reproduce(commands):
    command = _command(
        commands, "reproduce", _do_reproduce, "train, evaluate, and write the reports",
        "  tad reproduce\n  tad reproduce --size full --seed 1\n  tad reproduce --name tuesday --force",
    )  # fmt: skip
    command.add_argument("--size", default="quick", help="quick (minutes), full (longer training, all clips) or smoke")
    command.add_argument("--seed", type=int, default=0, help="of every generator (default 0)")
    command.add_argument("--name", default="", help="folder under reports/ (default: size and seed)")
    command.add_argument("--manifest", default="data/demo/manifest.csv", help="table of videos (default %(default)s)")
    command.add_argument("--force", action="store_true", help="do again what was done with the same inputs")


def _do_reproduce(options) -> int:
    from tad.experiment.reproduce import reproduce, tables

    folder, whole = reproduce(
        options.size, seed=options.seed, name=options.name, manifest=options.manifest, force=options.force
    )
    if whole:
        for heading, table in tables(folder):
            print(f"\n{heading}\n\n{table.to_string(index=False)}")
    else:
        print("tad: a notebook failed; the page below shows where", file=sys.stderr)
    print(f"\n{folder / 'index.html'}")
    return 0 if whole else 1


def _run(commands):
    command = _command(
        commands, "run", _do_run, "run one notebook and render it",
        "  tad run 02_evaluate\n  tad run 03_generalization -p seed 1 -p strengths '[0.1, 1.0]' --name ladder",
    )  # fmt: skip
    command.add_argument("notebook", help="its name, such as 02_evaluate")
    command.add_argument("-p", "--parameter", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    command.add_argument("--name", default="", help="folder under reports/ (default: the notebook's name)")
    command.add_argument("--force", action="store_true", help="do again what was done with the same inputs")


def _do_run(options) -> int:
    from tad.experiment.runs import DONE, FAILED, Run, check_parameters, notebook_path

    name = notebook_path(options.notebook).stem
    given = check_parameters(name, dict(options.parameter))
    run = Run(options.name or name, seed=given.get("seed", 0), parameters=given)
    try:
        whole = run.execute(name, {"output": run.relative, **given}, force=options.force)
    except KeyboardInterrupt:
        run.close("interrupted")
        raise
    run.close(DONE if whole else FAILED)
    if not whole:
        print(f"tad: {run.record['stations'][-1]['error']}\nsee {run.folder / name}.failed.ipynb", file=sys.stderr)
    print(run.folder / "index.html")
    return 0 if whole else 1


def _train(commands):
    command = _command(
        commands, "train", _do_train, "train a network on the real videos of a manifest",
        "  tad train --output reports/mine\n  tad train --size full --manifest my/manifest.csv --output reports/mine",
    )  # fmt: skip
    command.add_argument("--size", default="quick", help="recipe: smoke, quick or full (default quick)")
    command.add_argument("--manifest", default="data/demo/manifest.csv", help="table of videos (default %(default)s)")
    command.add_argument("--output", required=True, help="folder; a training begun there is resumed")
    command.add_argument("--seed", type=int, default=0, help="of weights and data (default 0)")


def _do_train(options) -> int:
    from tad.experiment import train

    done = train(options.size, options.manifest, Path(options.output).resolve(), options.seed)
    v = done.facts["validation"]
    print(
        f"validation error of the mid frame {v['val_frame_mse']:.4f}; copying a neighbour {v['val_copy_mse']:.4f}, "
        f"mean of both neighbours {v['val_neighbour_mean_mse']:.4f}"
    )
    print(f"{done.checkpoint}\nthreshold {done.threshold.value:.4g} ({done.threshold.guarantee})")
    return 0


def _score(commands):
    command = _command(
        commands, "score", _do_score, "score videos and give each a verdict",
        "  tad score holiday.mp4\n  tad score *.mp4 --format csv --out scores.csv\n  tad score a.mp4 --threshold card",
    )  # fmt: skip
    command.epilog += (
        "\n\nFAKE is a score above the threshold, REAL is one below, UNKNOWN a file that could not be scored;"
        "\n`seconds` is the length of video that was scored. The weights that ship were trained on a few minutes of"
        "\nfootage: they show how the workbench works and are no test of a real video."
        "\nexit status: 0 all scored, 1 some could not be, 2 refused."
    )
    command.add_argument("video", nargs="+", help="video files")
    command.add_argument("--checkpoint", default="demo", help="weights (default: those that ship)")
    command.add_argument("--threshold", default="", help="a number, or card for the model card's 0.3137")
    command.add_argument("--format", choices=("table", "csv", "json"), default="table")
    command.add_argument("--out", type=Path, help="write there instead of printing")


def _do_score(options) -> int:
    from tqdm import tqdm

    from tad.experiment.score import score_videos

    rows, bar = [], tqdm(total=len(options.video), desc="scoring", unit="video", disable=None)
    for row in score_videos(options.video, options.checkpoint, options.threshold):
        rows.append(row)
        bar.update()
    bar.close()
    text = FORMATS[options.format](rows)
    if options.out:
        part = options.out.with_name(options.out.name + ".part")
        part.write_text(text)
        part.replace(options.out)
    else:
        sys.stdout.write(text)
    return 0 if all(row["status"] == "ok" for row in rows) else 1


def _as_csv(rows: list[dict]) -> str:
    import io

    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _as_table(rows: list[dict]) -> str:
    def cell(value) -> str:
        text = "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
        return "".join(c if c.isprintable() else "?" for c in text)  # names may carry terminal escapes

    lines = [list(rows[0]), *([cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join("  ".join(t.ljust(w) for t, w in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines)


FORMATS = {"table": _as_table, "csv": _as_csv, "json": lambda rows: json.dumps(rows, indent=1) + "\n"}


if __name__ == "__main__":
    sys.exit(main())
