"""Tools around training: `data`, datasets, samplers and the loader of batches; `checkpoint`, memory for time; `hooks`.

Imported when first used: `import minigrad` alone does not load it.
"""

from . import checkpoint, data, hooks

__all__ = ["checkpoint", "data", "hooks"]
