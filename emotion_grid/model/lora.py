"""LoRA adapters in an encoder (Hu et al. 2021)."""

from torch import nn
from transformers.pytorch_utils import Conv1D

from emotion_grid.base.messages import InputError
from emotion_grid.model.anatomy import Anatomy

QUERY_AND_VALUE = {
    *("query", "value", "query_proj", "value_proj", "q_proj", "v_proj", "q", "v", "q_lin", "v_lin"),
    *("in_proj", "Wqkv", "c_attn", "query_key_value", "qkv_proj", "qkv"),
}
"""What families call the projections that LoRA adapts by default (Hu et al. 2021, section 4.2); in the second line, fused ones."""


def lora_targets(encoder: nn.Module, anatomy: Anatomy, freeze: int, targets: str) -> list[str]:
    """Full names of the projections to adapt in the layers that are not frozen.

    Args:
        targets: `query-value`, `all-linear`, or the last parts of their names, joined by `+`.

    Raises:
        InputError: there are none.
    """
    linear = _linear_modules(encoder, anatomy, freeze)
    if targets == "all-linear":
        names = linear
    elif targets == "query-value":
        attention = [name for name, module in encoder.named_modules() if "attention" in type(module).__name__.lower()]
        names = [name for name in linear if _leaf(name) in QUERY_AND_VALUE and _lies_in(name, attention)]
    else:
        names = [name for wanted in targets.split("+") for name in _named(wanted, linear, encoder)]
    if not names:
        raise InputError(
            f"lora: found no {targets} projections in {type(encoder).__name__}; set targets to all-linear, or to some of its linear layers: "
            f"{', '.join(sorted({_leaf(name) for name in linear}))}"
        )
    return names


def _linear_modules(encoder: nn.Module, anatomy: Anatomy, freeze: int) -> list[str]:
    """Names of the linear modules of the layers that are not frozen, or of the whole encoder where layers cannot be told apart."""
    tops = {"": encoder}
    if anatomy.layers:
        layers = list(encoder.get_submodule(anatomy.layers).named_children())
        tops = {f"{anatomy.layers}.{number}.": layer for number, layer in layers[freeze:]}
    return [
        f"{top}{name}"
        for top, module in tops.items()
        for name, part in module.named_modules()
        if isinstance(part, nn.Linear | Conv1D)
    ]


def _named(wanted: str, linear: list[str], encoder: nn.Module) -> list[str]:
    found = [name for name in linear if name.endswith(f".{wanted}")]
    if not found:
        known = ", ".join(sorted({_leaf(name) for name in linear}))
        raise InputError(f"lora.targets: expected linear layers of {type(encoder).__name__} ({known}), found {wanted}")
    return found


def _lies_in(name: str, places: list[str]) -> bool:
    return any(name.startswith(f"{place}.") for place in places)


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def add_lora(encoder: nn.Module, anatomy: Anatomy, freeze: int, lora: dict) -> None:
    """Put adapters into the encoder's unfrozen layers (Hu et al. 2021; rank-stabilised: Kalajdzievski 2023; DoRA: Liu et al. 2024)."""
    from peft import LoraConfig, inject_adapter_in_model

    targets = lora_targets(encoder, anatomy, freeze, lora.get("targets", "query-value"))
    config = LoraConfig(
        r=lora["rank"],
        lora_alpha=lora["alpha"],
        lora_dropout=lora["dropout"],
        target_modules=targets,
        use_rslora=lora.get("rslora", False),
        use_dora=lora.get("dora", False),
    )
    try:
        inject_adapter_in_model(config, encoder)
    except ValueError as error:  # a projection that peft knows to be read around its forward, such as Mamba's
        raise InputError(f"lora: expected projections that peft can adapt, found: {error}") from error


def merge_adapters(encoder: nn.Module) -> None:
    """Fold an encoder's adapters into the weights that they adapt, and take them out."""
    from peft.tuners.lora import LoraLayer

    for name, module in list(encoder.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()
            parent, _, leaf = name.rpartition(".")
            setattr(encoder.get_submodule(parent), leaf, module.get_base_layer())
