"""Fine-tuning: a prediction for every row, the order of rows, the best epoch."""

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoTokenizer, TrainerCallback

from emotion_grid.data.rows import read_rows
from emotion_grid.data.scores import macro_f1
from emotion_grid.data.tables import write_split
from emotion_grid.features.index import Index, Split
from emotion_grid.training import fine_tuning as training
from emotion_grid.training.checkpoints import Checkpoints
from emotion_grid.training.order import LengthGroups
from emotion_grid.training.setting import Setting
from testing.classifiers import LABELS, one_by_one, word_table

CPU = torch.device("cpu")
ROWS = 20
ATTENTION = {"type": "attention", "size": 12, "heads": 2}


@pytest.fixture(scope="module")
def tokenizer(bert):
    return AutoTokenizer.from_pretrained(bert, local_files_only=True)


@pytest.fixture
def make_tuning(bert, make_spec, tokens_of, tmp_path):
    """Call with training values: the training of `ROWS` rows, its validation rows the same; with gold=False a split without."""

    def tuning(head=None, precision="fp32", seed=1, **values):
        spec = make_spec(bert, head or ATTENTION, seed=seed, **{"batch_size": 4, "epochs": 1, **values})
        write_split(word_table(ROWS), tmp_path / "splits" / "train.csv")
        write_split(word_table(ROWS, gold=False), tmp_path / "splits" / "test.csv")
        tokens = tokens_of(tmp_path / "splits", bert)
        index = Index(tokens)
        train, test = (Split(read_rows(tmp_path / "splits" / f"{name}.csv"), index) for name in ("train", "test"))
        splits = {"train": train, "validation": train, "test": test}
        checkpoints = Checkpoints(tmp_path / "checkpoint", {"precision": precision})
        setting = Setting(spec, splits, index, None, CPU, precision, checkpoints)
        made = training.FineTuning(setting, bert, tokens)
        made.splits = splits
        return made

    return tuning


def _first_words(tokenizer, table) -> list[int]:
    """The token of each text's first word, texts in the order of their length, longest first."""
    encoded = tokenizer(list(table["text"]))["input_ids"]
    order = np.argsort([-len(tokens) for tokens in encoded], kind="stable")
    return [encoded[row][1] for row in order]


class _Seen:
    """The first word's token of every row that a model trains on, a list an epoch."""

    def __init__(self, model, rows: int):
        self.rows, self.batches, self.all = rows, [], []
        model.register_forward_pre_hook(self, with_kwargs=True)

    def __call__(self, module, args, kwargs):
        if module.training:
            self.batches.append(len(kwargs["input_ids"]))
            self.all += kwargs["input_ids"][:, 1].tolist()

    def epochs(self) -> list[list[int]]:
        return [self.all[start : start + self.rows] for start in range(0, len(self.all), self.rows)]


# A row for every row


@pytest.mark.parametrize("size", range(1, 10))
def test_every_row_is_trained_on_and_predicted_in_input_order(make_tuning, tokenizer, monkeypatch, size):
    """Fault: the first users' 17 (a bare tensor) or 16 (drop_last) predictions for 20 rows, or rows in length's order."""
    monkeypatch.setattr(training, "EVALUATION_BATCH", size)
    tuning = make_tuning(batch_size=size)
    seen = _Seen(tuning.model, ROWS)
    tuning.trainer.train()
    assert tuning.trainer.state.global_step == -(-ROWS // size)
    assert max(seen.batches) <= size
    table = word_table(ROWS)
    assert sorted(seen.all) == sorted(_first_words(tokenizer, table))

    given = tuning.predict(tuning.splits["train"])
    assert given.shape == (ROWS, len(LABELS))
    expected = one_by_one(tuning.model, tokenizer, table["text"])
    assert np.abs(given - expected).max() < 1e-5
    assert np.abs(expected - np.roll(expected, 1, axis=0)).max(1).min() > 1e-4  # another order would show
    assert tuning.progress.history[-1]["validation_macro_f1"] == macro_f1(table[LABELS].to_numpy(), given > 0.5)


@pytest.mark.parametrize("size", [3, 8])
def test_rows_without_gold_are_predicted_alike(make_tuning, tokenizer, monkeypatch, size):
    """Fault: without labels `Trainer` reads a model's outputs otherwise; a test split has none."""
    monkeypatch.setattr(training, "EVALUATION_BATCH", size)
    tuning = make_tuning()
    expected = one_by_one(tuning.model, tokenizer, word_table(ROWS)["text"])
    assert np.abs(tuning.predict(tuning.splits["test"]) - expected).max() < 1e-5


def test_bf16_predictions_keep_the_digits_of_fp32(make_tuning, tokenizer):
    """Fault: probabilities rounded to bf16, of which many are then equal."""
    tuning = make_tuning(precision="bf16")
    tuning.trainer.train()
    logits = torch.tensor(tuning.trainer.predict(tuning.splits["train"]).predictions)
    assert logits.dtype == torch.float32
    assert (logits != logits.bfloat16().float()).float().mean() > 0.9
    given = tuning.predict(tuning.splits["train"])
    assert np.abs(given - one_by_one(tuning.model, tokenizer, word_table(ROWS)["text"])).max() < 0.1


# Order of the rows


def test_trainer_shuffles_every_epoch_from_the_seed(make_tuning, tokenizer):
    """Fault: `Trainer` never tells the sampler its epoch, drops its order, or replaces it."""
    runs = {}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        tuning = make_tuning(epochs=3, seed=seed)
        seen = _Seen(tuning.model, ROWS)
        tuning.trainer.train()
        runs[name] = seen.epochs()
        groups = LengthGroups(tuning.splits["train"].lengths, 4, seed)
        words = _first_words(tokenizer, word_table(ROWS))
        for epoch, order in enumerate(runs[name]):
            groups.set_epoch(epoch)
            assert order == [words[row] for row in groups]
        assert len({tuple(order) for order in runs[name]}) == 3
    assert runs["first"] == runs["again"] != runs["other"]


# Best epoch


class _Snapshots(TrainerCallback):
    """All weights at the end of every epoch."""

    def __init__(self):
        self.weights = []

    def on_epoch_end(self, args, state, control, model, **kwargs):
        self.weights.append({name: tensor.detach().clone() for name, tensor in model.named_parameters()})


def _scripted(tuning, scores: list[float]) -> _Snapshots:
    """Let validation score what is written; returns the weights of every epoch."""
    left = iter(scores)
    tuning.trainer.compute_metrics = lambda result: {"macro_f1": next(left)}
    tuning.trainer.add_callback(snapshots := _Snapshots())
    return snapshots


def _same(model, weights) -> bool:
    return all(torch.equal(tensor, weights[name]) for name, tensor in model.named_parameters())


@pytest.mark.parametrize(
    ("scores", "best"), [([0.2, 0.9, 0.5], 2), ([0.9, 0.2, 0.5], 1), ([0.1, 0.2, 0.3], 3), ([0.4, 0.4, 0.4], 1)]
)
def test_best_epoch_s_weights_are_kept(make_tuning, scores, best):
    """Fault: the last epoch's weights, or a reference to weights that go on moving."""
    tuning = make_tuning(epochs=3)
    snapshots = _scripted(tuning, scores)
    tuning.fit()
    assert (tuning.best.epoch, tuning.best.score) == (best, max(scores))
    same = [_same(tuning.model, weights) for weights in snapshots.weights]
    assert same == [epoch == best for epoch in (1, 2, 3)]


def test_best_epoch_is_kept_where_nothing_is_right(make_tuning):
    """Fault: a score of 0 in every epoch leaves no weights to restore."""
    tuning = make_tuning(epochs=2)
    snapshots = _scripted(tuning, [0.0, 0.0])
    tuning.fit()
    assert tuning.best.epoch == 1 and _same(tuning.model, snapshots.weights[0])


@pytest.mark.parametrize(
    ("patience", "scores", "trained", "best"),
    [
        (1, [0.5, 0.4, 0.9, 0.9], 2, 1),
        (1, [0.1, 0.2, 0.3, 0.3], 4, 3),
        (2, [0.5, 0.4, 0.6, 0.5, 0.5, 0.9], 5, 3),
        (2, [0.5, 0.4, 0.5, 0.9], 3, 1),
        (None, [0.5, 0.4, 0.3, 0.2], 4, 1),
    ],
)
def test_early_stopping_stops_after_patience(make_tuning, patience, scores, trained, best):
    """Fault: stopping never, an epoch late, or where the score still rises."""
    tuning = make_tuning(epochs=len(scores), early_stopping=patience, batch_size=10)
    snapshots = _scripted(tuning, scores)
    tuning.trainer.train()
    assert len(snapshots.weights) == len(tuning.progress.history) == trained
    assert tuning.best.epoch == best


def test_history_has_a_row_an_epoch(make_tuning):
    """Fault: an epoch's row with another epoch's loss, or none."""
    tuning = make_tuning(epochs=4, learning_rate=1e-2, batch_size=8)
    tuning.trainer.args.logging_strategy = "epoch"
    tuning.trainer.train()
    history = pd.DataFrame(tuning.progress.history)
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert history["step"].tolist() == [3, 6, 9, 12]
    logged = [entry["loss"] for entry in tuning.trainer.state.log_history if "loss" in entry]
    assert history["train_loss"].tolist() == pytest.approx(logged)
    assert np.isfinite(history.to_numpy()).all() and logged[-1] < logged[0]


# Learning rates


def test_head_learning_rate_is_the_encoder_s_unless_given(make_tuning):
    """Fault: rates of the two groups that do not follow the schedule together."""
    tuning = make_tuning(learning_rate=1e-3, head_learning_rate=1e-2, epochs=2, warmup_steps=2)
    tuning.trainer.train()
    assert {group["initial_lr"] for group in tuning.trainer.optimizer.param_groups} == {1e-3, 1e-2}
    assert make_tuning(learning_rate=1e-3).trainer.optimizer.param_groups[-1]["initial_lr"] == 1e-3
