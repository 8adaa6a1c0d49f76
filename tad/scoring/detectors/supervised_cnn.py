"""The plain supervised reference: a video CNN that is taught real against fake, a label a clip and no more.

Source: Tran et al., "A Closer Look at Spatiotemporal Convolutions for Action Recognition", 2018: R(2+1)D with 18
layers, as torchvision builds it, with fresh weights. The model card claims that detectors of this kind generalise worse
than one-class learning; with variants that lack some families that can be measured.

As in the paper it learns from short windows, of 8 frames, and judges a clip by the mean over the windows that make it
up. For learning a window is cut about a place that was forged, as a face is cut out for detectors of faces: the label
of one without a trace of the forgery would be wrong.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.video import r2plus1d_18

from tad.data import resize_short_side
from tad.model import EnhancedTimeSformer
from tad.model.flat_conv import flatten_convolutions
from tad.scoring.detectors.protocol import register_fitted
from tad.scoring.detectors.taught import Taught
from tad.training import Pool

SIZE = 112  # px, of the paper
FRAMES = 8  # of the paper
WINDOW = 3 / 7  # of a side: 48 of 112 px, a fifth of the work


class WholeClip(nn.Module):
    """R(2+1)D at 112 px, one logit a clip."""

    def __init__(self):
        super().__init__()
        layout = torch.channels_last_3d  # in it flat convolutions take a processor two thirds of the time of others
        self.cnn = flatten_convolutions(r2plus1d_18(weights=None, num_classes=1)).to(memory_format=layout)

    def forward(self, video: Tensor) -> Tensor:  # (B, 3, T, H, W) -> (B,)
        size = (video.shape[2], SIZE, SIZE)
        window = video.shape[-2:] == (of_window(), of_window())  # while it is taught
        if not window and video.shape[2:] != size:
            video = F.interpolate(video, size, mode="trilinear", align_corners=False)
        return self.cnn(video)[:, 0]


def of_window() -> int:
    """The side of a window, px."""
    return round(SIZE * WINDOW)


@register_fitted
class SupervisedCNN(Taught):
    """Logit of a video CNN that was trained to tell labelled fakes from reals."""

    name, trained_on = "supervised_cnn", "labelled fakes"

    def __init__(self, model: EnhancedTimeSformer | None = None, **teaching):
        super().__init__(model, **teaching)
        self.view = SIZE

    def make_net(self) -> WholeClip:
        return WholeClip()

    def sees(self, pool: Pool) -> Pool:
        """The pool at the size that is judged, of each pair the same window about a forged place and time."""
        if pool.real.shape[-1] == of_window():  # seen before
            return pool
        g = torch.Generator().manual_seed(self.seed)
        frames = pool.real.shape[1]
        corners = [window_corner(mask.float(), frames, g) for mask in pool.mask.cpu()]
        return replace(pool, real=cut(pool.real, corners), fake=cut(pool.fake, corners))

    def score_clip(self, clip: Tensor) -> Tensor:
        return self.net(torch.stack(windows_of(clip))).mean()


def windows_of(clip: Tensor) -> list[Tensor]:
    """The windows of 8 frames that make up a clip (3, T, H, W); the last may overlap the one before."""
    last = max(0, clip.shape[1] - FRAMES)
    starts = [*range(0, last, FRAMES), last]
    return [clip[:, start : start + FRAMES] for start in starts]


def window_corner(forged: Tensor, frames: int, g: torch.Generator) -> tuple[int, int, int]:
    """Draw the first frame, row and column, px, of a window that has a forged place near its middle.

    Args:
        forged: (t, h', w'), the share of each place of a tile that was forged; any may be drawn where none was.
        frames: of the tile.
        g: of the draw.

    Example:
        >>> first = torch.eye(8)[None] * torch.arange(8).eq(0)  # forged in the first place alone, all the time
        >>> window_corner(first, 16, torch.Generator())
        (4, 0, 0)
    """
    weights = forged.flatten() if forged.any() else torch.ones(forged.numel())
    place = torch.unravel_index(torch.multinomial(weights, 1, generator=g), forged.shape)
    corner = []
    for at, places, length, side in zip(
        place, forged.shape, (frames, SIZE, SIZE), (min(FRAMES, frames), of_window(), of_window()), strict=True
    ):
        middle = (at.item() + 0.5) / places * length
        corner.append(min(length - side, max(0, round(middle - side / 2))))
    return tuple(corner)


def cut(tiles: Tensor, corners: list[tuple[int, int, int]]) -> Tensor:
    """Scale square tiles, uint8 (N, T, 3, h, w), to the size that is judged and cut a window out of each."""
    side, frames = of_window(), min(FRAMES, tiles.shape[1])
    windows = tiles.new_empty(len(tiles), frames, 3, side, side)
    for window, tile, (start, row, column) in zip(windows, tiles, corners, strict=True):  # one by one: gigabytes
        part = resize_short_side(tile[start : start + frames], SIZE)
        window.copy_(part[..., row : row + side, column : column + side])
    return windows
