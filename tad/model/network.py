"""The EnhancedTimeSformer: stem and flow make tokens, divided attention mixes them, two heads read them."""

from collections.abc import Iterator
from contextlib import contextmanager

from einops import rearrange
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tad import checks
from tad.model.attention import Attention, DividedBlock, PositionalTable
from tad.model.config import ModelConfig, resolve_config
from tad.model.flow import FlowEncoder, FlowEstimator
from tad.model.heads import FlowHead, FrameHead
from tad.model.once import kept
from tad.model.stem import Stem


class EnhancedTimeSformer(nn.Module):
    """A video transformer that gives back the mid frame of a clip and the flow that leaves it.

    Source: the model card "Video Anomaly Detection with TimeSformer" (ash12321, 2024) for the parts and the
    contract; TimeSformer (Bertasius et al. 2021) for the divided attention. The card publishes no code: names and
    sizes of the parameters are ours.
    """

    recompute = False  # gradient checkpointing: a block's intermediates are computed again in the backward pass

    def __init__(self, config: ModelConfig):
        """Take what it is made of.

        Args:
            config: its sizes, see `tad.model.resolve_config`.
        """
        super().__init__()
        checks.of_kind("config", config, ModelConfig, "a ModelConfig")
        self.config = config
        c = config
        self.stem = Stem(c.stem_width)
        side = c.patch // Stem.stride
        self.patch_embed = nn.Conv3d(c.stem_width, c.width, *[(c.tubelet, side, side)] * 2)
        self.flow_estimator = FlowEstimator(c.flow_width)
        self.flow_encoder = FlowEncoder(c.flow_width, c.width, c.tubelet, c.patch)
        self.positions = PositionalTable(c.frames // c.tubelet, c.size // c.patch, c.width)
        self.embedded = nn.Identity()  # the (B, D, T', H', W') tensor that layer attributions tap
        self.blocks = nn.ModuleList(DividedBlock(c.width, c.heads, c.mlp_ratio) for _ in range(c.depth))
        self.frame_head = FrameHead(c.width, c.patch)
        self.flow_head = FlowHead(c.width, c.patch)
        self._draw_weights()

    def _draw_weights(self):
        """Let the picture reach the tokens at its own size.

        With torch's defaults four convolutions shrink it to a two-hundredth of what the first block adds, and a
        network that cannot see its input learns the mean frame for many hundred steps.
        """
        for module in self.stem.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)
        nn.init.kaiming_normal_(self.patch_embed.weight, nonlinearity="linear")
        nn.init.zeros_(self.patch_embed.bias)
        for block in self.blocks:
            for linear in (m for m in block.modules() if isinstance(m, nn.Linear)):
                nn.init.trunc_normal_(linear.weight, std=0.02)  # as ViT (Dosovitskiy et al. 2021)
                nn.init.zeros_(linear.bias)
            for last in (block.time.project, block.space.project, block.mlp[-1]):
                # each block begins as a small correction, as GPT-2 (Radford et al. 2019)
                nn.init.trunc_normal_(last.weight, std=0.02 / (2 * self.config.depth) ** 0.5)

    def forward(self, video: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruct the mid frame and predict the flow from it to the next frame.

        Args:
            video: (B, 3, T, H, W), RGB in [-1, 1]; T at least 3 and a multiple of the tubelet, H and W multiples of
                the patch. Sizes other than the configuration's stretch the table of positions.

        Returns:
            frame_pred: (B, 3, H, W), frame T // 2.
            flow_pred: (B, 2, H, W), x then y, px.

        Raises:
            ValueError: a shape does not fit.

        Example:
            >>> import torch
            >>> frame, flow = create_model("tiny", depth=1)(torch.zeros(1, 3, 16, 112, 112))
            >>> tuple(frame.shape), tuple(flow.shape)
            ((1, 3, 112, 112), (1, 2, 112, 112))
        """
        if found := kept(self, video, lambda: dict(self._steps(video))):
            return found["frame_pred"], found["flow_pred"]
        *_, (_, frame_pred), (_, flow_pred) = self._steps(video)  # the rest is let go as it is used up
        return frame_pred, flow_pred

    def features(self, video: Tensor) -> dict[str, Tensor]:
        """Return every named intermediate of `forward`, in the order in which they arise.

        Args:
            video: as `forward`.

        Returns:
            stem (B, C, T, H/4, W/4); flow_coarse, flow (B, 2, T - 1, H, W), px; flow_tokens, embedded and
            block_0 ... (B, D, T', H', W'); frame_pred; flow_pred.
        """
        make = lambda: dict(self._steps(video))  # noqa: E731
        return kept(self, video, make) or make()

    def _steps(self, video: Tensor) -> Iterator[tuple[str, Tensor]]:
        self._check(video)
        stem = self.stem(video)
        yield "stem", stem
        coarse, flow = self.flow_estimator(video)
        yield "flow_coarse", coarse
        yield "flow", flow
        # In training the estimator answers to the photometric loss alone: a reconstruction that may bend the flow
        # would use it as a channel for pixels.
        flow_tokens = self.flow_encoder(flow.detach() if self.training else flow)
        yield "flow_tokens", flow_tokens
        x = self.embedded(self.positions(self.patch_embed(stem) + flow_tokens))  # (B, D, T', H', W')
        yield "embedded", x
        h, w = x.shape[-2:]
        x = rearrange(x, "b d t h w -> b t (h w) d")
        for i, block in enumerate(self.blocks):
            x = checkpoint(block, x, use_reentrant=False) if self.recompute and self.training else block(x)
            yield f"block_{i}", rearrange(x, "b t (h w) d -> b d t h w", h=h)
        mid = x[:, video.shape[2] // 2 // self.config.tubelet]  # (B, N, D)
        mid = rearrange(mid, "b (h w) d -> b h w d", h=h, w=w)
        yield "frame_pred", self.frame_head(mid)
        yield "flow_pred", self.flow_head(mid)

    def _check(self, video: Tensor):
        checks.tensor("video", video, "B 3 T H W")
        t, h, w = video.shape[2:]
        if t < 3:
            raise ValueError(f"a clip must have at least 3 frames; got {t}")
        if t % self.config.tubelet:
            raise ValueError(f"frames must be a multiple of the tubelet {self.config.tubelet}; got {t}")
        if h % self.config.patch or w % self.config.patch:
            raise ValueError(f"height and width must be multiples of the patch {self.config.patch}; got {h} x {w}")

    @contextmanager
    def eager_attention(self):
        """Within this context the attention probabilities are real tensors that pass through modules."""
        layers = [module for module in self.modules() if isinstance(module, Attention)]
        for layer in layers:
            layer.eager = True
        try:
            yield self
        finally:
            for layer in layers:
                layer.eager = False


def create_model(preset: str = "base", **overrides) -> EnhancedTimeSformer:
    """Build a network with fresh weights (drawn from torch's global generator; `torch.manual_seed` fixes them).

    Args:
        preset: "base" (the card), "small" or "tiny".
        **overrides: fields of `ModelConfig`.

    Raises:
        ValueError: unknown preset or field, or numbers that do not fit each other.

    Example:
        >>> create_model("tiny", depth=2).config.depth
        2
    """
    return EnhancedTimeSformer(resolve_config(preset, **overrides))
