"""A ladder of forgeries beside scoring it."""

import statistics
import time

import torch
from harness import row, run

from tad.data import project_root, read_clips, to_clip, to_frames
from tad.experiment import detector_set, load_threshold
from tad.experiment.parallel import one_core_each
from tad.forgery import families, forge
from tad.scoring import score

STRENGTHS = (0.1, 0.3, 0.5, 0.7, 1.0)


def timed(do) -> tuple[float, object]:
    began = time.process_time()
    out = do()
    return time.process_time() - began, out


def measure(quick: bool) -> list[dict]:
    clips = read_clips(project_root() / "data" / "demo" / "cup.mp4", size=360)
    frames, other = next(clips).frames, next(clips).frames
    clip, donor = to_clip(frames), to_clip(other)
    [judge] = detector_set("demo", [load_threshold("demo")[0]])
    known = [family for family in families().values() if "landmarks" not in family.needs][: 4 if quick else 20]
    strengths = STRENGTHS[-1:] if quick else STRENGTHS
    made, judged = {}, []

    def ladder(family) -> list[tuple[float, tuple]]:
        """The family at each strength, with the time that it took."""
        small = (clip[:, :4, :64, :64], donor[:, :4, :64, :64])
        forge(family.name, small[0], 1.0, 0, donor=small[1])  # what is loaded on first use
        return [timed(lambda s=s: forge(family.name, clip, s, 0, donor=donor)) for s in strengths]

    with one_core_each(), torch.inference_mode():
        for family in known:
            took, forged = zip(*ladder(family), strict=True)
            made[family.name] = sum(took)
            frames = to_frames(forged[-1][0])
            judged.append(timed(lambda frames=frames: score([judge], frames))[0])
    scoring = statistics.median(judged) * len(known) * len(strengths)
    what = f"a ladder of {len(known)} families x {len(strengths)} strengths on one clip, 360p"
    slowest = sorted(made, key=made.get, reverse=True)[:3]
    return [
        row(what, sum(made.values()) / scoring, "of scoring it", beside=f"{judge.name}: {scoring:.1f} s of one core",
            reach="less", reached=sum(made.values()) < scoring),
        *(row(f"the costliest: {name}", made[name] / len(strengths), "s a clip") for name in slowest),
    ]  # fmt: skip


if __name__ == "__main__":
    run(measure)
