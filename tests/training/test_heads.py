import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tad.model import peak
from tad.training import HeadRecipe, Pool, fit_head, look_through, make_pool
from tad.training.heads import batch, pair_loss


def pool(n=24):
    """Grey tiles; the fakes have noise in the left half, new in each frame."""
    g = torch.Generator().manual_seed(0)
    real = torch.randint(100, 140, (n, 4, 3, 16, 16), generator=g, dtype=torch.uint8)
    fake, mask = real.clone(), torch.zeros(n, 2, 2, 2)
    fake[..., :8] = torch.randint(0, 256, fake[..., :8].shape, generator=g, dtype=torch.uint8)
    mask[..., :1] = 1
    group, family = torch.arange(n) % 2, torch.arange(n) // 2 % 3
    return Pool(real, fake, mask, group, family, ["a", "b"], ["x", "y", "z"])


class Spread(nn.Module):
    """Rates a place by how much it varies: one weight and one bias to learn."""

    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(()))

    def forward(self, clips):
        return self.weight * F.avg_pool3d(clips.square().mean(1), (2, 8, 8)) * 10 + self.bias


def test_a_head_learns_where_the_forgery_is():
    data = pool()
    net = fit_head(Spread(), data, torch.arange(24), HeadRecipe(steps=60, batch_pairs=8, learning_rate=0.2), 0)
    clips, masks = batch(data, torch.arange(24), torch.Generator().manual_seed(1))
    with torch.no_grad():
        real, fake = net(clips).chunk(2)
    assert not net.training and real.max() < 0
    assert ((fake > 0) == (masks > 0.5)).all()


def test_the_same_seed_gives_the_same_head():
    heads = [fit_head(Spread(), pool(), torch.arange(24), HeadRecipe(30, 2, 0.2), seed) for seed in (0, 0, 1)]
    weights = [head.weight.item() for head in heads]
    assert weights[0] == weights[1] != weights[2]


def test_pairs_by_group_and_family():
    data = pool()
    slow = [i for i in range(24) if data.groups[data.group[i]] == "b" and data.names[data.family[i]] in "xz"]
    assert data.of(["b"], ["x", "z"]).tolist() == slow


def test_the_loss_written_out():
    g = torch.Generator().manual_seed(0)
    logits, masks = torch.randn(4, 1, 2, 2, generator=g), torch.tensor([[[[1.0, 0.0], [0.3, 0.9]]]]).repeat(2, 1, 1, 1)
    log = lambda x: -torch.log(torch.sigmoid(x))  # noqa: E731
    real, fake = logits[:2], logits[2:]
    forged = torch.stack([log(f[m > 0.5]) for f, m in zip(fake, masks, strict=True)]).mean()
    clean = torch.stack([log(-f[m < 0.05]) for f, m in zip(fake, masks, strict=True)]).mean()
    places = (forged + (log(-real).mean() + clean) / 2) / 2
    tiles = (log(peak(fake, 0.5)).mean() + log(-peak(real, 0.5)).mean()) / 2
    found = pair_loss(lambda _: logits, torch.zeros(4), masks, HeadRecipe(of_clip=0.7, share=0.5))
    torch.testing.assert_close(found, places + 0.7 * tiles)


def test_a_head_without_places_learns_from_labels_alone():
    g = torch.Generator().manual_seed(0)
    logits = torch.randn(4, generator=g)
    slow = F.binary_cross_entropy_with_logits(logits, torch.tensor([0.0, 0.0, 1.0, 1.0]))
    torch.testing.assert_close(pair_loss(lambda _: logits, torch.zeros(4), torch.zeros(2, 1, 2, 2), HeadRecipe()), slow)


def test_masks_are_pooled_to_coarser_places():
    logits = torch.randn(4, 1, 1, 1, generator=torch.Generator().manual_seed(0))
    found = [pair_loss(lambda _: logits, torch.zeros(4), m, HeadRecipe()) for m in
             (torch.ones(2, 2, 2, 2), torch.ones(2, 1, 1, 1), torch.zeros(2, 2, 2, 2))]  # fmt: skip
    torch.testing.assert_close(found[0], found[1])
    assert not torch.allclose(found[0], found[2])


def test_a_pool_holds_every_pair():
    from tad.forgery import families
    from tad.training import SelfForged, Variation

    clips = [torch.full((4, 3, 48, 48), 90, dtype=torch.uint8)] * 2
    data = SelfForged(clips, ["a", "b"], {"heavy_noise": families()["heavy_noise"]}, 4, 0, Variation(tile=32))
    made = make_pool(data)
    assert made.group.tolist() == [0, 1, 0, 1] and made.real.shape == (4, 4, 3, 32, 32)
    assert torch.equal(made.fake[2], data[2]["fake"]) and torch.equal(made.mask[3], data[3]["mask"])


def test_no_pairs_are_refused():
    with pytest.raises(ValueError, match="one pair or more, must"):
        fit_head(Spread(), pool(), torch.arange(0), HeadRecipe(), 0)


def test_looking_through_gives_each_tile_its_own_features_once():
    data, calls = pool(5), []

    def see(clips):
        calls.append(len(clips))
        return clips.mean(dim=(3, 4), keepdim=True)

    seen = look_through(see, data, batch_clips=2)
    assert calls == [2, 2, 1] * 2 and seen.real.dtype == torch.float16
    for tiles, features in ((data.real, seen.real), (data.fake, seen.fake)):
        for i in range(5):
            slow = (tiles[i].float() / 127.5 - 1).mean(dim=(2, 3)).T[..., None, None]
            torch.testing.assert_close(features[i].float(), slow, atol=1e-3, rtol=1e-3)
    assert torch.equal(seen.mask, data.mask) and seen.names == data.names


def test_features_are_not_flipped():
    data = pool(8)
    seen = look_through(lambda clips: clips, data)
    for seed in range(4):
        clips, masks = batch(seen, torch.arange(8), torch.Generator().manual_seed(seed))
        assert torch.equal(masks, data.mask) and clips.dtype == torch.float32
        torch.testing.assert_close(clips[:8], data.real.transpose(1, 2).float() / 127.5 - 1, atol=1e-3, rtol=1e-3)


def test_a_head_that_diverges_is_not_taught_to_the_end():
    class Diverges(Spread):
        def forward(self, clips):
            return super().forward(clips) + self.weight.sqrt()  # whose slope at 0 is infinite

    with pytest.raises(ValueError, match=r"gradients must stay finite; got (inf|nan) in step 1 of the head"):
        fit_head(Diverges(), pool(), torch.arange(24), HeadRecipe(3, 2), 0, "the head")
