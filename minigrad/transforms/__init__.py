"""Transforms of images, with torchvision's names and arguments: `torchvision.transforms`.

    functional    transforms as functions
    composition   transforms made of transforms
    conversion    of what an image's values are
    geometry      of where its pixels are: crops, borders, flips
    shaping       into another size or angle; rectangles written over

An image is a tensor (..., C, H, W), a PIL image or an array of pixels, uint8 (H, W) or (H, W, C), which is
treated as Pillow would. Random numbers come from the default generator, in torchvision's order.
"""

from . import functional
from .composition import Compose, Lambda, RandomApply, RandomChoice, RandomOrder
from .conversion import (
    ConvertImageDtype,
    Grayscale,
    LinearTransformation,
    Normalize,
    PILToTensor,
    RandomGrayscale,
    ToPILImage,
    ToTensor,
)
from .functional import InterpolationMode
from .geometry import CenterCrop, Pad, RandomCrop, RandomHorizontalFlip, RandomVerticalFlip
from .shaping import RandomErasing, RandomResizedCrop, RandomRotation, Resize

__all__ = [
    "CenterCrop",
    "Compose",
    "ConvertImageDtype",
    "Grayscale",
    "InterpolationMode",
    "Lambda",
    "LinearTransformation",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandomApply",
    "RandomChoice",
    "RandomCrop",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomOrder",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
    "Resize",
    "ToPILImage",
    "ToTensor",
    "functional",
]
