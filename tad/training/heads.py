"""Teach a head to tell forged places from real ones, on pairs of real and self-forged tiles."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from tad import checks
from tad.model import peak
from tad.training.self_forged import SelfForged


@dataclass(frozen=True)
class HeadRecipe:
    """The numbers of a head's training."""

    steps: int = 600
    batch_pairs: int = 16
    learning_rate: float = 2e-3  # at its highest
    weight_decay: float = 0.01
    of_clip: float = 0.5  # weight of the loss on whole tiles; that on places weighs 1
    share: float = 0.05  # of places that make a tile's logit

    def __post_init__(self):
        for name in ("steps", "batch_pairs"):
            checks.whole(name, getattr(self, name), 1)
        checks.number("learning_rate", self.learning_rate, 0, above=True)
        for name in ("weight_decay", "of_clip"):
            checks.number(name, getattr(self, name), 0)
        checks.number("share", self.share, 0, 1, above=True)


@dataclass
class Pool:
    """Pairs in memory; see `SelfForged.__getitem__`."""

    real: Tensor  # uint8 (N, T, 3, h, w); or what a network that is not trained makes of them, see `look_through`
    fake: Tensor
    mask: Tensor  # (N, t, h', w')
    group: Tensor  # (N,)
    family: Tensor  # (N,)
    groups: list[str]
    names: list[str]

    def of(self, groups: Iterable[str], families: Iterable[str]) -> Tensor:
        """The indices of the pairs of some groups and families."""
        g = torch.tensor([name in set(groups) for name in self.groups])
        f = torch.tensor([name in set(families) for name in self.names])
        return (g[self.group] & f[self.family]).nonzero()[:, 0]


def make_pool(data: SelfForged, workers: int = 0, device: str = "cpu") -> Pool:
    """Make all pairs once, on some processes, and keep them on a device.

    Args:
        data: the pairs.
        workers: processes that forge; none beside this one when 0.
        device: where the pool is kept, "cpu" or "cuda".
    """
    checks.of_kind("data", data, SelfForged, "SelfForged pairs")
    checks.whole("workers", workers)
    checks.one_of("device", device, ("cpu", "cuda"))
    loader, parts = DataLoader(data, None, num_workers=workers), {}
    for i, item in enumerate(tqdm(loader, total=len(data), desc="forging", unit="pair")):
        for name in ("real", "fake", "mask"):
            if name not in parts:
                parts[name] = torch.empty(len(data), *item[name].shape, dtype=item[name].dtype, device=device)
            parts[name][i] = item[name].to(device)
        for name in ("group", "family"):
            parts.setdefault(name, torch.empty(len(data), dtype=torch.long))[i] = item[name]
    return Pool(**parts, groups=data.groups, names=data.names)


def look_through(
    see: Callable[[Tensor], Tensor], pool: Pool, batch_clips: int = 8, desc: str = "looking"
) -> Pool:  # fmt: skip
    """The pool as a network sees it that is not trained: what it makes of every tile, made once for many passes.

    Args:
        see: from clips (B, 3, T, h, w) in [-1, 1] to features (B, C, T', h', w').
        pool: of tiles.
        batch_clips: at a time.
        desc: name of the progress bar.

    Returns:
        A pool with features, 16 bit, in place of tiles, on the same device.
    """
    checks.check(callable(see), "see must be a function from clips to features", see)
    checks.of_kind("pool", pool, Pool, "a Pool")
    checks.whole("batch_clips", batch_clips, 1)
    parts = [(tiles, tiles.split(batch_clips)) for tiles in (pool.real, pool.fake)]
    bar = tqdm(total=len(pool.real) + len(pool.fake), desc=desc, unit="tile", mininterval=2)
    found = []
    for tiles, batches in parts:
        features = None
        for i, some in enumerate(batches):
            made = see(as_clips(some)).half()
            if features is None:
                features = made.new_empty(len(tiles), *made.shape[1:])
            features[i * batch_clips : i * batch_clips + len(some)] = made
            bar.update(len(some))
        found.append(features)
    bar.close()
    return replace(pool, real=found[0], fake=found[1])


def as_clips(tiles: Tensor) -> Tensor:
    """Tiles of a pool, uint8 (B, T, 3, h, w), as clips (B, 3, T, h, w) in [-1, 1]."""
    return tiles.transpose(1, 2).float() / 127.5 - 1


def fit_head(net: nn.Module, pool: Pool, which: Tensor, recipe: HeadRecipe, seed: int, desc: str = "head") -> nn.Module:
    """Train a head, a module from what a pool holds, clips (B, 3, T, h, w) or features, to logits.

    The loss is the binary cross-entropy of places, forged and real weighing the same, and of the peak of each tile.
    Logits are (B, t, h', w'), or (B,) of a head that knows no places and learns from the tiles' labels alone.

    Args:
        net: with fresh weights, on the pool's device.
        pool: see `make_pool`.
        which: indices of the pairs.
        recipe: the numbers.
        seed: of the order and the flips.
        desc: name of the progress bar.

    Returns:
        The network, in evaluation mode.

    Raises:
        ValueError: gradients that are not finite.
    """
    checks.of_kind("net", net, nn.Module, "a torch.nn.Module")
    checks.of_kind("pool", pool, Pool, "a Pool")
    checks.tensor("which, of one pair or more,", which, "N", torch.int64)
    checks.of_kind("recipe", recipe, HeadRecipe, "a HeadRecipe")
    checks.whole("seed", seed)
    device, g = pool.real.device, torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(net.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, recipe.steps, pct_start=0.1)
    net.train()
    bar = tqdm(range(recipe.steps), desc=desc, unit="step", mininterval=2)
    for _ in bar:
        chosen = which[torch.randint(len(which), (recipe.batch_pairs,), generator=g)].to(device)
        # 32 bit on a processor: in bf16 oneDNN's gradients of small 3D convolutions were infinite at times (torch 2.14)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss = pair_loss(net, *batch(pool, chosen, g), recipe)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        if not norm.isfinite():  # else every weight would be NaN from here on, and each step in vain
            raise ValueError(f"gradients must stay finite; got {norm.item()} in step {bar.n + 1} of {desc}")
        optimizer.step()
        schedule.step()
        if bar.n % 50 == 0:
            bar.set_postfix(loss=f"{loss.item():.3f}")
    return net.eval()


def batch(pool: Pool, chosen: Tensor, g: torch.Generator) -> tuple[Tensor, Tensor]:
    """Clips (2 B, 3, T, h, w), the reals first, and the masks (B, t, h', w'), flipped alike by chance.

    Features are not flipped: a network does not make the mirrored features of a mirrored clip.
    """
    both, masks = torch.cat([pool.real[chosen], pool.fake[chosen]]), pool.mask[chosen].float()
    if both.is_floating_point():
        return both.float(), masks
    clips = as_clips(both)
    for axis in (-1, -2):
        if torch.rand((), generator=g) < 0.5:
            clips, masks = clips.flip(axis), masks.flip(axis)
    return clips, masks


def pair_loss(net: nn.Module, clips: Tensor, masks: Tensor, recipe: HeadRecipe) -> Tensor:
    """The loss of a batch of pairs, see `fit_head`."""
    logits = net(clips).float()
    if logits.ndim == 1:
        return F.softplus(torch.cat([logits[: len(masks)], -logits[len(masks) :]])).mean()
    real, fake = logits.chunk(2)
    masks = F.adaptive_avg_pool3d(masks, fake.shape[1:])  # a head's places may be coarser than the pool's
    inside, outside = (masks > 0.5).float(), (masks < 0.05).float()
    of_places = (
        _mean(F.softplus(-fake), inside) + (F.softplus(real).mean() + _mean(F.softplus(fake), outside)) / 2
    ) / 2
    of_clips = (F.softplus(-peak(fake, recipe.share)).mean() + F.softplus(peak(real, recipe.share)).mean()) / 2
    return of_places + recipe.of_clip * of_clips


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / weights.sum().clamp(min=1)
