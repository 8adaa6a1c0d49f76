import torch

from tad.forgery.registry import forgery


@forgery("heavy_noise", scope="whole")
def heavy_noise(clip, strength, generator, **_):
    """Gaussian noise is added, independent in every pixel, channel and frame.

    Strength 0: nothing. 0.5: standard deviation 0.5 (a quarter of the range of values). 1: standard deviation 1.
    """
    noise = torch.randn(clip.shape, generator=generator).to(clip.device)
    return clip + strength * noise, torch.ones_like(clip[0])
