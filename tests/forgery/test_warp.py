import torch

from tad.forgery import displace


def test_whole_pixels_are_copied_from_where_the_field_points(texture):
    clip = texture((3, 2, 20, 24), 0)
    field = torch.zeros(2, 2, 20, 24)
    field[0, 0], field[1, 1] = 1.0, -1.0  # frame 0 looks to the right, frame 1 upwards
    warped = displace(clip, field, torch.ones(2, 20, 24), 3.0)
    torch.testing.assert_close(warped[:, 0, :, :-3], clip[:, 0, :, 3:], atol=1e-4, rtol=0)
    torch.testing.assert_close(warped[:, 1, 3:], clip[:, 1, :-3], atol=1e-4, rtol=0)
    # What lies outside is mirrored at the centre of the last pixel.
    torch.testing.assert_close(warped[:, 0, :, -1], clip[:, 0, :, -4], atol=1e-4, rtol=0)


def test_half_pixels_are_means(texture):
    clip = texture((3, 1, 20, 20), 0)
    right = torch.tensor([1.0, 0.0]).view(2, 1, 1, 1)
    warped = displace(clip, right, torch.ones(1, 20, 20), 0.5)
    torch.testing.assert_close(warped[..., :-1], (clip[..., :-1] + clip[..., 1:]) / 2, atol=1e-4, rtol=0)


def test_displacement_follows_the_mask_and_reaches_its_limit(coordinates, displacement_px):
    clip = coordinates(2, 33)
    mask = torch.zeros(2, 33, 33)
    mask[0, 10:20, 10:20], mask[1, 12:18, 12:18] = 0.5, 0.25
    field = torch.tensor([3.0, 4.0]).view(2, 1, 1, 1)  # of any scale
    move = displacement_px(displace(clip, field, mask, 5.0), clip)
    inner = move[:, 0, 12:18, 12:18].flatten(1).mean(1), move[:, 1, 13:17, 13:17].flatten(1).mean(1)
    torch.testing.assert_close(inner[0], torch.tensor([3.0, 4.0]), atol=1e-3, rtol=0)
    torch.testing.assert_close(inner[1], torch.tensor([1.5, 2.0]), atol=1e-3, rtol=0)
    assert move[:, mask == 0].abs().max() < 1e-4
