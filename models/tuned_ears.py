"""Whisper's network with what was trained here added to it: each matrix of the encoder plus the product of two thin ones.

The deltas lie in `params/whisper_base_hall.npz` (LoRA, Hu et al. 2021), the network stays the publisher's file; `motcua models
pull` writes the sum, with 8-bit weights, beside it. The same two inputs give the same bytes, so the manifest has the sum's hash too. Pure.
"""

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from models.ct2_file import Array, Ct2Model, ct2_bytes, parse_ct2
from models.errors import ParametersUnusable

FILE = "whisper-hall/model.bin"  # in models/manifest.toml
DELTAS = Path(__file__).with_name("params") / "whisper_base_hall.npz"

_LEFT, _RIGHT = "/left", "/right"
_SCALE = "_scale"
_LARGEST = 127


def tuned(published: bytes, deltas: bytes) -> bytes:
    """The file to load. Raises ParametersUnusable when one is no such file or does not fit the other."""
    model = parse_ct2(published)
    changed = dict(model.arrays)
    for name, delta in _deltas(deltas).items():
        if name not in changed or changed[name].size != delta.size:
            raise ParametersUnusable(f"the deltas are of another network: {name}")
        changed[name] = (changed[name] + delta.reshape(changed[name].shape)).astype(np.float16)
    packed = _in_8_bits(changed)
    scales = {
        f"{second}{_SCALE}": f"{name}{_SCALE}" for second, name in model.aliases.items() if f"{name}{_SCALE}" in packed
    }
    return ct2_bytes(Ct2Model(model.spec, model.revision, packed, {**model.aliases, **scales}))


def _deltas(content: bytes) -> dict[str, Array]:
    """What to add, by the name of the matrix."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            # In double precision and rounded once, so that no processor's order of sums shows in the result.
            halves = {name: kept[name].astype(np.float64) for name in kept.files}
        left = {name.removesuffix(_LEFT): half for name, half in halves.items() if name.endswith(_LEFT)}
        return {name: half @ halves[name + _RIGHT] for name, half in left.items()}
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise ParametersUnusable(f"no deltas of a network ({error})") from error


def _in_8_bits(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Matrices a row at a time with the row's scale, as CTranslate2 does when it loads; small arrays and convolutions as they are."""
    packed: dict[str, Array] = {}
    for name, array in arrays.items():
        if array.ndim != 2 or not name.endswith("/weight"):
            packed[name] = array
            continue
        rows = array.astype(np.float32)
        scale = np.float32(_LARGEST) / np.maximum(np.abs(rows).max(axis=1), np.float32(1e-8))
        packed[name] = np.rint(rows * scale[:, None]).astype(np.int8)
        packed[f"{name}{_SCALE}"] = scale
    return dict(sorted(packed.items()))


def _main() -> None:
    """Write the two lines of models/manifest.toml that pin the sum; run it after the deltas changed."""
    import hashlib  # noqa: PLC0415 - only here
    import re  # noqa: PLC0415 - same

    from models.fetch import default_directory, locate  # noqa: PLC0415 - models.fetch reads this module
    from models.manifest import MANIFEST_PATH  # noqa: PLC0415 - same

    made = tuned(locate("whisper-base/model.bin", default_directory()).read_bytes(), DELTAS.read_bytes())
    table = rf'(?s)(\[file\."{FILE}"\].*?size_bytes = )\d+(\nsha256 = ")[0-9a-f]+'
    pinned = rf"\g<1>{len(made)}\g<2>{hashlib.sha256(made).hexdigest()}"
    text, changes = re.subn(table, pinned, MANIFEST_PATH.read_text(encoding="utf-8"), count=1)
    if not changes:
        sys.exit(f"{MANIFEST_PATH}: no table of {FILE}")
    MANIFEST_PATH.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _main()
