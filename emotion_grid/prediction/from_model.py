"""Predictions of a trained run for dev and test, made from its saved model: their texts may come after the training."""

from pathlib import Path

from emotion_grid.base.environment import set_up_environment
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.integrity import expect_whole, forget, renew_record
from emotion_grid.base.layout import CHECKS, FETCHED, MODEL_RECORD, SPEC, TOKENS_RECORD
from emotion_grid.base.messages import log
from emotion_grid.data.rows import read_rows, write_predictions
from emotion_grid.data.splits import MODEL, PREDICTIONS, PROVENANCE, predicted_texts, predictions_file


def predict_again(run: Path, data: Path, tokens: Path, encoder: Path, texts: str, threads: int) -> None:
    """Predict dev and test with a run's model, in the precision that it was trained in.

    The tables of other texts lose the file that says of which texts they are before they are replaced: whenever the process ends, no
    table is taken for one of other texts.

    Args:
        run: the run's folder, with its model.
        data: folder of the prepared splits.
        tokens: folder of the study's tokens.
        encoder: folder of the fetched encoder.
        texts: the name of dev's and test's texts.
        threads: CPU threads.
    """
    records = [run / PROVENANCE, run / MODEL / MODEL_RECORD, data / CHECKS, tokens / TOKENS_RECORD]
    expect_whole(dict.fromkeys([*records, encoder.with_name(FETCHED)]))
    set_up_environment(threads)
    import torch

    from emotion_grid.features.batches import batches_by_length, token_inputs
    from emotion_grid.features.index import Index, Split
    from emotion_grid.model.classifier import EmotionClassifier
    from emotion_grid.model.devices import find_device, padding_multiple
    from emotion_grid.model.encoder import quieten

    quieten()
    torch.set_num_threads(threads)
    device, precision = find_device(), read_json(run / PROVENANCE)["precision"]
    half = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
    model = EmotionClassifier.from_pretrained(run / MODEL, encoder=encoder).to(device)
    index = Index(tokens)
    inputs = token_inputs(tokens, index, padding_multiple(device))
    for record in (run / PREDICTIONS).glob("texts-*.json"):
        record.unlink()
    # The held-out fold of a cross-validation, which stands in the place of dev, is one of the training rows: its texts are the run's own.
    splits = ("dev", "test") if read_json(run / SPEC)["data"]["fold"] is None else ("test",)
    tables = [predictions_file(run, name).relative_to(run).as_posix() for name in splits]
    forget(run / PROVENANCE, tables)
    for name in splits:
        rows = read_rows(data / f"{name}.csv")
        split, logits = Split(rows, index), []
        for places in batches_by_length(split.lengths):
            batch = {key: tensor.to(device) for key, tensor in inputs(split.places[places]).items()}
            with torch.inference_mode(), torch.autocast(device.type, dtype=half, enabled=half is not None):
                logits.append(model(**batch).logits.float().cpu())
        probabilities = split.in_table_order(torch.cat(logits).numpy()) if logits else split.no_predictions
        write_predictions(predictions_file(run, name), rows.ids, rows.labels, probabilities)
        log(f"{name}: {len(rows)} rows")
    renew_record(run / PROVENANCE, tables)
    write_json(predicted_texts(run, texts), {})
