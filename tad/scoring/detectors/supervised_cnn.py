"""The plain supervised reference: a video CNN that is taught real against fake, a label a clip and no more.

Source: Tran et al., "A Closer Look at Spatiotemporal Convolutions for Action Recognition", 2018: R(2+1)D with 18
layers, as torchvision builds it, with fresh weights. The model card claims that detectors of this kind generalise worse
than one-class learning; with variants that lack some families that can be measured.

As in the paper it learns from windows of clips and judges whole ones. A window is cut about a place that was forged, as
a face is cut out for detectors of faces: a label of a window without a trace of the forgery would be wrong.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.video import r2plus1d_18

from tad.data import resize_short_side
from tad.model import EnhancedTimeSformer
from tad.scoring.detectors.protocol import register_fitted
from tad.scoring.detectors.taught import Taught
from tad.training import Pool

SIZE = 112  # px, of the paper
WINDOW = 3 / 7  # of a side: 48 of 112 px, a fifth of the work


class WholeClip(nn.Module):
    """R(2+1)D at 112 px, one logit a clip."""

    def __init__(self):
        super().__init__()
        layout = torch.channels_last_3d  # a sixth faster on a processor
        self.cnn = r2plus1d_18(weights=None, num_classes=1).to(memory_format=layout)

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
        """The pool at the size that is judged, of each pair the same window about a forged place."""
        if pool.real.shape[-1] == of_window():  # seen before
            return pool
        g = torch.Generator().manual_seed(self.seed)
        corners = [window_corner(mask.float().mean(0), g) for mask in pool.mask.cpu()]
        return replace(pool, real=cut(pool.real, corners), fake=cut(pool.fake, corners))

    def score_clip(self, clip: Tensor) -> Tensor:
        return self.net(clip[None])[0]


def window_corner(forged: Tensor, g: torch.Generator) -> tuple[int, int]:
    """Draw the first row and column, px, of a window that has a forged place near its middle.

    Args:
        forged: (h', w'), the share of each place of a tile that was forged; any place may be drawn where none was.
        g: of the draw.

    Example:
        >>> window_corner(torch.eye(8) * torch.arange(8).eq(0), torch.Generator())  # forged in the first place alone
        (0, 0)
    """
    weights = forged.flatten() if forged.any() else torch.ones(forged.numel())
    place = int(torch.multinomial(weights, 1, generator=g))
    middle = (place // forged.shape[1] + 0.5) / forged.shape[0], (place % forged.shape[1] + 0.5) / forged.shape[1]
    most = SIZE - of_window()
    row, column = (min(most, max(0, round(at * SIZE - of_window() / 2))) for at in middle)
    return row, column


def cut(tiles: Tensor, corners: list[tuple[int, int]]) -> Tensor:
    """Scale square tiles, uint8 (N, T, 3, h, w), to the size that is judged and cut a window out of each."""
    side = of_window()
    windows = tiles.new_empty(*tiles.shape[:3], side, side)
    for window, tile, (row, column) in zip(windows, tiles, corners, strict=True):  # one by one: tiles are gigabytes
        window.copy_(resize_short_side(tile, SIZE)[..., row : row + side, column : column + side])
    return windows
