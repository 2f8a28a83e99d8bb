"""Tiny models with random weights of every family of text encoders that transformers has."""

from pathlib import Path
from typing import Any

WIDTH, LAYERS, VOCABULARY, POSITIONS = 16, 4, 100, 64

_SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "dim", "emb_dim"), WIDTH),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers"), LAYERS),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads", "encoder_attention_heads"), 2),
    **dict.fromkeys(("decoder_layers", "num_decoder_layers"), 1),
    **dict.fromkeys(("decoder_attention_heads", "num_key_value_heads"), 2),
    **dict.fromkeys(("intermediate_size", "d_ff", "ffn_dim", "hidden_dim", "encoder_ffn_dim", "decoder_ffn_dim"), 24),
    **dict.fromkeys(("max_position_embeddings", "n_positions"), POSITIONS),
    **dict.fromkeys(("head_dim", "d_kv", "kv_channels", "v_head_dim", "qk_nope_head_dim", "qk_rope_head_dim"), 8),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size", "kv_lora_rank", "q_lora_rank"), 8),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts"), 4),
    **dict.fromkeys(("num_experts_per_tok", "topk_group", "n_group"), 2),
    "initializer_range": 0.3,  # wide, so that a fault moves the logits well beyond rounding
}
"""What every family's config is made small by, under the names that it has for it."""

FAMILIES = [
    "albert",
    "bart",
    "bert",
    "bert-generation",
    "big_bird",
    "bigbird_pegasus",
    "biogpt",
    "bitnet",
    "blenderbot",
    "bloom",
    "camembert",
    "canine",
    "cohere",
    "cohere2",
    "convbert",
    "ctrl",
    "data2vec-text",
    "deberta",
    "deberta-v2",
    "diffllama",
    "distilbert",
    "electra",
    "ernie",
    "ernie4_5",
    "esm",
    "eurobert",
    "falcon",
    "flaubert",
    "fnet",
    "funnel",
    "gemma",
    "gemma2",
    "gemma3_text",
    "glm",
    "glm4",
    "gpt2",
    "gpt_bigcode",
    "gpt_neox",
    "gpt_oss",
    "granite",
    "granitemoe",
    "gte",
    "helium",
    "jina_embeddings_v3",
    "led",
    "lfm2",
    "llama",
    "longformer",
    "longt5",
    "m2m_100",
    "mamba",
    "marian",
    "mbart",
    "megatron-bert",
    "ministral",
    "mistral",
    "mixtral",
    "mobilebert",
    "modernbert",
    "modernbert-decoder",
    "mpnet",
    "mpt",
    "mra",
    "mt5",
    "mvp",
    "nanochat",
    "nemotron",
    "nomic_bert",
    "nystromformer",
    "olmo",
    "olmo2",
    "olmoe",
    "openai-gpt",
    "opt",
    "pegasus",
    "persimmon",
    "phi",
    "phi3",
    "plbart",
    "prophetnet",
    "qwen2",
    "qwen2_moe",
    "qwen3",
    "qwen3_moe",
    "rembert",
    "roberta",
    "roberta-prelayernorm",
    "roformer",
    "rwkv",
    "smollm3",
    "stablelm",
    "starcoder2",
    "switch_transformers",
    "t5",
    "umt5",
    "xglm",
    "xlm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xlnet",
    "yoso",
]
"""Families of text encoders (`model_type`), of every kind that transformers has."""

SPECIAL = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]
"""The first words of every vocabulary; words `w0`, `w1` and so on follow."""

_TOKENS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}

OWN: dict[str, dict[str, Any]] = {
    "funnel": {
        "architectures": ["FunnelModel"],
        "block_sizes": [2, 2],
        "num_decoder_layers": 1,
        "d_head": 8,
        "d_inner": 24,
    },
    "mobilebert": {"initializer_range": 0.03},  # it has no norms
    "canine": {
        "upsampling_kernel_size": 4,
        "downsampling_rate": 4,
        "local_transformer_stride": 8,
        "num_hash_buckets": 64,
    },
}
"""What a family's config needs beside the common sizes."""


def tiny_config(family: str) -> Any:
    """The config of a family's tiny model."""
    from transformers import CONFIG_MAPPING

    default = CONFIG_MAPPING[family]()
    sizes = {**_SIZES, **_TOKENS}
    text = default.get_text_config()
    if text is not default:
        key = next(key for key, value in vars(default).items() if value is text)
        return CONFIG_MAPPING[family](**{key: _known(text, sizes) | OWN.get(family, {})})
    return CONFIG_MAPPING[family](**_known(default, sizes) | OWN.get(family, {}))


def _known(config: Any, sizes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sizes.items() if name in vars(config)}


def write_family(folder: Path, family: str, **changes: Any) -> Path:
    """A family's tiny model with random weights in a folder, a tokenizer of whole words beside it.

    Args:
        changes: values of its config in the place of the zoo's.
    """
    import torch
    from transformers import AutoModel

    config = tiny_config(family)
    for name, value in changes.items():
        setattr(config.get_text_config(), name, value)
    torch.manual_seed(7)
    AutoModel.from_config(config).save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def write_tokenizer(folder: Path, special: bool = True, **options: Any) -> None:
    """A tokenizer of whole words.

    Args:
        special: whether `<s>` and `</s>` stand around a text.
        options: of the tokenizer, in the place of its own: the side of padding, say.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = [*SPECIAL, *(f"w{number}" for number in range(VOCABULARY - len(SPECIAL)))]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if special:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
        )
    names = dict(zip(("pad_token", "bos_token", "eos_token", "unk_token", "mask_token"), SPECIAL, strict=True))
    inputs = {"model_input_names": ["input_ids", "attention_mask"]}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **{**names, **inputs, **options}).save_pretrained(folder)
