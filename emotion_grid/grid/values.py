"""Values in one type each, so that equal values give equal specs, and training values as a run's name shows them."""

import functools
from typing import Any

from emotion_grid.grid.schema_file import schema_file


def whole(value: Any) -> Any:
    """A whole number as an int, however it was written (YAML's 3.0 is 3), so that equal values give equal specs."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def typed_training_value(key: str, value: Any) -> Any:
    """One training value in its final type."""
    is_real = key.endswith("learning_rate") or key in ("warmup_steps", "weight_decay")
    return float(value) if is_real and value is not None else whole(value)


def training_part(training: dict[str, Any]) -> str:
    """The training values that are not the schema's defaults, in readable form: `ep3-lr3e-05`; empty if all are."""
    usual = {"head_learning_rate": training["learning_rate"]}
    return "-".join(
        f"{short}{value:g}" if isinstance(value, float) else f"{short}{value}"
        for key, (short, default) in _training_values().items()
        if (value := training[key]) != usual.get(key, default)
    )


@functools.cache
def _training_values() -> dict[str, tuple[str, Any]]:
    """Short name and default of each training value."""
    schema = schema_file()["$defs"]["training"]["properties"]
    return {key: (entry["short"], typed_training_value(key, entry["default"])) for key, entry in schema.items()}
