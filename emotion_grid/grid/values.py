"""Values in one type each, so that equal values give equal specs."""

from typing import Any


def whole(value: Any) -> Any:
    """A whole number as an int, however it was written (YAML's 3.0 is 3), so that equal values give equal specs."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def typed_training_value(key: str, value: Any) -> Any:
    """One training value in its final type."""
    is_real = key.endswith("learning_rate") or key in ("warmup_steps", "weight_decay")
    return float(value) if is_real and value is not None else whole(value)
