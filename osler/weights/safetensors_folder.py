"""The files of a safetensors folder, as published."""

import json
from pathlib import Path
from typing import Any

from osler.errors import WeightsError

__all__ = ["read_json", "weight_files"]

_INDEX = "model.safetensors.index.json"


def read_json(path: Path) -> dict[str, Any]:
    """A table from a file of the model."""
    if not path.is_file():
        raise WeightsError(
            f"`{path.parent.name}` is incomplete: {path.name} is missing", hint="fetch all files of the model"
        )
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"cannot read `{path.name}`: it is not JSON", hint="fetch the file again") from error
    if not isinstance(values, dict):
        raise WeightsError(f"cannot read `{path.name}`: it is not a table", hint="fetch the file again")
    return values


def weight_files(folder: Path) -> list[Path]:
    """The shards that the index names, or model.safetensors, or the only file there is."""
    if (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
        raise WeightsError(
            f"`{folder.name}` holds a LoRA adapter and no model",
            hint="name its model, and it as --adapter",
        )
    if (folder / _INDEX).is_file():
        return _shards(folder)
    files = sorted(folder.glob("*.safetensors"))
    named = [path for path in files if path.name == "model.safetensors"]
    if named or len(files) == 1:
        return named or files
    names = ", ".join(f"`{path.name}`" for path in files)
    raise WeightsError(
        f"`{folder.name}` holds {len(files)} safetensors files and no {_INDEX}: {names}",
        hint="fetch the index too, or keep one model in a folder",
    )


def _shards(folder: Path) -> list[Path]:
    weight_map = read_json(folder / _INDEX).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise WeightsError(f"cannot read `{_INDEX}`: it has no weight_map", hint="fetch the file again")
    names = sorted({str(name) for name in weight_map.values()})
    if any(Path(name).name != name for name in names):
        raise WeightsError(f"cannot read `{_INDEX}`: it points outside its folder", hint="fetch the file again")
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise WeightsError(
            f"`{folder.name}` is incomplete: {len(missing)} of {len(names)} shards are missing: {', '.join(missing)}",
            hint="fetch all files of the model",
        )
    return [folder / name for name in names]
