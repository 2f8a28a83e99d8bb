"""Tokens that requests cost, and the budget that bounds them."""

from dataclasses import dataclass
from typing import Any

from emotion_grid.base.digests import canonical

OVERHEAD = 256
"""Tokens that a model's chat template may add to a request, generously."""

MILLION = 1_000_000


@dataclass(frozen=True)
class Tokens:
    """Tokens that a model read (`input`) and wrote (`output`)."""

    input: int = 0
    output: int = 0

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(self.input + other.input, self.output + other.output)

    @property
    def all(self) -> int:
        """Tokens read and written."""
        return self.input + self.output


def most_tokens(request: dict[str, Any]) -> Tokens:
    """No more tokens than these does a request cost: a token has a byte at least, and the answer's length is bounded by the request."""
    limits = [request[name] for name in ("max_completion_tokens", "max_tokens") if request.get(name) is not None]
    return Tokens(len(canonical(request).encode()) + OVERHEAD, max(limits))


@dataclass(frozen=True)
class Budget:
    """What may be spent: `most` of what `cost` computes; without bounds if `most` is None.

    Attributes:
        prices: of a million tokens that the model reads and writes, in any currency; None if the budget counts tokens.
    """

    most: float | None = None
    prices: tuple[float, float] | None = None

    def cost(self, tokens: Tokens) -> float:
        """What tokens cost, in money if there are prices, else in tokens."""
        if self.prices is None:
            return tokens.all
        return (tokens.input * self.prices[0] + tokens.output * self.prices[1]) / MILLION

    def allows(self, tokens: Tokens) -> bool:
        """Whether all of these may be spent."""
        return self.most is None or self.cost(tokens) <= self.most

    def words(self, tokens: Tokens) -> str:
        """What tokens cost, in words."""
        return f"{self.cost(tokens):,.0f} tokens" if self.prices is None else f"{self.cost(tokens):,.4f} of money"
