"""Encoders with random weights in the shapes of well-known ones: what they cost does not depend on what they have learned.

python -m benchmarks.gpu.encoders --encoder bert-base --output <folder>
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion_grid.base.cli import program_parser, run_program

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
"""The first words of every vocabulary; `w0`, `w1` and so on follow."""


@dataclass(frozen=True)
class Shape:
    """The family of an encoder (`model_type`) and what its config says of its size."""

    family: str
    config: dict[str, Any]


def _shape(family: str, vocabulary: int, layers: int, width: int, heads: int, inner: int, **more: Any) -> Shape:
    return Shape(
        family,
        {
            "vocab_size": vocabulary,
            "num_hidden_layers": layers,
            "hidden_size": width,
            "num_attention_heads": heads,
            "intermediate_size": inner,
            "max_position_embeddings": 514,
            **more,
        },
    )


QUIET = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
"""No dropout: its masks differ between precisions and sizes of batches, and would hide what these change."""

SHAPES = {
    "minilm": _shape("bert", 30_522, 6, 384, 12, 1536),
    "minilm-quiet": _shape("bert", 30_522, 6, 384, 12, 1536, **QUIET),
    "bert-base": _shape("bert", 30_522, 12, 768, 12, 3072),
    "roberta-large": _shape("roberta", 50_265, 24, 1024, 16, 4096, type_vocab_size=1),
    "xlm-r-base": _shape("xlm-roberta", 250_002, 12, 768, 12, 3072, type_vocab_size=1),
    "qwen-0.5b": _shape("qwen2", 151_936, 24, 896, 14, 4864, num_key_value_heads=2, tie_word_embeddings=True),
}

TINY = {
    "vocab_size": 400,
    "num_hidden_layers": 4,
    "hidden_size": 16,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "initializer_range": 0.3,  # wide, so that a fault moves the probabilities well beyond rounding
}
"""What makes each of them so small that two CPU cores train it in seconds."""


def make_encoder(shape: Shape, tiny: bool, folder: Path) -> None:
    """Write an encoder with random weights, and a tokenizer of whole words as large as its vocabulary."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModel

    heads = {"num_key_value_heads": 1} if "num_key_value_heads" in shape.config else {}
    sizes = {**shape.config, **TINY, **heads} if tiny else shape.config
    config = CONFIG_MAPPING[shape.family](**sizes, bos_token_id=0, pad_token_id=1, eos_token_id=2)
    torch.manual_seed(7)
    AutoModel.from_config(config).save_pretrained(folder)
    _write_tokenizer(folder, config.vocab_size)


def _write_tokenizer(folder: Path, vocabulary: int) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = [*SPECIAL, *(f"w{number}" for number in range(vocabulary - len(SPECIAL)))]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token"), SPECIAL, strict=True))
    inputs = ["input_ids", "attention_mask"]
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=inputs, **names).save_pretrained(folder)


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--encoder", required=True, choices=SHAPES, help="whose shape it has")
    parser.add_argument("--tiny", action="store_true", help="in the shape of the family alone, not in its size")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    arguments = parser.parse_args()
    make_encoder(SHAPES[arguments.encoder], arguments.tiny, arguments.output)


if __name__ == "__main__":
    sys.exit(run_program(main))
