"""`tad train`, `tad checkpoint`, `tad card`: weights, and what is known of them."""

import argparse
import sys
from pathlib import Path

from tad.cli.command import add_command


def add(commands):
    """Add the commands."""
    for one in (_train, _checkpoint, _card):
        one(commands)


def _train(commands):
    command = add_command(
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


def add_settings(command: argparse.ArgumentParser):
    """Every field of a recipe and of a machine as an option; they are known only after torch is loaded."""
    from dataclasses import fields

    from tad.training import RECIPES, Machine, Recipe

    for kind, told in ((Recipe, "what the weights depend on (default: as in --recipe)"), (Machine, "what it runs on")):
        group = command.add_argument_group(kind.__name__.lower(), told)
        for f in fields(kind):
            text = f.metadata["help"]
            if kind is Recipe:
                values = {name: getattr(recipe, f.name) for name, recipe in RECIPES.items()}
                same = len(set(values.values())) == 1
                text += f" ({f.default if same else ', '.join(f'{n} {v}' for n, v in values.items())})"
            elif f.type is not bool:
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
    network = {name: _number(name, value) for name, value in options.set}
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


def _number(name: str, text: str) -> int | float:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        raise ValueError(f"--set {name} must be a number; got {text!r}") from None


def _checkpoint(commands):
    command = add_command(
        commands, "checkpoint", _do_checkpoint, "show what a file of weights holds and whether it fits the network",
        "  tad checkpoint inspect model.safetensors\n  tad checkpoint inspect foreign.ckpt --preset base"
        "\n  tad checkpoint halve model.safetensors --out small.safetensors",
    )  # fmt: skip
    command.add_argument("action", choices=("inspect", "halve"), help="halve: store the weights in 16 bit")
    command.add_argument("--out", type=Path, help="file that halve writes; the threshold beside the weights goes along")
    command.add_argument("file", type=Path, help="weights: .safetensors, or a Lightning .ckpt")
    command.add_argument("--preset", default="base", help="network of a file that does not say (default base)")


def _do_checkpoint(options) -> int:
    from tad.model import compare, inspect

    if options.action == "halve":
        from tad.experiment.checkpoints import halve

        if options.out is None:
            raise ValueError("halve needs a file to write; got no --out")
        print(halve(options.file, options.out))
        return 0
    network, weights, told = inspect(options.file, options.preset)
    for name, value in told.items():
        print(f"{name}: {value}")
    table = compare(network, weights)
    print(table.to_string(index=False))
    wrong = table[table["fit"] != "fits"]
    print(f"{len(table) - len(wrong)} of {len(table)} weights fit")
    return 1 if len(wrong) else 0


def _card(commands):
    command = add_command(
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
