"""Datasets of images, with torchvision's names, arguments and folders.

    Digits                            1797 digits of 8x8 pixels, part of the package

An element is an image and its target. Images are PIL's where Pillow is installed, and else arrays of
pixels, (H, W) or (H, W, C) uint8; `minigrad.transforms` takes both alike.
"""

from .digits import Digits
from .idx import read_idx
from .vision import StandardTransform, VisionDataset

__all__ = ["Digits", "StandardTransform", "VisionDataset", "read_idx"]
