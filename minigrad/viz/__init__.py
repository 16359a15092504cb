"""Pictures of arrays: matplotlib's part of minigrad, an optional extra.

matplotlib is imported when a picture is drawn, never before. This room knows arrays (or what NumPy
can turn into one); it must not know how they were computed.
"""

from minigrad.viz._pictures import save_pictures

__all__ = ["save_pictures"]
