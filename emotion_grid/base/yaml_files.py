"""YAML files, in which no key may stand twice."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from emotion_grid.base.messages import InputError


def load_yaml(path: str | Path) -> Any:
    """The value in a YAML file."""
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


class _UniqueKeys(yaml.SafeLoader):
    """A loader that refuses a key written twice; YAML itself would silently keep the last."""


def _unique_mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node)
        if key in seen:
            raise InputError(
                f"{loader.name}, line {key_node.start_mark.line + 1}: the key {key} stands twice in one mapping; give each a name of its own"
            )
        seen.add(key)
    loader.flatten_mapping(node)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def check_unique_keys(path: str | Path) -> None:
    """Raise `InputError` if a key stands twice in one mapping of a YAML file (two encoders of one name, say)."""
    with open(path, encoding="utf-8") as file:
        yaml.load(file, _UniqueKeys)
