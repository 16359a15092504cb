"""Saving and loading: ``torch.save``'s files, safetensors, and NumPy's ``.npz``.

_save, _load        minigrad.save and minigrad.load
_pickler            objects to torch's pickles, storages told apart
_unpickler          pickles to objects, without running what the file wants run
_globals            the names in a file that this would refuse
_names              torch's names in files, and what they mean here
_archive            the zip archive around pickle and storages
_files              replacing a file in one step
safetensors, npz    the other formats
"""

from . import safetensors
from ._globals import get_unsafe_globals_in_checkpoint
from ._load import load
from ._save import save
from ._unpickler import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals
from .npz import load_npz, save_npz

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "load_npz",
    "safe_globals",
    "safetensors",
    "save",
    "save_npz",
]
