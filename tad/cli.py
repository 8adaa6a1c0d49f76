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
    words = sys.argv[1:] if argv is None else argv
    options = _parser(words).parse_args(words)
    try:
        return options.do(options)
    except (ValueError, RuntimeError) as error:
        stopped = type(error).__name__ == "TrainingStopped"
        if options.debug or not (stopped or isinstance(error, ValueError)):
            raise
        print(f"tad: {error}", file=sys.stderr)
        return 1 if stopped else 2
    except KeyboardInterrupt:
        print("\ntad: interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def _parser(words: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tad",
        formatter_class=RAW,
        description="How far does a video model that has only seen real footage generalise to deepfakes?",
        epilog="examples:\n  tad reproduce --size quick\n  tad score holiday.mp4\n  tad run 02_evaluate -p seed 1",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_reproduce, _run, _train, _score, _checkpoint, _card):
        add(commands)
    if "train" in words:
        _train_settings(commands.choices["train"])
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
        commands, "train", _do_train, "train a network on real videos",
        "  tad train --output reports/mine"
        "\n  tad train --recipe full --data my/manifest.csv --output reports/mine --resume"
        "\n  tad train --recipe card --data results_10M_train.csv --val-data results_10M_val.csv --output reports/card"
        "\n  tad train --preset small --clips-per-epoch 100000 --data 'shards/{00000..00999}.tar' --val-data val.csv \\"
        "\n      --devices 4 --precision bf16-mixed --workers 8 --output reports/small",
    )  # fmt: skip
    command.add_argument("--recipe", default="quick", help="named settings: smoke, quick, full or card (default quick)")
    command.add_argument(
        "--data", default="data/demo/manifest.csv",
        help="a manifest, WebVid's CSV, or shards: a folder, FILE.tar or {00000..00099}.tar (default %(default)s)",
    )  # fmt: skip
    command.add_argument("--val-data", default="", help="manifest or WebVid CSV to validate on (default: in --data)")
    command.add_argument("--output", required=True, help="folder of the run")
    command.add_argument("--resume", action="store_true", help="go on from the last checkpoint in that folder")
    command.add_argument("--seed", type=int, default=0, help="of weights and data (default 0)")
    command.add_argument(
        "--set", nargs=2, action="append", default=[], metavar=("FIELD", "VALUE"),
        help="another number of the network, such as --set size 160 --set depth 6",
    )  # fmt: skip


def _train_settings(command: argparse.ArgumentParser):
    """Every field of a recipe and of a machine as an option; they are known only after torch is loaded."""
    from dataclasses import fields

    from tad.training import Machine, Recipe

    for kind, told in ((Recipe, "what the weights depend on (default: as in --recipe)"), (Machine, "what it runs on")):
        group = command.add_argument_group(kind.__name__.lower(), told)
        for f in fields(kind):
            text = f.metadata["help"]
            if kind is Machine and f.type is not bool:
                text += f" (default {f.default or 'none'})"
            how = {"action": "store_const", "const": True} if f.type is bool else {"type": f.type, "metavar": "X"}
            group.add_argument("--" + f.name.replace("_", "-"), help=text, **how)


def _do_train(options) -> int:
    from dataclasses import fields, replace

    from tad.experiment import named_recipe, train
    from tad.training import Machine

    def chosen(settings):
        given = {f.name: getattr(options, f.name) for f in fields(settings)}
        return replace(settings, **{name: value for name, value in given.items() if value is not None})

    output = Path(options.output).resolve()
    if (output / "training" / "last.ckpt").is_file() and not options.resume:
        raise ValueError(f"a folder that holds a training needs --resume, or take another --output; got {output}")
    network = {name: float(value) if "." in value else int(value) for name, value in options.set}
    recipe, machine = chosen(named_recipe(options.recipe)), chosen(Machine())
    done = train(recipe, options.data, output, options.seed, val_data=options.val_data, machine=machine,
                 restart=False, network=network)  # fmt: skip
    v = done.facts["validation"]
    print(
        f"validation error of the mid frame {v['val_frame_mse']:.4f}; copying a neighbour {v['val_copy_mse']:.4f}, "
        f"mean of both neighbours {v['val_neighbour_mean_mse']:.4f}"
    )
    if lost := done.facts["undecodable"]:
        print(f"{len(lost)} videos could not be used: see {done.checkpoint.parent}/failures.*.csv", file=sys.stderr)
    print(f"{done.checkpoint}\nthreshold {done.threshold.value:.4g} ({done.threshold.guarantee})")
    return 0


def _checkpoint(commands):
    command = _command(
        commands, "checkpoint", _do_checkpoint, "show what a file of weights holds and whether it fits the network",
        "  tad checkpoint inspect model.safetensors\n  tad checkpoint inspect foreign.ckpt --preset base",
    )  # fmt: skip
    command.add_argument("action", choices=("inspect",))
    command.add_argument("file", type=Path)
    command.add_argument("--preset", default="base", help="network of a file that does not say (default base)")


def _do_checkpoint(options) -> int:
    from tad.model import compare, inspect

    network, weights, told = inspect(options.file, options.preset)
    for name, value in told.items():
        print(f"{name}: {value}")
    table = compare(network, weights)
    print(table.to_string(index=False))
    wrong = table[table["fit"] != "fits"]
    print(f"{len(table) - len(wrong)} of {len(table)} weights fit")
    return 1 if len(wrong) else 0


def _card(commands):
    command = _command(
        commands, "card", _do_card, "write the model card of a checkpoint, as the Hugging Face hub reads it",
        "  tad card reports/mine/training/model.safetensors reports/mine"
        "\n  tad card demo reports/reference --hub my-model",
    )  # fmt: skip
    command.add_argument("checkpoint", help="weights, or demo for those that ship")
    command.add_argument("run", help="folder of a run that measured them (`tad reproduce`)")
    command.add_argument("--out", type=Path, help="where to write it (default: README.md beside the weights)")
    command.add_argument("--hub", type=Path, help="write card and weights into this folder in the hub's layout")


def _do_card(options) -> int:
    from tad.experiment.model_card import write_card, write_hub_folder

    if options.hub:
        print(write_hub_folder(options.checkpoint, options.run, options.hub))
    else:
        print(write_card(options.checkpoint, options.run, options.out))
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
