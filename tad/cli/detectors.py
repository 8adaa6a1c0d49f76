"""`tad fit`, `tad measure`: what detectors learn from reals, and the scores table they make."""

from dataclasses import replace
from pathlib import Path

from tad.cli.command import add_command

MANIFEST = "data/demo/manifest.csv"


def add(commands):
    """Add the commands."""
    for one in (_fit, _measure, _crossfit):
        one(commands)


def _fit(commands):
    command = add_command(
        commands, "fit", _do_fit, "fit every detector that learns, on the training reals of a manifest",
        "  tad fit reports/mine/training/model.safetensors"
        "\n  tad fit reports/mine/training/model.safetensors --data my/manifest.csv --device cuda --workers 16"
        "\n  tad fit demo --pairs 0          # those that learn from reals alone: some minutes on two cores"
        "\n  tad fit demo --detectors token_head --pairs 2000    # one head; the others keep what they have learned"
        "\n  tad fit demo --detectors supervised_cnn --variants 2 --steps 400 --variant-steps 400",
    )  # fmt: skip
    command.epilog += (
        "\n\nwhat was learned lies beside the checkpoint, as NAME.detectors.safetensors, and the thresholds, chosen on"
        "\nthe manifest's val rows, as NAME.threshold.json. The heads learn from self-made fakes: minutes on a GPU,"
        "\nhours on two cores. exit status: 0 fitted, 2 refused."
    )
    command.add_argument("checkpoint", help="a file, or demo for the weights that ship")
    command.add_argument("--data", default=MANIFEST, help="manifest; its train rows are used (default %(default)s)")
    command.add_argument("--encoding", default="h264:23", help="of the real clips (default %(default)s)")
    command.add_argument("--seed", type=int, default=0, help="of every draw (default 0)")
    command.add_argument("--detectors", nargs="+", default=[], metavar="NAME", help="only these (default: all)")
    _add_material(command, 6000)
    command.add_argument("--workers", type=int, default=0, help="processes that forge (default: none beside this one)")
    command.add_argument("--default", default="", help="the detector that tad score judges by, unless told otherwise")
    command.add_argument("--device", default="cpu", help="where heads are trained: cpu or cuda (default %(default)s)")


def _do_fit(options) -> int:
    from tad.experiment import calibrate_detectors, fit_detectors

    print(fit_detectors(
        options.checkpoint, options.data, encoding=options.encoding, seed=options.seed,
        material=_material(options), workers=options.workers, device=options.device, names=options.detectors,
    ))  # fmt: skip
    print(calibrate_detectors(options.checkpoint, options.data, options.default))
    return 0


def _measure(commands):
    command = add_command(
        commands, "measure", _do_measure, "score reals and a ladder of fakes by every detector, into one table",
        "  tad measure demo -o scores.parquet"
        "\n  tad measure demo -o scores.parquet --strengths 0.1 0.3 1 --per-video 2"
        "\n  tad measure demo -o new.parquet --detectors token_head --beside scores.parquet    # one more detector"
        "\n  tad run 03_generalization -p scores scores.parquet    # draws from it, instead of measuring again",
    )  # fmt: skip
    command.epilog += "\n\nthe long work may be done on a machine with many cores, the notebooks elsewhere."
    command.add_argument("checkpoint", help="a file, or demo for the weights that ship")
    command.add_argument("--data", default=MANIFEST, help="manifest; val and test rows are used (default %(default)s)")
    command.add_argument("-o", "--out", type=Path, required=True, help="the table, Parquet")
    strengths = "(default .1 .3 1; 0, the control, is always among them)"
    command.add_argument("--strengths", type=float, nargs="+", default=[0.1, 0.3, 1.0], help=strengths)
    command.add_argument("--families", nargs="*", help="names (default: all)")
    command.add_argument("--detectors", nargs="*", default=[], help="names (default: all that can score)")
    command.add_argument("--per-video", type=int, default=1, help="clips of a video, 0 for all (default %(default)s)")
    command.add_argument("--encoding", default="h264:23", help="of reals and fakes alike (default %(default)s)")
    command.add_argument("--long-side", type=int, default=640, help="px at most (default %(default)s)")
    command.add_argument("--seed", type=int, default=0, help="of the forgeries (default 0)")
    command.add_argument("--beside", type=Path, help="a table of the same clips; its other detectors are kept")


def _do_measure(options) -> int:
    from tad.experiment import Setting, measure
    from tad.experiment.evaluation import measured
    from tad.experiment.forging import choose
    from tad.experiment.scores import Ladder, beside

    setting = Setting(
        seed=options.seed, per_video=options.per_video, encoding=options.encoding, long_side=options.long_side,
        detectors=options.detectors,
    )  # fmt: skip
    steps = Ladder(choose(options.families), _with_control(options.strengths), twice=True)
    # a table of something else is refused before the long work
    of_all = replace(setting, detectors=())
    kept = options.beside and measured(str(options.beside.resolve()), options.data, steps, of_all)
    table = measure(options.checkpoint, options.data, steps, setting)
    table = beside(kept, table) if options.beside else table
    options.out.parent.mkdir(parents=True, exist_ok=True)
    part = options.out.with_name(options.out.name + ".part")
    table.to_parquet(part)
    part.replace(options.out)
    print(f"{options.out}: {len(table)} rows, {(table['status'] != 'ok').sum()} without a score")
    return 0


def _crossfit(commands):
    command = add_command(
        commands, "crossfit", _do_crossfit, "train, fit and measure fold by fold, so that every group is judged unseen",
        "  tad crossfit -o reports/crossed"
        "\n  tad crossfit --recipe full --data my/manifest.csv --device cuda --workers 16 -o reports/crossed"
        "\n  tad crossfit -o reports/crossed_heads --detectors token_head --pairs 1500 --steps 600 \\"
        "\n      --beside reports/crossed/scores.parquet    # one more detector"
        "\n  tad run 03_generalization -p checkpoint reports/crossed/fold0/training/model.safetensors \\"
        "\n      -p manifest reports/crossed/manifest.csv -p scores reports/crossed/scores.parquet",
    )  # fmt: skip
    command.epilog += (
        "\n\nevery group is test once and validation once; scores are pooled as places among their own fold's"
        "\nvalidation reals. What a fold has done is not done again."
    )
    command.add_argument("--recipe", default="quick", help="of the networks (see tad train; default %(default)s)")
    command.add_argument("--data", default=MANIFEST, help="manifest; its splits do not matter (default %(default)s)")
    command.add_argument("-o", "--out", required=True, help="folder for folds, scores.parquet and manifest.csv")
    command.add_argument("--folds", type=int, default=5, help="3 to the number of groups (default %(default)s)")
    strengths = "(default .1 .3 1; 0, the control, is always among them)"
    command.add_argument("--strengths", type=float, nargs="+", default=[0.1, 0.3, 1.0], help=strengths)
    command.add_argument("--families", nargs="*", help="names (default: all)")
    command.add_argument("--detectors", nargs="+", default=[], metavar="NAME", help="only these (default: all)")
    _add_material(command, 0)
    command.add_argument("--per-video", type=int, default=1, help="clips of a video, 0 for all (default %(default)s)")
    command.add_argument("--encoding", default="h264:23", help="of reals and fakes alike (default %(default)s)")
    command.add_argument("--long-side", type=int, default=640, help="px at most (default %(default)s)")
    command.add_argument("--seed", type=int, default=0, help="of every draw (default 0)")
    command.add_argument("--workers", type=int, default=0, help="processes that forge (default: none beside this one)")
    command.add_argument("--device", default="cpu", help="where heads are trained: cpu or cuda (default %(default)s)")
    told = "a table that this command pooled, of the same folds; its other detectors are kept"
    command.add_argument("--beside", default="", metavar="FILE", help=told)


def _do_crossfit(options) -> int:
    from tad.experiment import Setting
    from tad.experiment.cross_fit import cross_fit
    from tad.experiment.forging import choose
    from tad.experiment.scores import Ladder

    setting = Setting(
        seed=options.seed, per_video=options.per_video, encoding=options.encoding, long_side=options.long_side,
        detectors=options.detectors,
    )  # fmt: skip
    steps = Ladder(choose(options.families), _with_control(options.strengths), twice=True)
    done = cross_fit(
        options.recipe, options.data, options.out, steps, setting, n_folds=options.folds,
        material=_material(options), workers=options.workers, device=options.device, kept=options.beside,
    )  # fmt: skip
    print(*done, sep="\n")
    return 0


def _with_control(strengths: list[float]) -> tuple[float, ...]:
    """Some strengths and 0, at which every fake must score exactly as its real: the notebooks hold the table to it."""
    return tuple(sorted({0.0, *strengths}))


def _add_material(command, pairs: int):
    """What detectors that are taught by fakes see, for two commands."""
    told = "self-forged pairs, 3.6 MB of memory each; 0: no heads (default %(default)s)"
    command.add_argument("--pairs", type=int, default=pairs, help=told)
    command.add_argument("--steps", type=int, default=1200, help="of a head (default %(default)s)")
    told = "of a head, each taught without every Nth family, to be judged on those; 0: none (default %(default)s)"
    command.add_argument("--variants", type=int, default=4, metavar="N", help=told)
    command.add_argument("--variant-steps", type=int, metavar="STEPS", help="of each (default: half of --steps)")
    command.add_argument("--batch-pairs", type=int, default=16, metavar="PAIRS", help="a step (default %(default)s)")
    command.add_argument(
        "--learning-rate", type=float, default=2e-3, metavar="RATE", help="at its highest (%(default)s)"
    )
    told = "least strength of the self-made fakes, drawn evenly in its logarithm up to 1 (default %(default)s)"
    command.add_argument("--weakest", type=float, default=0.15, metavar="STRENGTH", help=told)
    command.add_argument("--supervised", action="store_true", help="teach the supervised reference too, which is large")


def _material(options):
    from tad.experiment import Material
    from tad.training import HeadRecipe, Variation

    few = max(1, options.steps // 2) if options.variant_steps is None else options.variant_steps
    head, variant = (HeadRecipe(n, options.batch_pairs, options.learning_rate) for n in (options.steps, few))
    return Material(
        pairs=options.pairs, variants=options.variants, head=head, variant=variant,
        variation=Variation(weakest=options.weakest), supervised=options.supervised,
    )  # fmt: skip
