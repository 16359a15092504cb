"""What an image is: a PIL image where Pillow is installed, else its array of pixels.

Pixels are uint8, of shape (H, W) for grey and (H, W, C) for coloured images.
"""

from __future__ import annotations

import functools
from typing import Any


@functools.cache
def pillow() -> Any:
    """Pillow's module Image; None where it is not installed."""
    try:
        from PIL import Image
    except ImportError:
        return None
    return Image


def as_image(pixels: Any) -> Any:
    """An ndarray of pixels as a PIL image; as it is where there is no Pillow."""
    image = pillow()
    return pixels if image is None else image.fromarray(pixels)
