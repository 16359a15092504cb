"""The part of PyTorch a person needs to learn, write and train small CNNs, on NumPy arrays.

Code written for ``torch`` runs when its imports change: ``import minigrad as torch``.
"""

import importlib
from math import e, inf, nan, pi
from typing import TYPE_CHECKING, Any

from minigrad import _einops, _functions, autograd, cuda, linalg, random
from minigrad._formats import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from minigrad._functions import *  # noqa: F403  (its __all__ is the list of ops)
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
    asarray,
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
    can_cast,
    from_dlpack,
    is_floating_point,
    is_nonzero,
    is_tensor,
    logspace,
    numel,
    promote_types,
    result_type,
    tril_indices,
    triu_indices,
)
from minigrad.kernels.threads import get_num_threads, set_num_threads
from minigrad.random import (
    Generator,
    bernoulli,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    multinomial,
    normal,
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

# Loaded when first asked for, as tensors and layers do without: name -> the module that has it.
_LATER = {
    "BoolTensor": "legacy",
    "ByteTensor": "legacy",
    "CharTensor": "legacy",
    "DoubleTensor": "legacy",
    "FloatTensor": "legacy",
    "HalfTensor": "legacy",
    "IntTensor": "legacy",
    "LongTensor": "legacy",
    "ShortTensor": "legacy",
    "are_deterministic_algorithms_enabled": "backends.switches",
    "backends": "",
    "empty_cache": "kernels.scratch",
    "datasets": "",
    "get_float32_matmul_precision": "backends.switches",
    "is_deterministic_algorithms_warn_only_enabled": "backends.switches",
    "load": "serialization",
    "nn": "",
    "optim": "",
    "save": "serialization",
    "serialization": "",
    "set_float32_matmul_precision": "backends.switches",
    "set_flush_denormal": "backends.switches",
    "transforms": "",
    "use_deterministic_algorithms": "backends.switches",
    "utils": "",
    # methods that torch has as functions too
    **dict.fromkeys(
        ["abs_", "acos_", "acosh_", "addmv_", "adjoint", "arccos_", "arccosh_", "arcsin_", "arcsinh_", "arctan_", "arctanh_", "as_strided_", "asin_", "asinh_", "atan_", "atanh_", "ceil_", "clamp_", "clamp_max_", "clamp_min_", "clip_", "conj", "conj_physical", "conj_physical_", "cos_", "cosh_", "deg2rad_", "detach", "detach_", "erf_", "erfc_", "exp2_", "exp_", "expm1_", "fill_", "fix_", "floor_", "frac_", "gcd_", "get_device", "index_put_", "is_complex", "is_conj", "is_distributed", "is_inference", "is_neg", "is_same_size", "is_signed", "isreal", "lcm_", "ldexp_", "log10_", "log1p_", "log2_", "log_", "logit_", "nan_to_num_", "neg_", "negative_", "rad2deg_", "reciprocal_", "resize_as_", "resolve_conj", "resolve_neg", "round_", "rsqrt_", "sin_", "sinc_", "sinh_", "sqrt_", "square_", "tan_", "trunc_", "xlogy_", "zero_"],
        "_of_methods",
    ),
    # what torch has under both names with the same arguments
    **dict.fromkeys(
        [
            *(f"conv{n}d" for n in (1, 2, 3)),
            *(f"conv_transpose{n}d" for n in (1, 2, 3)),
            *(f"max_pool{n}d" for n in (1, 2, 3)),
            "adaptive_avg_pool1d",
            "alpha_dropout",
            "avg_pool1d",
            "dropout",
            "feature_alpha_dropout",
            "group_norm",
            "layer_norm",
            "pdist",
            "rms_norm",
        ],
        "nn.functional",
    ),
}


def __getattr__(name: str) -> Any:
    """A part of minigrad that is loaded when it is first asked for."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_LATER[name] or name}")
    found = globals()[name] = getattr(module, name) if _LATER[name] else module
    return found


__all__ = [
    "cuda",
    "get_printoptions",
    "printoptions",
    *_functions.__all__,
    *_LATER,
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
    "enable_grad",
    "eye",
    "finfo",
    "float",
    "float16",
    "float32",
    "float64",
    "from_dlpack",
    "from_numpy",
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
    "result_type",
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
