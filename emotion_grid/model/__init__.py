"""The classifier: encoder, head, LoRA adapters, devices."""
