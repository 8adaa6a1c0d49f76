"""The plain supervised reference: a video CNN that is taught real against fake, a label a clip and no more.

Source: Tran et al., "A Closer Look at Spatiotemporal Convolutions for Action Recognition", 2018: R(2+1)D with 18
layers, as torchvision builds it, with fresh weights. The model card claims that detectors of this kind generalise worse
than one-class learning; with variants that lack some families that can be measured.
"""

from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.video import r2plus1d_18

from tad.model import EnhancedTimeSformer
from tad.scoring.detectors.protocol import register_fitted
from tad.scoring.detectors.taught import Taught

SIZE = 112  # px, of the paper


class WholeClip(nn.Module):
    """R(2+1)D at 112 px, one logit a clip."""

    def __init__(self):
        super().__init__()
        self.cnn = r2plus1d_18(weights=None, num_classes=1)

    def forward(self, video: Tensor) -> Tensor:  # (B, 3, T, H, W) -> (B,)
        size = (video.shape[2], SIZE, SIZE)
        small = video if video.shape[2:] == size else F.interpolate(video, size, mode="trilinear", align_corners=False)
        return self.cnn(small)[:, 0]


@register_fitted
class SupervisedCNN(Taught):
    """Logit of a video CNN that was trained to tell labelled fakes from reals."""

    name, trained_on = "supervised_cnn", "labelled fakes"

    def __init__(self, model: EnhancedTimeSformer | None = None, **teaching):
        super().__init__(model, **teaching)
        self.view = SIZE

    def make_net(self) -> WholeClip:
        return WholeClip()

    def score_clip(self, clip: Tensor) -> Tensor:
        return self.net(clip[None])[0]
