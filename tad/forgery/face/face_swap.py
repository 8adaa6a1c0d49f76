import torch

from tad.forgery.draws import uniform
from tad.forgery.face.mesh import face_px, hull, match_colour, mesh_map, sample, soft_mask
from tad.forgery.registry import forgery


@forgery("face_swap", scope="face", needs=("donor", "landmarks"))
def face_swap(clip, strength, generator, *, donor, landmarks, **_):
    """The donor's face shines through the clip's, in the end in its place, with the clip's pose and expression.

    The donor's mesh of landmarks is warped onto the clip's, triangle by triangle; colours are matched in mean and
    standard deviation, smoothed over time, and the face is blended in through the feathered convex hull of the mesh.
    After Marek Kowalski, "FaceSwap", 2016, whose fakes are one part of FaceForensics++ (Roessler et al., ICCV 2019).

    Strength 0: nothing. 0.5: the mean of both faces. 1: the donor's alone, inside the soft edge, which is as wide as 10
    to 20 % of the face.
    """
    points, source = landmarks
    size_px, _ = (face_px(face) for face in landmarks)  # of both, as it refuses what is no face
    feather = uniform(0.1, 0.2, (), generator).item() * size_px
    mask = soft_mask(points[:, hull(points)], clip.shape[-2:], feather, device=clip.device)
    moved = sample(donor, mesh_map(points, source, clip.shape[-2:]))
    return torch.lerp(clip, match_colour(moved, clip, mask), strength * mask), mask
