import torch

from tad.forgery.draws import uniform
from tad.forgery.face.mesh import LIPS, STABLE, face_px, hull, match_colour, sample, similarity_map, soft_mask
from tad.forgery.registry import forgery

CHIN = 0.1  # width of the soft edge along the outline of the face, over the size of the face
MAX_GAIN = 1.15  # of contrast: folds of the skin around an open and a closed mouth differ, whatever the light


@forgery("mouth_swap", scope="face", needs=("donor", "landmarks"))
def mouth_swap(clip, strength, generator, *, donor, landmarks, **_):
    """The donor's mouth shines through the clip's, in the end in its place, and says what the donor says.

    The trace of lip-synchronised forgeries, where all but the mouth stays real. The donor's mouth keeps its shape: the
    corners of the eyes and the nose tell where it belongs. Colours are matched on the skin around it.

    Strength 0: nothing. 0.5: the mean of both mouths. 1: the donor's alone, inside a soft edge that begins at the lips
    of either and is as wide as 15 to 25 % of the face, less where the chin ends.
    """
    size = clip.shape[-2:]
    reach = uniform(0.15, 0.25, (), generator).item()
    place = similarity_map(*landmarks[:, :, STABLE], size)
    lips, faces = [], []
    for points in landmarks:
        scale, outlines = face_px(points), (points[:, LIPS], points[:, hull(points)])
        lips.append(soft_mask(outlines[0], size, reach * scale, grow_px=reach * scale, device=clip.device))
        faces.append(soft_mask(outlines[1], size, CHIN * scale, device=clip.device))
    theirs = sample(torch.stack([lips[1], faces[1]]), place)
    mask = torch.maximum(lips[0], theirs[0]) * torch.minimum(faces[0], theirs[1])
    moved = match_colour(sample(donor, place), clip, mask * (1 - mask), MAX_GAIN)
    return torch.lerp(clip, moved, strength * mask), mask
