"""LoRA adapters in an encoder (Hu et al. 2021)."""

from torch import nn

from emotion_grid.base.messages import InputError
from emotion_grid.model.encoder import encoder_layers

QUERY_AND_VALUE = {"query", "value", "query_proj", "value_proj", "q", "v", "q_lin", "v_lin", "in_proj"}
"""What the supported families call the projections that LoRA adapts (Hu et al. 2021, section 4.2)."""


def lora_targets(encoder: nn.Module, freeze: int) -> list[str]:
    """Full names of the query and value projections in the layers that are not frozen."""
    upper = {id(module) for layer in encoder_layers(encoder)[freeze:] for module in layer.modules()}
    names = [
        name
        for name, module in encoder.named_modules()
        if id(module) in upper and isinstance(module, nn.Linear) and name.rpartition(".")[2] in QUERY_AND_VALUE
    ]
    if not names:
        raise InputError(f"lora: found no query and value projections in {type(encoder).__name__}")
    return names


def add_lora(encoder: nn.Module, freeze: int, lora: dict) -> None:
    """Put adapters into the encoder's unfrozen layers (Hu et al. 2021, LoRA)."""
    from peft import LoraConfig, inject_adapter_in_model

    targets = lora_targets(encoder, freeze)
    inject_adapter_in_model(
        LoraConfig(r=lora["rank"], lora_alpha=lora["alpha"], lora_dropout=lora["dropout"], target_modules=targets),
        encoder,
    )


def merge_adapters(encoder: nn.Module) -> None:
    """Fold an encoder's adapters into the weights that they adapt, and take them out."""
    from peft.tuners.lora import LoraLayer

    for name, module in list(encoder.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()
            parent, _, leaf = name.rpartition(".")
            setattr(encoder.get_submodule(parent), leaf, module.get_base_layer())
