"""The classifier: an encoder, a head on its hidden states, and what of both is trained."""

import importlib
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import AutoConfig, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from emotion_grid.base.files import read_json
from emotion_grid.base.messages import InputError
from emotion_grid.model.encoder import Pretrained, load_encoder
from emotion_grid.model.entering import start_above
from emotion_grid.model.heads.build import build_head
from emotion_grid.model.loss import known_loss
from emotion_grid.model.padding import hidden_states
from emotion_grid.model.saved import DESCRIBED, describe, write_model


class EmotionConfig(PretrainedConfig):
    """What a saved classifier needs to be built again.

    Args:
        encoder: the encoder's own config, as a mapping.
        encoder_path: folder from which the encoder's unchanged weights are read; empty if they are among the classifier's own.
        head, freeze, lora: the resolved axis values of the run.
        labels: names of the outputs, in order.
    """

    model_type = "emotion-grid"

    def __init__(
        self,
        encoder: dict | None = None,
        encoder_path: str = "",
        head: dict | None = None,
        freeze: int | str = 0,
        lora: dict | None = None,
        labels: list[str] | None = None,
        max_length: int = 256,
        **kwargs: Any,
    ):
        # None only where transformers itself builds a config without arguments.
        self.encoder: Any = encoder
        self.head: Any = head
        self.labels: Any = labels
        self.freeze: Any = freeze
        self.encoder_path, self.lora, self.max_length = encoder_path, lora, max_length
        if labels:
            kwargs |= {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}
        super().__init__(
            problem_type="multi_label_classification", **{k: v for k, v in kwargs.items() if k != "problem_type"}
        )


# So that AutoTokenizer reads a saved model's folder without a warning.
AutoConfig.register(EmotionConfig.model_type, EmotionConfig)


class EmotionClassifier(PreTrainedModel):
    """An encoder with a head for several labels at once.

    `forward` returns the loss first when labels are given, as `Trainer` expects: a bare tensor would cost it a row a batch.
    """

    config_class = EmotionConfig
    base_model_prefix = "encoder"

    def __init__(self, config: EmotionConfig, encoder: Pretrained):
        super().__init__(config)
        self.encoder, self.anatomy = encoder.model, encoder.anatomy
        expect_possible(encoder, config.head, config.freeze)
        if getattr(self.encoder, "pooler", None) is not None:
            self.encoder.pooler = None
        self.head = build_head(config.head, self.encoder.config.get_text_config().hidden_size, len(config.labels))
        self.register_buffer("class_weights", None, persistent=False)
        if config.lora:
            # By name: only the runs that use LoRA have it in their program digest.
            lora = importlib.import_module("emotion_grid.model.lora")
            lora.add_lora(self.encoder, self.anatomy, config.freeze, config.lora)
        self.frozen = fix_parameters(self, config.freeze, config.lora)

    def train(self, mode: bool = True) -> "EmotionClassifier":
        """Switch to training; what is frozen stays in evaluation, so that its dropout is off."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        weights: torch.Tensor | None = None,
    ) -> SequenceClassifierOutput:
        """Logits (texts, labels), and with `labels` the mean binary cross-entropy of the known ones.

        Padding on either side changes nothing.

        Args:
            input_ids, attention_mask, token_type_ids: (texts, tokens), as the encoder's tokenizer makes them.
            inputs_embeds: (texts, tokens, hidden_size), in the place of `input_ids`.
            labels: 0, 1 or NaN (unknown), (texts, labels).
            weights: of each text's loss, (texts,); None where all have the same.
        """
        if attention_mask is None:
            tokens: Any = input_ids if input_ids is not None else inputs_embeds
            attention_mask = torch.ones(tokens.shape[:2], device=self.device)
        given = {"input_ids": input_ids, "token_type_ids": token_type_ids, "inputs_embeds": inputs_embeds}
        inputs = {name: values for name, values in given.items() if values is not None}
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.config.freeze != "all"):
            hidden, mask = hidden_states(self.encoder, self.anatomy, attention_mask, inputs)
        with torch.autocast(hidden.device.type, enabled=False):  # bf16 has too few digits for probabilities
            logits = self.head(hidden.float(), mask)
        loss = None
        if labels is not None:
            loss = known_loss(logits, labels.float(), self.class_weights, weights)
        return SequenceClassifierOutput(loss=loss, logits=logits)

    def save(self, folder: str | Path) -> None:
        """Write config.json and model.safetensors with what differs from the encoder: all that was trained, and nothing else."""
        trained = {name: tensor for name, tensor in self.named_parameters() if tensor.requires_grad}
        write_model(Path(folder), trained, {key: getattr(self.config, key) for key in DESCRIBED})

    def start_above_frozen_layers(self) -> None:
        """Cut the embeddings and the frozen layers off: their output takes the place of `inputs_embeds`.

        The layers that are left keep their names, and so do their weights.
        """
        layers = self.encoder.get_submodule(self.anatomy.layers)
        start_above(self.encoder, layers, self.config.freeze, self.anatomy.form)
        left = {id(module) for module in self.modules()}
        self.frozen = [module for module in self.frozen if id(module) in left]

    @classmethod
    def from_pretrained(
        cls, folder: str | Path, encoder: str | Path | None = None, merge: bool = False, revision: str | None = None
    ) -> "EmotionClassifier":
        """Load a saved classifier, in evaluation mode.

        Args:
            folder: a run's `model/`, or a published model: its folder, or with `revision` its name on the hub.
            encoder: where the encoder lies, if not where it lay at training; what was published needs none.
            merge: fold the LoRA adapters into the encoder's own weights.
            revision: the hub's commit.

        Raises:
            InputError: the encoder is not where it was, the weights do not fit it, or the hub does not give the model.
        """
        # By name: no run reads a whole model, and so it is in no program digest.
        whole = "emotion_grid.model.whole"
        if revision:
            folder = importlib.import_module(whole).download(str(folder), revision)
        config = EmotionConfig(
            **{k: v for k, v in _description(Path(folder) / "config.json").items() if k in DESCRIBED}
        )
        if not config.encoder_path:
            return importlib.import_module(whole).load_whole(config, Path(folder))
        config.encoder_path = str(encoder or config.encoder_path)
        if not (Path(config.encoder_path) / "config.json").is_file():
            raise InputError(
                f"{folder}: expected its encoder at {config.encoder_path}, found none; fetch it again, or pass encoder=<folder>"
            )
        model = cls(config, load_encoder(config.encoder_path))
        weights = load_file(Path(folder) / "model.safetensors")
        expected = {name for name, tensor in model.named_parameters() if tensor.requires_grad}
        if set(weights) != expected:
            odd = sorted(set(weights) ^ expected)[0]
            raise InputError(
                f"{folder}: expected the weights of {len(expected)} trained parameters, found {len(weights)}; the first that differs is {odd}"
            )
        model.load_state_dict(weights, strict=False)
        if merge and config.lora:
            model.merge_lora()
        return model.eval()

    def merge_lora(self) -> None:
        """Fold the adapters into the weights that they adapt: what is left is as if all of it had been trained."""
        importlib.import_module("emotion_grid.model.lora").merge_adapters(self.encoder)
        self.config.freeze, self.config.lora = 0, None
        self.frozen = fix_parameters(self, 0, None)


def _description(path: Path) -> dict:
    if not path.is_file():
        raise InputError(
            f"{path}: expected a saved model's config, found none; for a model on the hub, give its revision"
        )
    return read_json(path)


def build_classifier(spec: dict, encoder_path: str | Path) -> EmotionClassifier:
    """The untrained classifier of a run's spec; what is new in it, head and adapters, depends on the seed alone.

    Raises:
        InputError: the encoder's shape is not the one that the spec was planned with.
    """
    encoder = load_encoder(encoder_path)
    config = EmotionConfig(**describe(Path(encoder_path), spec))
    torch.manual_seed(spec["seed"])  # not before: how much loading an encoder draws depends on its weights
    return EmotionClassifier(config, encoder)


def expect_possible(encoder: Pretrained, head: dict, freeze: int | str) -> None:
    """Refuse what an encoder cannot be used for.

    Raises:
        InputError: layers to freeze in an encoder whose layers cannot be told apart; the first token of one that has seen nothing yet.
    """
    family, anatomy = encoder.model.config.model_type, encoder.anatomy
    if freeze not in (0, "all") and not anatomy.layers:
        raise InputError(f"freeze: expected 0 or all for the family {family}, since {anatomy.why}; found {freeze}")
    if anatomy.causal and head.get("pooling") == "first":
        raise InputError(
            f"head.pooling: expected last or mean for the family {family}, whose first token sees no other token of the text; found first"
        )


def fix_parameters(model: EmotionClassifier, freeze: int | str, lora: dict | None) -> list[nn.Module]:
    """Fix what the run does not train, and return the modules whose dropout stays off.

    `freeze: k` fixes the lowest k layers and all that is below or shared by all layers (embeddings, relative positions); `all` the
    whole encoder. What is above the top layer, such as a last norm, trains with it. With LoRA the encoder's own weights are fixed
    everywhere, and only the adapters and the head train.
    """
    encoder, anatomy = model.encoder, model.anatomy
    if freeze == "all":
        encoder.requires_grad_(False)
        return [encoder]
    trained = [encoder]
    if isinstance(freeze, int) and freeze:
        above = [name for name, layer in anatomy.beside.items() if layer >= freeze]
        present = dict(encoder.named_modules())
        trained = [*present[anatomy.layers][freeze:], *(present[name] for name in above if name in present)]
    encoder.requires_grad_(False)
    for module in trained:
        module.requires_grad_(True)
    inside = {id(module) for top in trained for module in top.modules()}
    frozen = [module for module in encoder.modules() if not any(id(child) in inside for child in module.modules())]
    if lora:
        for name, parameter in encoder.named_parameters():
            parameter.requires_grad_("lora_" in name)
    return frozen
