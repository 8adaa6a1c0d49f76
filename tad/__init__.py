"""How far does a video model that has only seen real footage generalise to deepfakes?

Rooms, in the order in which they may import one another:
`model`, `data`, `forgery`, `report` (which know nothing of each other) <- `training` <- `scoring` <- `explain`
<- `experiment` <- `cli`.
"""

__version__ = "0.1.0"
