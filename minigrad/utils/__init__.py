"""Tools around training: `data`, datasets, samplers and the loader of batches; `checkpoint`, memory for time.

Imported when first used: `import minigrad` alone does not load it.
"""

from . import checkpoint, data

__all__ = ["checkpoint", "data"]
