"""The axis `lora`: low-rank adapters (Hu et al. 2021) in place of training the encoder's own weights."""

from emotion_grid.encoders.shape import Encoder
from emotion_grid.grid.values import whole


def _lora(value: str | dict, encoder: Encoder) -> dict | None:
    if value == "none":
        return None
    rank = whole(value["rank"])
    return {"rank": rank, "alpha": whole(value.get("alpha", rank)), "dropout": float(value.get("dropout", 0))}


def _lora_cell(lora: dict | None) -> str:
    if lora is None:
        return "none"
    dropout = f", dropout={lora['dropout']:g}" if lora["dropout"] else ""
    return f"r={lora['rank']}, alpha={lora['alpha']:g}{dropout}"


def _lora_part(lora: dict | None) -> str:
    if lora is None:
        return "full"
    dropout = f"-d{lora['dropout']}" if lora["dropout"] else ""
    return f"lora{lora['rank']}-a{lora['alpha']:g}{dropout}"
