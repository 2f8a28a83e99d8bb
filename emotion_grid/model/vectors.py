"""Word vectors as an encoder of no layers: a table with a row for each word, whatever words stand beside it."""

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput


class VectorsConfig(PretrainedConfig):
    """The shape of a table of word vectors.

    Attributes:
        vocab_size: its rows.
        hidden_size: numbers of a vector.
        pad_token_id: the row that stands for padding.
    """

    model_type = "word-vectors"

    vocab_size: int = 1
    hidden_size: int = 1
    num_hidden_layers: int = 0
    pad_token_id: int = 0


class Vectors(PreTrainedModel):
    """The vector of each word as its hidden state."""

    config_class = VectorsConfig
    base_model_prefix = "vectors"

    def __init__(self, config: VectorsConfig):
        super().__init__(config)
        self.words = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        return self.words

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> BaseModelOutput:
        """Hidden states (texts, tokens, hidden_size) of token ids (texts, tokens)."""
        return BaseModelOutput(last_hidden_state=self.words(input_ids))
