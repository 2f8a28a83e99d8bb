"""Texts with labels and tables of predictions: reading, cleaning, checking, splitting."""
