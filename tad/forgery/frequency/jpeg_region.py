import torch
import torch.nn.functional as F
from torchvision.io import decode_jpeg, encode_jpeg

from tad.forgery.blob import moving_blob
from tad.forgery.registry import forgery

QUALITY = 10
BLOCK_PX = 8


@forgery("jpeg_region", scope="frequency")
def jpeg_region(clip, strength, generator, **_):
    """A region has been through JPEG by itself, with blocks that lie on another grid than the frame's.

    What is pasted in from a compressed picture brings its blocks along, at an offset of 1 to 7 px in x and in y: Li,
    Yuan and Yu, "Passive detection of doctored JPEG image via block artifact grid extraction", 2009. Colour is stored
    at half of the resolution (4:2:0). The strength is a cross-fade and not the quality, because the error of rounding
    to a coarser table is now and then the smaller one.

    Strength 0: nothing. 0.5: half of the way. 1: quality 10 of 100.
    """
    mask = moving_blob(clip.shape, generator, device=clip.device)
    top, left = torch.randint(1, BLOCK_PX, (2,), generator=generator).tolist()
    frames = F.pad(clip.transpose(0, 1), (left, 0, top, 0), mode="replicate")  # (T, C, H, W)
    bytes_ = ((frames + 1) * 127.5).round().to("cpu", torch.uint8)
    decoded = torch.stack([decode_jpeg(coded) for coded in encode_jpeg(list(bytes_), QUALITY)])
    coarse = decoded[..., top:, left:].to(clip) / 127.5 - 1
    return torch.lerp(clip, coarse.transpose(0, 1), strength * mask), mask
