import torch
from kornia.filters import filter2d_separable, get_gaussian_kernel1d

from tad.forgery.blob import moving_blob
from tad.forgery.by_frame import each_frame
from tad.forgery.registry import forgery

DEVIATION = 0.16  # of values in [-1, 1]
GRAIN_PX = 0.75  # sigma of the blur: the noise's correlation falls to 1 / e at twice that distance


@forgery("local_noise", scope="local")
def local_noise(clip, strength, generator, **_):
    """Noise like that of a sensor is added in a region, afresh in each frame, so that its statistics differ there.

    What is spliced in from another camera or rendered has another noise than its surroundings, which is a classical
    trace (Mahdian and Saic, "Using noise inconsistencies for blind image forensics", 2009). The noise is Gaussian,
    independent in each channel and correlated over 1.5 px, as after demosaicing: in px, because so is a sensor's.

    Strength 0: nothing. 0.5: standard deviation 0.08, 4 % of the range of values. 1: 0.16, in the region a PSNR
    of about 24 dB.
    """
    mask = moving_blob(clip.shape, generator, device=clip.device)
    white = torch.randn(clip.shape, generator=generator).to(clip.device)
    kernel = get_gaussian_kernel1d(5, GRAIN_PX, device=clip.device)
    noise = each_frame(lambda own: filter2d_separable(own, kernel, kernel), white)
    noise = noise / kernel.square().sum()  # of standard deviation 1 again
    return clip + strength * DEVIATION * noise * mask, mask
