"""Detectors, one a file: something that gives each clip one score, higher = more likely fake."""

from tad.scoring.detectors.flow_consistency import FlowConsistency
from tad.scoring.detectors.hidden_midframe_mse import HiddenMidFrameMSE
from tad.scoring.detectors.interpolation_residual import InterpolationResidual
from tad.scoring.detectors.latent_change import LatentChange
from tad.scoring.detectors.latent_distance import LatentDistance
from tad.scoring.detectors.local_head import LocalHead
from tad.scoring.detectors.midframe_mse import MidFrameMSE
from tad.scoring.detectors.neighbour_copy import NeighbourCopy
from tad.scoring.detectors.neighbour_mean import NeighbourMean
from tad.scoring.detectors.patch_error import PatchError, PatchErrorLow
from tad.scoring.detectors.pca_reconstruction import PCAReconstruction
from tad.scoring.detectors.plugin import from_csv, load_detectors
from tad.scoring.detectors.protocol import DETECTORS, FITTED, Base, Detector, build, look, register, score
from tad.scoring.detectors.second_difference import SecondDifference
from tad.scoring.detectors.srm_residual import SRMResidual
from tad.scoring.detectors.supervised_cnn import SupervisedCNN
from tad.scoring.detectors.taught import Taught
from tad.scoring.detectors.token_head import TokenHead
from tad.scoring.detectors.two_tailed import two_tailed

__all__ = [
    "DETECTORS", "FITTED", "Base", "Detector", "FlowConsistency", "HiddenMidFrameMSE", "InterpolationResidual",
    "LatentChange", "LatentDistance", "LocalHead", "MidFrameMSE", "NeighbourCopy", "NeighbourMean",
    "PCAReconstruction", "PatchError", "PatchErrorLow", "SRMResidual", "SecondDifference", "SupervisedCNN", "Taught",
    "TokenHead", "build", "from_csv", "load_detectors", "look", "register", "score", "two_tailed",
]  # fmt: skip
