"""Tools around training: `data`, datasets in batches; `checkpoint`, memory for time; `dlpack`, shared arrays; `hooks`.

Imported when first used: `import minigrad` alone does not load it.
"""

from . import _pytree, checkpoint, data, dlpack, hooks

__all__ = ["_pytree", "checkpoint", "data", "dlpack", "hooks"]
