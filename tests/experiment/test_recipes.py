import pytest

from tad import experiment


def test_unknown_checkpoints_and_sizes_are_refused(manifest, tmp_path):
    with pytest.raises(ValueError, match="must be a file or 'demo'; got nowhere"):
        experiment.load("nowhere")
    with pytest.raises(ValueError, match="recipe must be one of smoke, quick, full, card; got 'huge'"):
        experiment.train("huge", str(manifest), tmp_path)
