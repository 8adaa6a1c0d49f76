"""What detectors share that are taught by fakes: pairs of real clips and forgeries of them.

Source: Shiohara and Yamasaki, "Detecting Deepfakes with Self-Blended Images", 2022, for fakes that are made from the
very real they are compared with; Nguyen et al., "Vulnerability-Aware Spatio-Temporal Learning for Generalizable
Deepfake Video Detection" (FakeSTormer), 2025, for supervision of places in space and time by the known mask.

Each has seen fakes, so it is to be judged on families that it has not seen; a recipe makes variants for that.
"""

from collections.abc import Iterable, Sequence
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tad import checks
from tad.data import to_frames
from tad.forgery import families
from tad.model import EnhancedTimeSformer, peak
from tad.scoring.detectors.protocol import Base
from tad.training import HeadRecipe, Pool, SelfForged, Variation, fit_head, make_pool
from tad.training.self_forged import Forge


class Taught(Base):
    """A network `net` from clips to logits, higher = more likely fake; whoever derives from it says which."""

    head = ""  # the part of the network that is taught, which reads what `sees` makes of tiles; all of it when empty

    def __init__(
        self, model: EnhancedTimeSformer | None = None, *, pairs: int = 6000, recipe: HeadRecipe = HeadRecipe(1200),  # noqa: B008 it is frozen
        variation: Variation = Variation(weakest=0.15), seed: int = 0,  # noqa: B008 it is frozen
    ):  # fmt: skip
        """Build one that has learned nothing yet.

        Args:
            model: the network of the checkpoint, for those that look through it.
            pairs, recipe, variation, seed: of `fit`.
        """
        super().__init__(model)
        checks.whole("pairs", pairs, 1)
        checks.of_kind("recipe", recipe, HeadRecipe, "a HeadRecipe")
        checks.of_kind("variation", variation, Variation, "a Variation")
        checks.whole("seed", seed)
        self.model, self.pairs, self.recipe, self.variation, self.seed = model, pairs, recipe, variation, seed
        with torch.device("meta"):  # names alone: most that are built are never taught, and some are large
            self.learns = tuple(self._own(self.make_net().state_dict()))

    def make_net(self) -> nn.Module:
        """A network with fresh weights, of torch's global generator."""
        raise NotImplementedError

    def _own(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        prefix = self.head and f"{self.head}."
        return {name: value for name, value in state.items() if name.startswith(prefix)}

    def fit(
        self, clips: Iterable[Tensor], *, groups: Sequence[str] | None = None, forgeries: dict[str, Forge] | None = None
    ) -> Self:  # fmt: skip
        """Learn from real clips (3, T, H, W) and forgeries that are made of them.

        Args:
            clips: at their own resolution.
            groups: of each; each clip is a group of its own unless given.
            forgeries: by name; all registered families that need no landmarks unless given.
        """
        frames = [to_frames(clip) for clip in clips]
        if not frames:
            raise ValueError(f"{self.name} is fitted on one real clip or more; got none")
        known = {name: family for name, family in families().items() if "landmarks" not in family.needs}
        groups = groups or [str(i) for i in range(len(frames))]
        data = SelfForged(frames, groups, forgeries or known, self.pairs, self.seed, self.variation)
        pool = make_pool(data)
        return self.learn_from(pool, torch.arange(len(data)))

    def sees(self, pool: Pool) -> Pool:
        """What is learned from when this is taught: the pool's tiles, or what a part that is not taught makes of them.

        It is the same for all that are built on the same network, so that variants may share it.
        """
        return pool

    def learn_from(self, pool: Pool, which: Tensor) -> Self:
        """Learn from some pairs of a pool or of what was seen of it, on its device; see `tad.training.fit_head`."""
        pool = self.sees(pool)
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            net = self.make_net().to(pool.real.device)
        fit_head(net.get_submodule(self.head), pool, which, self.recipe, self.seed, f"teaching {self.name}")
        return self.load(self._own(net.cpu().state_dict()))

    def load(self, state: dict[str, Tensor]) -> Self:
        super().load(state)
        self.net = self.make_net().eval()
        self.net.load_state_dict({**self.net.state_dict(), **state})
        return self


class PatchHead(Taught):
    """One whose network rates places (B, t, h, w): the score is the mean of the highest share of logits."""

    share = 0.03

    def score_clip(self, clip: Tensor) -> Tensor:
        return peak(self.net(clip[None]), self.share)[0]

    @torch.no_grad()
    def map(self, clips: Tensor) -> Tensor:
        """The logit of each place, spread over its pixels: (B, T, H, W)."""
        self.require_fitted()
        return F.interpolate(self.net(clips)[:, None], clips.shape[2:], mode="trilinear")[:, 0]
