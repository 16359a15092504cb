"""A ResNet-20 for pictures of CIFAR's shape, 32x32 pixels in three colours.

    python examples/train_resnet.py --root some/folder --epochs 20   # CIFAR-10's files are there
    python examples/train_resnet.py --download                       # fetches them: 170 MB

Without the files it shows what it does on the embedded digits, enlarged and coloured.

Source: He et al., Deep Residual Learning for Image Recognition, https://arxiv.org/abs/1512.03385
"""

from train_fashion_mnist import enlarged_digits
from training import fit, main, options, tensors

import minigrad as torch
import minigrad.nn as nn
import minigrad.nn.functional as F
from minigrad.datasets import CIFAR10
from minigrad.optim import SGD
from minigrad.utils.data import TensorDataset


class Block(nn.Module):
    """Two convolutions, and a shortcut around them."""

    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels_in != channels_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False),
                nn.BatchNorm2d(channels_out),
            )

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


def resnet(blocks=3, width=16, classes=10):
    """6 * blocks + 2 layers: (N, 3, H, W) pictures to (N, classes) logits."""
    layers = [nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    channels = width
    for stage in range(3):
        for i in range(blocks):
            stride = 2 if stage and i == 0 else 1
            layers.append(Block(channels, width << stage, stride))
            channels = width << stage
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)
    )


def photographs(args):
    """CIFAR-10 as tensors, to train and to test; None where its files are not."""
    try:
        parts = [CIFAR10(args.root, train, download=args.download) for train in (True, False)]
    except RuntimeError as missing:
        print(f"{missing}\nUntil then: the embedded digits, enlarged and coloured.")
        return None
    return [tensors(part) for part in parts]


def coloured_digits():
    """The embedded digits as pictures of CIFAR's shape, to train and to test."""
    colours = torch.tensor([1.0, 0.7, 0.4]).view(3, 1, 1)
    parts = [part.tensors for part in enlarged_digits(32)]
    return [TensorDataset(x.expand(-1, 3, -1, -1) * colours, y) for x, y in parts]


def moved(x):
    """A batch of pictures moved by up to 4 pixels."""
    down, right = torch.randint(0, 9, (2,)).tolist()
    return F.pad(x, (4, 4, 4, 4))[:, :, down : down + 32, right : right + 32]


def run(args):
    net = resnet(args.blocks)
    optimizer = SGD(net.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4, nesterov=True)
    fit(args, net, optimizer, *(photographs(args) or coloured_digits()), augment=moved)


if __name__ == "__main__":
    parser = options(__doc__, epochs=3, lr=0.05)
    parser.add_argument("--blocks", type=int, default=3, help="3 make 20 layers, 9 make 56")
    parser.add_argument("--root", default="data", help="the folder of the data")
    parser.add_argument("--download", action="store_true", help="fetch the data if need be")
    main(run, parser)
