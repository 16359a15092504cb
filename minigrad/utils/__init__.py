"""Tools around training; so far `data`: datasets, samplers and the loader of batches.

Imported when first used: `import minigrad` alone does not load it.
"""

from . import data

__all__ = ["data"]
