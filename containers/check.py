"""What an image must be able to do: import every package that the programs use, and train a step. `%test` of the recipe runs it."""

import importlib

import torch
from transformers import BertConfig, BertModel

PACKAGES = (
    "accelerate",
    "altair",
    "datasets",
    "jinja2",
    "jsonschema",
    "numpy",
    "packaging",
    "pandas",
    "peft",
    "safetensors.torch",
    "sentencepiece",
    "sklearn.linear_model",
    "vl_convert",
    "yaml",
)

for package in PACKAGES:
    importlib.import_module(package)
model = BertModel(
    BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
)
loss = model(input_ids=torch.tensor([[1, 2, 3]])).last_hidden_state.square().mean()
loss.backward()
gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
assert gradients and all(torch.isfinite(gradient).all() for gradient in gradients), "a backward step gave no gradients"
print(f"torch {torch.__version__}, built for CUDA {torch.version.cuda}: a forward and a backward step done")
