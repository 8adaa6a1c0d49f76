"""A patch head on the network's own tokens, taught by self-made forgeries of real clips; see `taught`.

The network stays as one-class training left it, and so do its two prediction outputs.
"""

from tad.model import EnhancedTimeSformer, TokenBranch
from tad.scoring.detectors.protocol import register_fitted, side
from tad.scoring.detectors.taught import PatchHead
from tad.training import Pool, look_through


@register_fitted
class TokenHead(PatchHead):
    """Peak over tokens of the logits of a small head that was trained on reals with self-made fakes."""

    name, trained_on, head = "token_head", "reals with self-made fakes", "rating"

    def __init__(self, model: EnhancedTimeSformer, **teaching):
        super().__init__(model, **teaching)
        self.view = side(model)

    def make_net(self) -> TokenBranch:
        return TokenBranch(self.model)

    def sees(self, pool: Pool) -> Pool:
        if pool.real.is_floating_point():  # seen before
            return pool
        branch = self.make_net().to(pool.real.device)
        return look_through(branch.tokens, pool, desc="reading tokens")
