"""What each word of a text adds to each logit: Shapley values over a hierarchy of words, many texts at a time.

The values are those of shap's Partition explainer (Lundberg & Lee 2017; Owen values): neighbouring words are halved again and again, and
a word's value is what unmasking it adds, averaged over contexts. Masked neighbours become one mask token, as in shap's own text masker
when it collapses them: so a masking is the cheaper, the more it masks.
The explainers of many texts run side by side and share the model: when all of them wait for it, their maskings go through it together,
sorted by length, and none twice.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from shap import PartitionExplainer
from shap.maskers import Masker
from transformers import BatchEncoding, PreTrainedTokenizerBase

from emotion_grid.base.messages import InputError
from emotion_grid.base.prompts import TEXT, prompted
from emotion_grid.model.classifier import EmotionClassifier

SIDE_BY_SIDE = 64
"""Texts whose explainers run at the same time."""

MASKINGS_AT_ONCE = 32
"""Maskings that one explainer asks for at a time; each of them may open two more."""

TOKENS_AT_ONCE = {"cpu": 2048, "cuda": 32768}
"""Tokens, padding included, of one pass through the model."""

MOST_KEPT = 500_000
"""Maskings whose logits are kept; then they are forgotten."""

INPUTS = ("attention_mask", "input_ids", "token_type_ids")
"""What the model gets of each token; types only where the tokenizer tells them apart."""

TOLERANCE = 1e-3
"""How far a text's contributions may sum up to something else than its logit."""


@dataclass(frozen=True)
class Words:
    """A text as tokens and words.

    Attributes:
        ids: (tokens,).
        word_of: (tokens,), the word that each token belongs to, -1 for special tokens and those of the prompt.
        words: the words as they stand in the text.
        types: (tokens,), of what type each token is; None where the tokenizer tells no types apart.
    """

    ids: np.ndarray
    word_of: np.ndarray
    words: list[str]
    types: np.ndarray | None = None

    def row(self, ids: np.ndarray, left: np.ndarray) -> np.ndarray:
        """What the model gets of a text: (tokens,) ids or, with their types, (tokens, 2).

        Args:
            ids: (tokens,), with those that are masked.
            left: bool, (tokens,), which of them are left.
        """
        return ids[left] if self.types is None else np.stack([ids, self.types], axis=1)[left]


@dataclass(frozen=True)
class Explanation:
    """A text's words and what they add.

    Attributes:
        words: the words as they stand in the text.
        values: (words, labels), in logits.
        base: (labels,), the logits with all words masked.
        logits: (labels,), with none masked.
    """

    words: list[str]
    values: np.ndarray
    base: np.ndarray
    logits: np.ndarray


def split_words(
    texts: list[str], tokenizer: PreTrainedTokenizerBase, max_length: int, prompt: str = TEXT
) -> list[Words]:
    """The words of each text as the tokenizer separates them; what is cut at `max_length` tokens has none.

    Args:
        prompt: the template around each text, whose own words are never masked.

    Raises:
        InputError: a tokenizer that does not say where its tokens stand in the text.
    """
    if not tokenizer.is_fast:
        raise InputError(
            f"expected a fast tokenizer, which says where its tokens are in the text, found {type(tokenizer).__name__}; set explanations: {{texts: 0}}"
        )
    before, after = prompt.split(TEXT)
    split = []
    for text in texts:
        whole = prompted(prompt, text)
        encoded = tokenizer(whole, truncation=True, max_length=max_length, return_offsets_mapping=True)
        # Without a prompt nothing is outside, not even tokens that stand for no character.
        first, last = len(before) if before else -1, len(before) + len(text) if after else len(whole) + 1
        word_of, spans = _own_words(encoded, first, last)
        words = [whole[max(start, first) : min(end, last)].strip() for start, end in spans]
        types = np.array(encoded["token_type_ids"]) if "token_type_ids" in encoded else None
        split.append(Words(np.array(encoded["input_ids"]), word_of, words, types))
    return split


def _own_words(encoded: BatchEncoding, first: int, last: int) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """The word that each token belongs to, -1 for tokens outside a text, and where each word begins and ends, in characters.

    Args:
        encoded: the text with what stands around it; a token that is half inside is the text's.
        first, last: where the text begins and ends in it, in characters.
    """
    spans: dict[int, tuple[int, int]] = {}
    owners = []
    for word, (start, end) in zip(encoded.word_ids(), encoded["offset_mapping"], strict=True):
        is_own = word is not None and start < last and end > first
        owners.append(word if is_own else None)
        if is_own:
            begun, ended = spans.get(word, (start, end))
            spans[word] = begun, max(ended, end)
    place = {word: number for number, word in enumerate(spans)}
    return np.array([-1 if word is None else place[word] for word in owners]), list(spans.values())


def mask_token_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """The token that stands for a masked word."""
    tokens = (tokenizer.mask_token_id, tokenizer.unk_token_id, tokenizer.pad_token_id)
    return next(token for token in tokens if token is not None)


def halves(count: int) -> np.ndarray:
    """A binary tree over `count` neighbours, each part halved: rows `left, right, distance, size` as in SciPy's linkage."""
    rows: list[tuple[float, float, float, float]] = []

    def join(start: int, end: int) -> int:
        if end - start == 1:
            return start
        middle = (start + end) // 2
        left, right = join(start, middle), join(middle, end)
        rows.append((left, right, (end - start) / count, end - start))
        return count + len(rows) - 1

    join(0, count)
    return np.array(rows).reshape(-1, 4)


def maskings(count: int, bound: int) -> int:
    """How many maskings a text of `count` words takes: both halves in both contexts, again and again, and at most `bound`."""

    def below(words: int) -> int:
        return 0 if words < 2 else 2 + 2 * (below(words // 2) + below(words - words // 2))

    return min(bound, 2 + below(min(count, bound)))


class WordMasker(Masker):
    """Masks words of one text: shap's rows are masks over words, the model's are token ids, as many as are left."""

    def __init__(self, text: Words, mask_id: int):
        self.text, self.mask_id = text, mask_id
        self.shape = (1, len(text.words))
        self.clustering = halves(len(text.words))
        self.immutable_outputs = True

    def __call__(self, mask: np.ndarray, *args: object) -> tuple[np.ndarray]:
        kept = np.append(np.asarray(mask, dtype=bool), True)[self.text.word_of]  # special tokens, word -1, are kept
        first = ~kept & np.append(True, kept[:-1])
        row = np.empty(1, dtype=object)
        row[0] = self.text.row(np.where(kept, self.text.ids, self.mask_id), kept | first)
        return (row,)


class SharedModel:
    """A model that many explainers ask at the same time, each from its own thread.

    Attributes:
        asked: maskings that explainers asked for.
        computed: those that went through the model.
    """

    def __init__(self, logits: Callable[[list[np.ndarray]], np.ndarray], explainers: int):
        self._logits, self._working = logits, explainers
        self._kept: dict[bytes, np.ndarray] = {}
        self._waiting: list[Sequence[np.ndarray]] = []
        self._turn, self._changed = 0, threading.Condition()
        self.asked, self.computed = 0, 0
        self.failure: BaseException | None = None

    def __call__(self, ids: Sequence[np.ndarray]) -> np.ndarray:
        """Logits (maskings, labels) of as many rows of token ids; returns when all other explainers wait or are done, too."""
        with self._changed:
            self._waiting.append(ids)
            turn = self._turn
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._turn > turn or self.failure)
            if self.failure:
                raise RuntimeError("another explainer or the model failed")
        return np.stack([self._kept[row.tobytes()] for row in ids])

    def leave(self, failure: BaseException | None = None) -> None:
        """An explainer has no text left."""
        with self._changed:
            self._working -= 1
            self.failure = self.failure or failure
            self._changed.notify_all()

    def serve(self, progress: Callable[[int], None]) -> None:
        """Answer until every explainer has left; called by the thread that owns the model. `progress` is told how much was asked."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: len(self._waiting) == self._working or self.failure)
                if self.failure or not self._working:
                    return
                asked = [row for ids in self._waiting for row in ids]
                if len(self._kept) > MOST_KEPT:
                    self._kept.clear()
                new = {row.tobytes(): row for row in asked if row.tobytes() not in self._kept}
                try:
                    self._kept |= dict(zip(new, self._logits(list(new.values())), strict=True))
                except BaseException as error:
                    self.failure = error
                    self._changed.notify_all()
                    raise
                self.asked, self.computed = self.asked + len(asked), self.computed + len(new)
                self._waiting, self._turn = [], self._turn + 1
                self._changed.notify_all()
            progress(self.asked)


def maskings_in_batches(rows: list[np.ndarray], tokens: int) -> Iterator[list[int]]:
    """Places of rows in batches of at most `tokens` tokens, padding included, longest first."""
    order = sorted(range(len(rows)), key=lambda place: -len(rows[place]))
    batch: list[int] = []
    for place in order:
        if batch and (len(batch) + 1) * len(rows[batch[0]]) > tokens:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def model_logits(
    model: EmotionClassifier, pad_id: int, device: torch.device
) -> Callable[[list[np.ndarray]], np.ndarray]:
    """The model as a function from token ids, a row a text, to logits (texts, labels)."""

    @torch.inference_mode()
    def logits(rows: list[np.ndarray]) -> np.ndarray:
        logits = np.empty((len(rows), len(model.config.labels)))
        for batch in maskings_in_batches(rows, TOKENS_AT_ONCE[device.type]):
            shape = (len(batch), len(rows[batch[0]]))
            inputs = {name: torch.zeros(shape, dtype=torch.long) for name in INPUTS[: 1 + rows[batch[0]].ndim]}
            inputs["input_ids"] += pad_id
            for number, place in enumerate(batch):
                columns = np.column_stack([np.ones(len(rows[place]), dtype=int), rows[place]])
                for name, values in zip(inputs, columns.T, strict=True):
                    inputs[name][number, : len(values)] = torch.from_numpy(values)
            inputs = {name: values.to(device) for name, values in inputs.items()}
            logits[batch] = model(**inputs).logits.double().cpu().numpy()
        return logits

    return logits


def explain_texts(
    texts: list[Words],
    logits: Callable[[list[np.ndarray]], np.ndarray],
    mask_id: int,
    evaluations: int,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[list[Explanation], SharedModel]:
    """The explanations of texts, in their order, and the model with its counts.

    Args:
        logits: token ids, a row a text, to logits (texts, labels).
        mask_id: token that stands for a masked one.
        evaluations: bound on the maskings of a text; what it leaves undecided is shared out evenly among neighbours.
        progress: called with the number of maskings that are done.

    Raises:
        ValueError: contributions that do not sum to the logit.
    """
    explanations: list[Explanation | None] = [None] * len(texts)
    pending, taking = iter(range(len(texts))), threading.Lock()
    explainers = min(SIDE_BY_SIDE, len(texts))
    model = SharedModel(logits, explainers)

    def work() -> None:
        failure = None
        try:
            while True:
                with taking:
                    place = next(pending, None)
                if place is None:
                    return
                explanations[place] = _explain(texts[place], model, mask_id, evaluations)
        except BaseException as error:
            failure = error
        finally:
            model.leave(failure)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(explainers)]
    for thread in threads:
        thread.start()
    model.serve(progress)
    for thread in threads:
        thread.join()
    if model.failure:
        raise model.failure
    return [explanation for explanation in explanations if explanation is not None], model


def _explain(text: Words, model: Callable, mask_id: int, evaluations: int) -> Explanation:
    full = model([text.row(text.ids, np.full(len(text.ids), True))])[0]
    if not text.words:
        return Explanation([], np.zeros((0, len(full))), full, full)
    masker = WordMasker(text, mask_id)
    if len(text.words) == 1:
        base = model(masker(np.array([False]))[0])[0]
        return Explanation(text.words, (full - base)[None], base, full)
    explainer = PartitionExplainer(model, masker)
    row = explainer.explain_row(
        np.arange(len(text.words)),
        max_evals=evaluations,
        main_effects=False,
        error_bounds=False,
        outputs=None,
        silent=True,
        batch_size=MASKINGS_AT_ONCE,
        fixed_context=None,
    )
    explanation = Explanation(text.words, row["values"], row["expected_values"], full)
    check_sums(explanation)
    return explanation


def check_sums(explanation: Explanation) -> None:
    """Contributions and base sum to the logits.

    Raises:
        ValueError: they do not.
    """
    off = np.abs(explanation.base + explanation.values.sum(0) - explanation.logits).max()
    if not off <= TOLERANCE:
        raise ValueError(f"expected contributions that sum to the logits, found a difference of {off:.2g}")
