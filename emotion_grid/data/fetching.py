"""Fetching a split of a data set from the hub, once for all who share the cache."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emotion_grid.base.files import whole_folder
from emotion_grid.base.integrity import expect_whole, files_below, find_damage, write_record
from emotion_grid.base.layout import FETCHED, FILES
from emotion_grid.base.locks import one_maker
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.hub import HubSplit, hub_split, is_hub
from emotion_grid.data.problems import listed, visible

BUILDERS = ("parquet", "csv", "json")
"""What of `datasets` may read the files of a data set: none of these runs or unpickles anything."""


def fetch(source: HubSplit, output: Path) -> None:
    """Fetch a split into its `files/`, as a folder that `datasets` reads, and write its record; nothing is done where both are whole.

    Whoever else fetches the same one waits and then finds it.

    Args:
        output: the split's folder in the cache.

    Raises:
        InputError: no connection, no such data set, configuration or split, or one that is not made of tables.
    """
    record = output / FETCHED
    with one_maker(output):
        if record.is_file() and not find_damage(record):
            log(f"already in the cache: {output}")
            return
        with whole_folder(output / FILES) as partial:
            _download(source, partial)
        write_record(record, {}, files_below(output, FILES))


def expect_fetched(names: Mapping[str, str], paths: Mapping[str, Path]) -> None:
    """Refuse folders of splits from the hub that are not whole, or are of other splits than planned.

    Args:
        names: what a spec says of the file of each split: the name of a split on the hub, or a digest.
        paths: where each file lies.

    Raises:
        InputError: such a folder.
    """
    folders = {paths[split].parent: hub_split(name) for split, name in names.items() if is_hub(name)}
    for folder, source in folders.items():
        if folder.name != source.key or not (folder / FETCHED).is_file():
            raise InputError(
                f"{folder}: expected {source}, fetched into a folder {source.key}, found none; start again"
            )
    expect_whole({folder / FETCHED: None for folder in folders})


def _download(source: HubSplit, target: Path) -> None:
    log(f"downloading {source}")
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        os.environ["HF_HUB_CACHE"] = scratch  # read by the imports below: nothing is left in the home folder
        import datasets

        datasets.disable_progress_bars()
        try:
            builder = _builder(source, scratch)
            builder.download_and_prepare(verification_mode="no_checks")  # it would miss the other splits
            builder.as_dataset(source.split).save_to_disk(target)
        except InputError:
            raise
        except Exception as error:  # the hub's client lets its HTTP library's errors through
            cause = error.__cause__ if isinstance(error, datasets.exceptions.DatasetGenerationError) else None
            raise InputError(_failure(source, cause or error)) from error


def _builder(source: HubSplit, scratch: str) -> Any:
    """What reads the files of a split.

    Raises:
        InputError: no such configuration or split, files of another form, or of another commit.
    """
    import datasets

    # Without the prefix, a folder of this name here would be taken for it.
    place = f"hf://datasets/{source.dataset}"
    found = datasets.get_dataset_config_names(place, revision=source.revision)
    if source.configuration not in found:
        raise InputError(
            f"{source}: expected one of its configurations ({listed(found)}), found {source.configuration}"
        )
    builder = datasets.load_dataset_builder(place, source.configuration, revision=source.revision, cache_dir=scratch)
    if builder.name not in BUILDERS:
        raise InputError(
            f"{source}: expected tables ({', '.join(BUILDERS)}), found files that `datasets` reads as {builder.name}, which is not done here"
        )
    files = builder.config.data_files
    if source.split not in files:
        raise InputError(f"{source}: expected one of its splits ({listed(map(str, files))}), found {source.split}")
    for file in files[source.split]:
        if not file.startswith(f"{place}@{source.revision}/"):
            raise InputError(f"{source}: expected files of this commit alone, found {visible(file)}")
    builder.config.data_files = datasets.data_files.DataFilesDict({source.split: files[source.split]})
    return builder


def _failure(source: HubSplit, error: BaseException) -> str:
    """Why nothing was fetched, in one line."""
    said = visible((str(error).splitlines() or ["no message"])[0], 200)
    return (
        f"{source}: could not be fetched from the hub ({error.__class__.__name__}: {said}). If this machine has no connection, fetch it on one "
        "that has, and share the cache (docs/data.md, Data sets of the hub); else check that name, commit and data set exist and hold tables"
    )
