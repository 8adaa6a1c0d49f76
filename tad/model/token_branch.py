"""A head on the network's tokens: which places look forged, seen through what one-class training has learned."""

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from tad import checks
from tad.model.network import EnhancedTimeSformer


class TokenBranch(nn.Module):
    """From a clip to a logit for each token of the network: higher = more likely forged.

    It reads the tokens as they enter the blocks and as they stand half-way through them. Gradients end there: the
    network's weights, and so its predictions, stay what they were.
    """

    def __init__(self, network: EnhancedTimeSformer, width: int = 64):
        """Build the head with fresh weights.

        Args:
            network: whose tokens are read; it is not copied and not trained.
            width: numbers of a token within the head.
        """
        super().__init__()
        checks.of_kind("network", network, EnhancedTimeSformer, "an EnhancedTimeSformer")
        checks.whole("width", width, 1)
        c = network.config
        self.network, self.read = network, ("embedded", f"block_{max(0, c.depth // 2 - 1)}")
        self.rating = Rating(len(self.read), c.width, width)

    def forward(self, video: Tensor) -> Tensor:
        """Rate each token of clips.

        Args:
            video: (B, 3, T, H, W) in [-1, 1]; frames of another size than the network's are resized to it.

        Returns:
            Logits (B, T', H', W').
        """
        return self.rating(self.tokens(video))

    @torch.no_grad()
    def tokens(self, video: Tensor) -> Tensor:
        """What the head reads of clips, the only part that takes long, and the same whatever the head has learned.

        Args:
            video: as `forward`.

        Returns:
            (B, readings x width of the network, T', H', W').
        """
        side = self.network.config.size
        if video.shape[-2:] != (side, side):
            frames = rearrange(video, "b c t h w -> (b t) c h w")
            frames = F.interpolate(frames, (side, side), mode="bilinear", antialias=True)
            video = rearrange(frames, "(b t) c h w -> b c t h w", b=len(video))
        seen = self.network.features(video)
        return torch.cat([seen[name] for name in self.read], dim=1)


class Rating(nn.Module):
    """The head itself: from what was read of each token (B, readings x wide, T', H', W') to logits (B, T', H', W')."""

    def __init__(self, readings: int, wide: int, width: int):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(wide) for _ in range(readings))
        self.narrow = nn.Linear(readings * wide, width)
        self.around = nn.Conv3d(width, width, 3, padding=1, groups=width)
        # each place against the clip's mean: what is odd here may be usual there
        self.compare = nn.Linear(2 * width, width)
        self.rate = nn.Linear(width, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        read = tokens.movedim(1, -1).chunk(len(self.norms), dim=-1)
        x = torch.cat([norm(one) for norm, one in zip(self.norms, read, strict=True)], dim=-1)
        x = F.gelu(self.narrow(x))  # (B, T', H', W', width)
        x = x + self.around(x.movedim(-1, 1)).movedim(1, -1)
        mean = x.mean(dim=(1, 2, 3), keepdim=True).expand_as(x)
        return self.rate(F.gelu(self.compare(torch.cat([x, mean], dim=-1))))[..., 0]
