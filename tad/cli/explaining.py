"""`tad explain`: why a video got its score."""

from pathlib import Path

from tad.cli.command import add_command


def add(commands):
    """Add the command."""
    command = add_command(
        commands, "explain", _do_explain, "explain the score of a video, as a page with pictures",
        "  tad explain holiday.mp4 -o report.html"
        "\n  tad explain holiday.mp4 --detector midframe_mse --method integrated_gradients -o report.html"
        "\n  tad explain fake.mp4 --mask fake.mask.mkv -o report.html    # of `tad forge ... -o fake.mp4`"
        "\n  tad explain --list",
    )  # fmt: skip
    command.epilog += (
        "\n\nthe clip with the highest score is explained; the page needs no network and may be mailed. Gradients pass"
        "\nthrough all that a detector reads, the true mid frame included. A heat map convinces whether or not it is"
        "\nright: 04_attention measures how often each method is. exit status: 0 explained, 2 refused."
    )
    command.add_argument("video", nargs="?", help="the video file")
    command.add_argument("--detector", default="", help="whose score (default: the one that tad score judges by)")
    command.add_argument("--method", default="", help="--list names them (default: the detector's own map)")
    command.add_argument("-o", "--out", type=Path, help="the page, HTML")
    command.add_argument("--mask", default="", help="a video of what was changed, as tad forge writes it (default: "
                         "VIDEO.mask.mkv where it lies beside the video)")  # fmt: skip
    command.add_argument("--checkpoint", default="demo", help="weights (default: those that ship)")
    command.add_argument("--steps", type=int, default=16, help="of integrated gradients (default %(default)s)")
    command.add_argument("--list", action="store_true", help="name the methods, and say what each needs")


def _do_explain(options) -> int:
    from tad.explain import METHODS, Effort

    if options.list:
        for name, what in METHODS.items():
            print(f"{name}: {what}")
        return 0
    if not options.video or options.out is None:
        raise ValueError(f"explain needs a video and -o; got {options.video or 'no video'}"
                         f"{'' if options.out else ', no -o'}")  # fmt: skip
    if options.steps < 1:
        raise ValueError(f"steps must be 1 or more; got {options.steps}")
    from tad.experiment.explain_video import explain_video

    found = explain_video(
        options.video, options.out, detector=options.detector, method=options.method, checkpoint=options.checkpoint,
        mask=options.mask, effort=Effort(steps=options.steps, progress=True),
    )  # fmt: skip
    print(
        f"{options.out}: {found['verdict']}, score {found['score']:.4g} by {found['detector']}, threshold "
        f"{found['threshold']:.4g}; the clip from {found['start_s']:.2f} s is explained by {found['method']}"
    )
    return 0
