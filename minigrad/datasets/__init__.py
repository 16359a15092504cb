"""Datasets of images, with torchvision's names, arguments and folders.

    Digits                            1797 digits of 8x8 pixels, part of the package
    MNIST FashionMNIST KMNIST EMNIST  IDX files in root/<name>/raw
    CIFAR10 CIFAR100                  Python's version or the binary one
    ImageFolder DatasetFolder         files in folders, one for each class
    FakeData                          random images

An element is an image and its target. Images are PIL's where Pillow is installed, and else arrays of
pixels, (H, W) or (H, W, C) uint8; `minigrad.transforms` takes both alike.
"""

from .cifar import CIFAR10, CIFAR100
from .digits import Digits
from .fakedata import FakeData
from .folder import DatasetFolder, ImageFolder
from .idx import read_idx
from .mnist import EMNIST, KMNIST, MNIST, FashionMNIST
from .vision import StandardTransform, VisionDataset

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "EMNIST",
    "KMNIST",
    "MNIST",
    "DatasetFolder",
    "Digits",
    "FakeData",
    "FashionMNIST",
    "ImageFolder",
    "StandardTransform",
    "VisionDataset",
    "read_idx",
]
