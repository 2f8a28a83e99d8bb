"""What a model says of one text, and which words make it say so."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion_grid.base.messages import log
from emotion_grid.base.prompts import prompted
from emotion_grid.explanation.shapley import Explanation, explain_texts, mask_token_id, model_logits, split_words
from emotion_grid.prediction.labeller import Labeller


@dataclass(frozen=True)
class Answer:
    """What a model says of a text.

    Attributes:
        labels: their names.
        probabilities, thresholds: (labels,).
        explanation: of the text as its run would have read it; None if the model's tokenizer does not say where its words stand.
        is_cut: whether the text is longer than what the model reads.
    """

    labels: list[str]
    probabilities: np.ndarray
    thresholds: np.ndarray
    explanation: Explanation | None
    is_cut: bool


class TriedModel:
    """A saved model that answers one text after the other.

    Args:
        folder: a run's `model/`.
        threads: CPU threads.
        evaluations: bound on the masked copies of a text that are computed for its explanation.
        encoder: where its encoder lies, if not where it lay at training.
    """

    def __init__(self, folder: Path, threads: int, evaluations: int, encoder: Path | None = None):
        self._labeller, self._evaluations = Labeller(folder, threads, encoder), evaluations
        self._explains = self._labeller.tokenizer.is_fast
        if not self._explains:
            name = type(self._labeller.tokenizer).__name__
            log(f"words are not shown: the model's tokenizer ({name}) does not say where its tokens are in the text")

    def answer(self, text: str) -> Answer | None:
        """What the model says of a text; None if cleaning leaves nothing of it."""
        labeller, cleaned = self._labeller, self._labeller.clean(text)
        if not cleaned.strip():
            return None
        whole = prompted(labeller.prompt, cleaned)
        tokens = labeller.tokenizer(whole, truncation=False, verbose=False)["input_ids"]
        return Answer(
            labeller.labels,
            labeller.probabilities([text])[0],
            labeller.thresholds,
            self._explained(cleaned) if self._explains else None,
            len(tokens) > labeller.model.config.max_length,
        )

    def _explained(self, text: str) -> Explanation:
        model, tokenizer = self._labeller.model, self._labeller.tokenizer
        words = split_words([text], tokenizer, model.config.max_length, self._labeller.prompt)
        logits = model_logits(model, tokenizer.pad_token_id, self._labeller.device)
        (explanation,), _ = explain_texts(words, logits, mask_token_id(tokenizer), self._evaluations)
        return explanation
