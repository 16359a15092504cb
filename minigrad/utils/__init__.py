"""Tools around training: `data`, datasets, samplers and the loader of batches; `checkpoint`, memory for time; `hooks`;
`dlpack`, tensors from and for other libraries.

Imported when first used: `import minigrad` alone does not load it.
"""

from . import checkpoint, data, dlpack, hooks

__all__ = ["checkpoint", "data", "dlpack", "hooks"]
