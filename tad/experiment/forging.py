"""Forging the clips of a manifest: which donor, which face, which draws."""

import hashlib
from functools import cache

import torch
from torch import Tensor

from tad.data import FixedClips, cover, face_landmarks, to_clip
from tad.forgery import Forgery, families, forge


class Forger:
    """Forges the clips of a table, each at its own resolution, with what its family needs.

    A donor is a clip of another group of the same split. A face's donor is the same group at another time, so that
    nobody's identity is swapped. The draws depend on the seed, the family and the clip, not on the strength.
    """

    def __init__(self, clips: FixedClips, seed: int):
        self.clips, self.seed = clips, seed
        self.landmarks = cache(lambda index: face_landmarks(clips.frames[index]))

    def find_faces(self) -> None:
        """Look for the faces of all clips now: the face networks serve one thread at a time."""
        for index in range(len(self.clips)):
            self.landmarks(index)

    def __call__(self, index: int, family: Forgery, strength: float) -> tuple[Tensor, Tensor] | None:
        """Forge one clip.

        Returns:
            The forged clip and its mask; None where the family needs a face and this clip, or its donor, shows none.

        Raises:
            ValueError: there is no clip to take a donor from.
        """
        row, clip = self.clips.rows[index], self.clips[index]
        name = f"{self.seed} {family.name} {row['video']} {row['start_s']}"
        draw = int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")
        donor, points = None, []
        if "landmarks" in family.needs:
            points = [self.landmarks(index)]
            if points[0] is None:
                return None
        if "donor" in family.needs:
            frames = self._donor(index, family, draw)
            frames = cover(frames[torch.arange(clip.shape[1]) % len(frames)], *clip.shape[-2:])
            donor = to_clip(frames)
            points += [face_landmarks(frames)] if points else []
        if any(found is None for found in points):
            return None
        landmarks = torch.stack(points) if points else None
        return forge(family.name, clip, strength, draw, donor=donor, landmarks=landmarks)

    def _donor(self, index: int, family: Forgery, draw: int) -> Tensor:
        rows, taker, frames = self.clips.rows, self.clips.rows[index], self.clips.frames
        same = [i for i, row in enumerate(rows) if row["split"] == taker["split"]]
        if family.scope == "face":
            own = [i for i in same if rows[i]["group"] == taker["group"] and i != index]
            faces = [i for i in own if self.landmarks(i) is not None]
            half = len(frames[index]) // 2  # without another clip of the person, the clip itself half its length later
            return frames[faces[draw % len(faces)]] if faces else frames[index].roll(half, 0)
        others = [i for i in same if rows[i]["group"] != taker["group"]]
        if not others:
            raise ValueError(f"a donor must come from another group of the split; got one group, {taker['group']}")
        return frames[others[draw % len(others)]]


def choose(names: list[str] | None = None) -> dict[str, Forgery]:
    """Families by name; all when none is named.

    Raises:
        ValueError: a name that no family has.
    """
    known = families()
    unknown = sorted(set(names or []) - set(known))
    if unknown:
        raise ValueError(f"families must be among {', '.join(known)}; got {', '.join(unknown)}")
    return {name: known[name] for name in names} if names else known
