"""PyTorch's flags of NVIDIA's GPUs: settable, without effect."""

from types import SimpleNamespace

matmul = SimpleNamespace(
    allow_tf32=False,
    allow_fp16_reduced_precision_reduction=True,
    allow_bf16_reduced_precision_reduction=True,
)


def is_built() -> bool:
    """False: minigrad computes on the CPU."""
    return False
