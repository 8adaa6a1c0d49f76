"""`tad score` from file to verdict, beside the model card's snippet written out plainly around PyAV."""

import tempfile
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from harness import FPS, interleaved, make_video, ratio, row, run
from torchvision.transforms.v2 import functional as V

from tad.experiment import load, score_videos
from tad.experiment.parallel import one_core_each


def plainly(path: Path) -> float:
    """The card's way: load the weights, decode every frame, then take one clip at a time; mean error of mid frames."""
    model = load("demo")
    with av.open(str(path)) as container:
        frames = [torch.from_numpy(f.to_ndarray(format="rgb24")).permute(2, 0, 1) for f in container.decode(video=0)]
    count, size, errors = model.config.frames, model.config.size, []
    for start in range(0, len(frames) - count + 1, count):
        clip = V.center_crop(V.resize(torch.stack(frames[start : start + count]), [size], antialias=True), [size, size])
        video = (clip.permute(1, 0, 2, 3).float() / 127.5 - 1)[None]
        with torch.no_grad():
            frame_pred, _ = model(video)
        errors.append(torch.nn.functional.mse_loss(frame_pred, video[:, :, count // 2]).item())
    return sum(errors) / len(errors)


def by_tad(path: Path, detector: str) -> float:
    [verdict] = score_videos([path], detector=detector)
    return verdict["score"]


def flow_s(clips: int) -> float:
    """What the default detector's dense flow alone takes of a processor: two flows a frame, at 480 x 270 px."""
    a, b = (np.random.default_rng(i).integers(0, 255, (270, 480), np.uint8) for i in range(2))
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    once = interleaved({"flow": lambda: search.calc(a, b, None)}, 9)
    return once["flow"].cpu * 28 * clips


def network_s(model, clips: int) -> float:
    """What the card's network alone takes of a processor: the part that both ways share, and cannot be saved."""
    clip = torch.rand(1, 3, model.config.frames, model.config.size, model.config.size) * 2 - 1
    with one_core_each(), torch.inference_mode():
        return interleaved({"network": lambda: model(clip)}, 9)["network"].cpu * clips


def measure(quick: bool) -> list[dict]:
    model, rows, rounds = load("demo"), [], 1 if quick else 3
    with tempfile.TemporaryDirectory() as folder:
        for seconds in (2, 4) if quick else (2, 10, 60):
            path = make_video(Path(folder) / f"{seconds}.mp4", seconds)
            scores: dict[str, float] = {}
            ways = {
                "plainly": lambda path=path, scores=scores: scores.update(plainly=plainly(path)),
                "tad": lambda path=path, scores=scores: scores.update(tad=by_tad(path, "midframe_mse")),
                "default": lambda path=path: by_tad(path, ""),
            }
            times = interleaved(ways, rounds if seconds < 60 else 1, warm=seconds < 60)
            name, long = f"tad score, {seconds} s of 360p", seconds == 60
            apart = abs(scores["tad"] - scores["plainly"])
            found = ratio(
                f"{name}, midframe_mse",
                times["tad"].wall,
                times["plainly"].wall,
                "the card's snippet",
                3 if long else 1,
            )
            alone = network_s(model, int(seconds * FPS) // 16)
            work = f"processor: {times['plainly'].cpu / times['tad'].cpu:.2f} times"
            most = f"{times['plainly'].cpu / alone:.2f} if all but the network took no time"
            rows.append(found | {"beside": f"the card's snippet; {work}, {most}"})
            rows.append(
                row(
                    f"{name}, the score",
                    apart,
                    "apart",
                    beside="the card's snippet",
                    reach="1e-4",
                    reached=apart < 1e-4,
                )
            )
            real = seconds / times["default"].wall
            work = f"processor: {times['default'].cpu:.1f} s, of it dense flow {flow_s(int(seconds * FPS) // 16):.1f} s"
            rows.append(row(f"{name}, the default detector", real, "times real time", beside=work,
                            reach="4 times" * long, reached=real >= 4 if long else None))  # fmt: skip
            for which in ("tad", "default"):
                rows.append(row(f"{name}, {which}, processor", times[which].cpu / seconds, "s a second of video"))
    return rows


if __name__ == "__main__":
    run(measure)
