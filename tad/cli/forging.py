"""`tad forge`: one forged video, a ladder of them, or a picture of the ladder."""

import sys
from pathlib import Path

from tad.cli.command import add_command


def add(commands):
    """Add the command."""
    command = add_command(
        commands, "forge", _do_forge, "forge a video, a labelled set of videos, or draw what each family does",
        "  tad forge --list"
        "\n  tad forge holiday.mp4 --family flicker --strength 0.3 -o fake.mp4"
        "\n  tad forge holiday.mp4 --family splice --strength 1 --donor other.mp4 --encoding none -o fake.mkv"
        "\n  tad forge --ladder my/manifest.csv -o my/ladder --strengths 0.1 0.3 1 --families flicker splice"
        "\n  tad forge --sheet holiday.mp4 -o sheet.png"
        "\n  tad forge holiday.mp4 --plugin my_family.py --family mine --strength 1 -o fake.mp4",
    )  # fmt: skip
    command.epilog += (
        "\n\nBeside a forged NAME.mp4 lie NAME.mask.mkv, what was changed (grey, without loss), and NAME.json, what was"
        "\ndone and how visible it is. The same seed gives the same manipulation at any strength. Forge faces only of"
        "\npeople who agreed, and say of every forged video that it is one."
    )
    command.add_argument("video", nargs="?", help="the video to forge")
    command.add_argument("--family", help="which forgery; --list names them")
    command.add_argument("--strength", type=float, default=1.0, help="0 nothing, 1 the most it does (default 1)")
    command.add_argument("--donor", default="", help="another video, for families that need one; a face's donor is the "
                         "video itself at another time unless given")  # fmt: skip
    command.add_argument("--start", type=float, default=0.0, help="where the forged stretch begins, s (default 0)")
    command.add_argument("--seconds", type=float, help="its length (default 10; 4 in a ladder)")
    command.add_argument("--ladder", metavar="MANIFEST", help="make a labelled set of all families and strengths")
    command.add_argument("--sheet", metavar="VIDEO", help="draw what each family does to a video")
    command.add_argument("--list", action="store_true", help="name the families, and say what each does")
    command.add_argument("-o", "--out", type=Path, help="file, or folder of a ladder")
    command.add_argument("--families", nargs="+", default=[], help="of a ladder or a sheet (default: all)")
    command.add_argument("--strengths", nargs="+", type=float, help="of a ladder or a sheet (default 0.1 0.3 1)")
    command.add_argument("--seed", type=int, default=0, help="of every draw (default 0)")
    command.add_argument("--encoding", help="h264:CRF, hevc:CRF, mpeg4:Q, jpeg:QUALITY or none; for the last two the "
                         "file must be .mkv (default h264:18, in a ladder h264:23)")  # fmt: skip
    command.add_argument("--long-side", type=int, default=640, help="larger videos are scaled down, px (default 640)")
    command.add_argument("--jod", action="store_true", help="measure visibility by ColorVideoVDP too, in "
                         "just-objectionable differences; half a second a frame")  # fmt: skip
    command.add_argument("--plugin", action="append", default=[], metavar="FILE", help="a file of your own families")


def _do_forge(options) -> int:
    from tad.forgery import families, load_file

    for file in options.plugin:
        load_file(file)
    if options.list:
        for name, family in families().items():
            print(f"{name} ({', '.join([family.scope, *(f'needs {need}' for need in family.needs)])}): {family.doc}")
        return 0
    asked = [what for what in ("video", "ladder", "sheet") if getattr(options, what)]
    if len(asked) != 1 or options.out is None:
        raise ValueError(f"forge needs a video, --ladder or --sheet, and -o; got {', '.join(asked) or 'none of them'}"
                         f"{'' if options.out else ', no -o'}")  # fmt: skip
    told = {"seed": options.seed, "long_side": options.long_side}
    told |= {name: value for name in ("encoding", "seconds") if (value := getattr(options, name)) is not None}
    return {"video": _one, "ladder": _ladder, "sheet": _sheet}[asked[0]](options, told)


def _one(options, told: dict) -> int:
    from tad.experiment.forge_videos import forge_video

    if not options.family:
        raise ValueError("forging a video needs --family; `tad forge --list` names them; got none")
    where = {"donor": options.donor, "start_s": options.start}
    facts = forge_video(options.video, options.family, options.strength, options.out, jod=options.jod, **where, **told)
    seen = "nothing changed" if facts["psnr_db"] is None else f"{facts['psnr_db']:.1f} dB in the mask, {facts['band']}"
    seen += f", {facts['jod']:.1f} JOD" if options.jod else ""
    print(f"{options.out}: {facts['family']} at strength {facts['strength']:g}, {facts['frames']} frames, {seen}")
    return 0


def _steps(options) -> dict:
    return {"families": options.families} | ({"strengths": options.strengths} if options.strengths else {})


def _ladder(options, told: dict) -> int:
    from tad.experiment.forge_videos import NO_FACE, forge_ladder

    manifest, left_out = forge_ladder(options.ladder, options.out, jod=options.jod, **_steps(options), **told)
    for what, reason in left_out.items():
        print(f"left out: {what}: {reason}", file=sys.stderr)
    print(manifest)
    return 1 if any(reason != NO_FACE for reason in left_out.values()) else 0


def _sheet(options, told: dict) -> int:
    from tad.experiment.sheet import sheet

    sheet(options.sheet, donor=options.donor, **_steps(options), **told).savefig(options.out)
    print(options.out)
    return 0
