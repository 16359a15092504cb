"""The part of PyTorch a person needs to learn, write and train small CNNs, on NumPy arrays.

Code written for ``torch`` runs when its imports change: ``import minigrad as torch``.
"""

import importlib
from math import e, inf, nan, pi
from typing import TYPE_CHECKING, Any

from minigrad import _einops, autograd, cuda, linalg, random
from minigrad._formats import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from minigrad._names import LATER
from minigrad._names import functions as _functions
from minigrad._names.functions import *  # noqa: F403  (its __all__ is the list of ops)
from minigrad._print import get_printoptions, printoptions, set_printoptions
from minigrad._types import (
    Size,
    device,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
)
from minigrad._types import bool_ as bool
from minigrad.autograd import (
    enable_grad,
    inference_mode,
    is_anomaly_enabled,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from minigrad.creation import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)
from minigrad.grids import (
    asarray,
    can_cast,
    empty_strided,
    from_dlpack,
    frombuffer,
    is_floating_point,
    is_nonzero,
    is_tensor,
    logspace,
    numel,
    promote_types,
    result_type,
    scalar_tensor,
    tril_indices,
    triu_indices,
)
from minigrad.grids import range_with_end as range
from minigrad.kernels.machine.threads import get_num_threads, set_num_threads
from minigrad.random import (
    Generator,
    bernoulli,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    multinomial,
    normal,
    poisson,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
)
from minigrad.tensor import Tensor

if TYPE_CHECKING:
    from minigrad import nn as nn

__version__ = "0.1.0"

_einops.meet()

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
newaxis = None


def __getattr__(name: str) -> Any:
    """A part of minigrad that is loaded when it is first asked for."""
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{LATER[name] or name}")
    found = globals()[name] = getattr(module, name) if LATER[name] else module
    return found


__all__ = [
    "cuda",
    "get_printoptions",
    "printoptions",
    *_functions.__all__,
    *LATER,
    "Generator",
    "Size",
    "Tensor",
    "arange",
    "as_tensor",
    "asarray",
    "autograd",
    "bernoulli",
    "bool",
    "can_cast",
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "default_generator",
    "device",
    "double",
    "dtype",
    "e",
    "empty",
    "empty_like",
    "empty_strided",
    "enable_grad",
    "eye",
    "finfo",
    "float",
    "float16",
    "float32",
    "float64",
    "from_dlpack",
    "from_numpy",
    "frombuffer",
    "full",
    "full_like",
    "get_default_dtype",
    "get_num_threads",
    "get_rng_state",
    "half",
    "iinfo",
    "inf",
    "inference_mode",
    "initial_seed",
    "int",
    "int16",
    "int32",
    "int64",
    "int8",
    "is_anomaly_enabled",
    "is_floating_point",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "is_nonzero",
    "is_tensor",
    "layout",
    "linalg",
    "linspace",
    "logspace",
    "long",
    "manual_seed",
    "memory_format",
    "multinomial",
    "nan",
    "newaxis",
    "no_grad",
    "normal",
    "numel",
    "ones",
    "ones_like",
    "pi",
    "poisson",
    "preserve_format",
    "promote_types",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "random",
    "randperm",
    "range",
    "result_type",
    "scalar_tensor",
    "seed",
    "set_default_dtype",
    "set_grad_enabled",
    "set_num_threads",
    "set_printoptions",
    "set_rng_state",
    "short",
    "strided",
    "tensor",
    "tril_indices",
    "triu_indices",
    "uint8",
    "zeros",
    "zeros_like",
]
