"""The network in the layout of the Hugging Face hub; needs the extra `hub` (`pip install tad[hub]`)."""

from huggingface_hub import PyTorchModelHubMixin

from tad.model.network import EnhancedTimeSformer


class HubTimeSformer(
    EnhancedTimeSformer, PyTorchModelHubMixin, library_name="tad", license="mit", pipeline_tag="video-classification"
):
    """An `EnhancedTimeSformer` with `save_pretrained` and `from_pretrained`: model.safetensors and config.json."""

    @classmethod
    def _from_pretrained(cls, **how):
        # the library's default leaves weights that do not fit out without a word
        return super()._from_pretrained(**{**how, "strict": True})

    @classmethod
    def of(cls, model: EnhancedTimeSformer) -> "HubTimeSformer":
        """The same network and weights, ready for the hub."""
        out = cls(model.config)
        out.load_state_dict(model.state_dict())
        return out.eval()
