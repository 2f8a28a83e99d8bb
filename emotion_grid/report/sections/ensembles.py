"""The section of ensembles: which settings each averages, with which weights, and what it was selected on."""

import pandas as pd

from emotion_grid.base.files import read_json
from emotion_grid.base.layout import SELECTED
from emotion_grid.data.splits import PROVENANCE
from emotion_grid.evaluation.results import folder_of
from emotion_grid.report.reading import Study

NAME, TITLE, TEMPLATE = "ensembles", "Ensembles", "sections/ensembles.html.j2"


def build(study: Study) -> dict | None:
    """Each ensemble with the weights of its settings for test and new texts, the largest first; None without ensembles."""
    rows = study.results.summary[study.results.summary["kind"] == "ensemble"]
    found = [_ensemble(study, row) for _, row in rows.drop_duplicates("encoder").iterrows()]
    return {"ensembles": found} if found else None


def _ensemble(study: Study, row: pd.Series) -> dict:
    """An ensemble; what its folds have in common is the same in the record of each."""
    results = study.results
    selected = read_json(folder_of(results, row["run"]) / PROVENANCE)[SELECTED]["test"]
    runs = results.runs.set_index("run", drop=False).loc[list(selected["weights"])]
    labels = [results.label(run, repetitions=False) for _, run in runs.iterrows()]
    members = pd.DataFrame({"label": labels, "weight": list(selected["weights"].values())})
    weights = members.groupby("label", sort=False)["weight"].agg(["sum", "count"]).sort_values("sum", ascending=False)
    return {
        "name": row["encoder"],
        **{key: selected[key] for key in ("on", "rows", "macro_f1")},
        "members": [
            {"label": label, "weight": float(weight), "runs": int(count)}
            for label, weight, count in weights.itertuples()
        ],
    }


def tables(study: Study) -> dict[str, tuple[pd.DataFrame, str]]:
    """A row for each setting of each ensemble with its weight; nothing without ensembles."""
    content = build(study)
    if content is None:
        return {}
    rows = [
        {"ensemble": one["name"], "setting": member["label"], "weight": f"{member['weight']:.2f}"}
        for one in content["ensembles"]
        for member in one["members"]
    ]
    on = content["ensembles"][0]["on"]
    return {"ensembles": (pd.DataFrame(rows), f"The weights of settings in the ensembles, selected on {on}.")}
