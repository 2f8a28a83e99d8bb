"""The section of provenance: versions, git, jobs and hours behind the results."""

from collections import Counter

from emotion_grid.base.files import read_json
from emotion_grid.base.numbers import duration
from emotion_grid.base.version import git_state, version
from emotion_grid.evaluation.results import Results, folder_of, words_of
from emotion_grid.report.reading import Study
from emotion_grid.report.source import source_words
from emotion_grid.report.tuning import threshold_words

NAME, TITLE, TEMPLATE = "provenance", "Provenance", "sections/provenance.html.j2"


def build(study: Study) -> dict:
    """Facts about the best run, the whole grid and the programs, by name."""
    return {"facts": _of_best(study.results) | _of_grid(study.results) | _of_programs(study.results)}


def _of_best(results: Results) -> dict[str, str]:
    folder, facts = folder_of(results, results.best["run"]), {"Best run": results.best["run"]}
    if (folder / "spec.json").is_file():
        facts["Encoder"] = source_words(read_json(folder / "spec.json")["encoder"])
    if (folder / "provenance.json").is_file():
        record = read_json(folder / "provenance.json")
        facts |= {
            "Trained on": f"{record['device']}, {record['precision']}, {record['threads']} threads",
            "Finished": record["finished"],
            "Best epoch": f"{record['best_epoch']} of {record['epochs_trained']}",
            "Trainable parameters": f"{record['trainable_parameters']:,} of {record['total_parameters']:,}",
            "Texts cut to the maximum length": ", ".join(
                f"{split} {count}" for split, count in record["texts_cut"].items()
            ),
            **{words_of(name).capitalize(): version for name, version in record["versions"].items()},
        }
    return facts


def _of_grid(results: Results) -> dict[str, str]:
    """Cost of the grid, its devices, image and jobs; kept runs of an older program count, too."""
    records = []
    for run in results.runs["run"]:
        path = folder_of(results, run) / "provenance.json"
        if path.is_file():
            records.append(read_json(path))
    if not records:
        return {}
    seconds: Counter[str] = Counter()
    for record in records:
        seconds[record["device"]] += record["total_seconds"]
    cores = sum(record["total_seconds"] * record["threads"] for record in records)
    jobs = {str(record["job"]) for record in records if record.get("job")}
    images = sorted({_facts(record["image"]) for record in records if record.get("image")})
    return {
        "Cost of the grid": "; ".join(f"{duration(spent)} on {device}" for device, spent in seconds.most_common())
        + f" ({duration(cores)} summed over CPU cores), from start to end of each of {len(records):,} runs",
        "Slurm jobs": _ranges(jobs) or "none",
        "Image": ", ".join(images) or "none",
    }


def _ranges(jobs: set[str]) -> str:
    """Jobs in order; three and more of consecutive numbers as a range."""
    ranges: list[list[int]] = []
    for job in sorted(int(job) for job in jobs if job.isdecimal()):
        if ranges and job == ranges[-1][-1] + 1:
            ranges[-1].append(job)
        else:
            ranges.append([job])
    parts = [f"{one[0]}–{one[-1]}" if len(one) > 2 else ", ".join(map(str, one)) for one in ranges]
    return ", ".join([*parts, *sorted(job for job in jobs if not job.isdecimal())])


def _facts(image: dict | str) -> str:
    """What a run's provenance says of its image, on one line."""
    return ", ".join(f"{key} {value}" for key, value in image.items() if value) if isinstance(image, dict) else image


def _of_programs(results: Results) -> dict[str, str]:
    how = results.plan["evaluation"]
    facts = {
        "Thresholds": threshold_words(results.plan),
        "Intervals": f"{100 * how['confidence']:g}%: Wilson's for shares and F1, combined for macro-F1; {how['bootstrap']:,} bootstrap resamples of the texts",
        "emotion-grid": version(),
        "Source": git_state(),
    }
    return facts | {f"Program {name} (digest)": value[:16] for name, value in results.plan["programs"].items()}
