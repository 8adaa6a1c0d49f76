import torch
from torch.nn import functional as F

from tad.scoring import build
from tad.scoring.detectors import SupervisedCNN
from tad.training import HeadRecipe, Variation


def test_it_learns_labels_of_clips_and_scores_them(reals):
    cnn = SupervisedCNN(pairs=2, recipe=HeadRecipe(1, 1), variation=Variation(tile=32)).fit(reals[:1])
    assert cnn.trained_on == "labelled fakes" and cnn.view == 32 and not hasattr(cnn, "map")
    clip = torch.rand(1, 3, 4, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        logit = cnn.net.cnn(clip)[0]
        small = F.interpolate(clip, (4, 48, 48), mode="trilinear", align_corners=False)
        assert cnn.net(small).shape == (1,)  # any size is brought to the paper's 112 px, here 32
    torch.testing.assert_close(cnn.score(clip), logit)
    again = build("supervised_cnn", None).load(cnn.state())
    torch.testing.assert_close(again.score(clip), logit)


def test_one_that_is_never_taught_costs_no_memory():
    assert not hasattr(build("supervised_cnn", None), "net")
