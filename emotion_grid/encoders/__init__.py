"""Pretrained encoders before they are loaded: where they come from, which files they have, what shape they are."""
