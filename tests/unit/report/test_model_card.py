"""The card of a model: no value of a run is markup, and the lines that load the model are Python."""

import ast
import re

import pandas as pd

from emotion_grid.report.model_card import card_values, write_card

PLAN = {"folds": 5, "evaluation": {"threshold": "shrunk"}}


def test_values_of_a_run_are_no_markup_and_the_example_is_python():
    spec = {
        "encoder": {"model": "team/a|b", "revision": "1"},
        "head": {"type": "mlp", "size": None},
        "freeze": "all",
        "lora": {"rank": 8},
        "seed": 1,
        "training": {"epochs": 3},
        "data": {
            "labels": ["joy | fear", "<b>anger</b>", "[a](b)"],
            "files": {"train": "ab" * 32},
            "validation": 0.1,
            "split_seed": 7,
            "fold": 2,
            "folds": 5,
            "clean": [],
        },
    }
    provenance = {"trainable_parameters": 10, "total_parameters": 20000, "best_epoch": 2, "epochs_trained": 3}
    provenance |= {"finished": "today", "train_seconds": 59.6, "device": "cpu", "precision": "fp32"}
    metrics = pd.DataFrame(
        [
            ("dev", "tuned", "macro_f1", "", 0.5, 0.4, 0.6),
            ("dev", "tuned", "average_precision", "", 0.7, None, None),
            ("dev", "tuned", "average_precision", "None", 0.9, None, None),
        ],
        columns=["split", "threshold", "metric", "label", "value", "low", "high"],
    )
    row, folder = pd.Series({"run": "a-run", "threshold": "0.25 0.35 0.35"}), 'results/an "odd" folder'
    known = {"joy | fear": 1200, "<b>anger</b>": 700, "[a](b)": 0}
    checks = {"prepared": {"train": {"rows": 1200, "known": known}}}
    card = write_card(card_values(row, metrics, spec, spec["data"], checks, provenance, folder, PLAN))
    assert r"| Training texts annotated | &lt;b&gt;anger&lt;/b&gt; 700, \[a\]\(b\) 0 of 1,200 |" in card
    assert r"| Labels | joy \| fear, &lt;b&gt;anger&lt;/b&gt;, \[a\]\(b\) |" in card
    assert r"| Encoder | team/a\|b, revision 1 |" in card
    assert "| Head | type mlp |\n| Frozen layers | all |\n| LoRA | rank 8 |\n" in card
    assert "| Cleaning | none |" in card and "held-out fold 2 of 5 |" in card
    assert "| dev | macro_f1 | 0.500 | 0.400 to 0.600 |\n| dev | average_precision | 0.700 |  |\n" in card
    assert "0.900" not in card, "a label may be called None"
    assert (
        r"| Thresholds for new texts | joy \| fear 0.25, &lt;b&gt;anger&lt;/b&gt; 0.35, \[a\]\(b\) 0.35 (one for each label"
        in card
    )
    code = re.search(r"```python\n(.*?)```", card, flags=re.DOTALL)[1]
    texts = [node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
    assert folder in texts and {0.25, 0.35} <= set(texts)
    local = {"folder": "0a1b", "layers": 4, "hidden_size": 16}
    checks["prepared"]["train"]["known"] = dict.fromkeys(known, 1200)
    spec["encoder"] = local
    card = write_card(card_values(row, metrics, spec, spec["data"], checks, provenance, folder, PLAN))
    assert "annotated" not in card
    assert "| Encoder | a local folder, digest 0a1b |" in card
