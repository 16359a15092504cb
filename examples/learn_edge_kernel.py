"""A convolution kernel is learned from pictures: what goes in, and what should come out.

First on the textbook's 6x8 image, white with a black bar, where the kernel [[1, -1]] marks the
edges. Then on a photograph, where Sobel's kernel has filtered the picture and is learned back.

    python examples/learn_edge_kernel.py                 # draws learned_edge_kernel.png
    python examples/learn_edge_kernel.py --text          # or in characters

The pictures need matplotlib (`pip install "minigrad[viz]"`); without it they are shown as text.
"""

import argparse
import re
from pathlib import Path

import numpy as np

import minigrad as torch
import minigrad.nn as nn
import minigrad.nn.functional as F

PHOTOGRAPH = Path(__file__).with_name("camera.pgm")
SOBEL = [[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]


def corr2d(X, K):
    """The cross-correlation of the textbook: one window after the other."""
    h, w = K.shape
    Y = torch.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
    return Y


def read_photograph(path):
    """A binary PGM (P5) picture as a tensor (1, 1, height, width), of mean 0 and deviation 1.

    Taking the mean away makes learning quick: what all pixels share says nothing about edges.
    """
    data = Path(path).read_bytes()
    header = re.match(rb"P5\s+(?:#[^\n]*\n\s*)*(\d+)\s+(\d+)\s+255\s", data)
    if header is None:
        raise ValueError(f"{path} is not a binary PGM (P5) file of one byte a pixel")
    width, height = int(header[1]), int(header[2])
    pixels = np.frombuffer(data, np.uint8, count=width * height, offset=header.end())
    X = torch.tensor(pixels.reshape(1, 1, height, width).astype(np.float32))
    return (X - X.mean()) / X.std()


def learn(conv, X, Y, steps, lr, momentum=0.0, loss_of=torch.sum):
    """Gradient descent on the squared error of conv(X); prints ten of the losses."""
    velocity = torch.zeros_like(conv.weight)
    for step in range(steps):
        loss = loss_of((conv(X) - Y) ** 2)
        conv.zero_grad()
        loss.backward()
        velocity = momentum * velocity + conv.weight.grad
        conv.weight.data[:] -= lr * velocity
        if (step + 1) % (steps // 10) == 0:
            print(f"  step {step + 1:3d}  loss {loss.item():.6f}")


def learn_on_bar():
    """The kernel (1, 2) that finds the edges of a black bar, learned in 100 steps."""
    X = torch.ones((6, 8))
    X[:, 2:6] = 0
    Y = corr2d(X, torch.tensor([[1.0, -1.0]]))
    conv = nn.Conv2d(1, 1, kernel_size=(1, 2), bias=False)
    X, Y = X.reshape(1, 1, 6, 8), Y.reshape(1, 1, 6, 7)
    learn(conv, X, Y, steps=100, lr=3e-2)
    return X, Y, conv


def learn_on_photograph(path=PHOTOGRAPH):
    """Sobel's kernel, learned back from a photograph and its edges.

    Neighbouring pixels of a photograph are much alike, so the loss is a long narrow valley:
    momentum walks along it where plain gradient descent would bounce between its walls.
    """
    X = read_photograph(path)
    Y = F.conv2d(X, torch.tensor(SOBEL).reshape(1, 1, 3, 3))
    conv = nn.Conv2d(1, 1, kernel_size=3, bias=False)
    learn(conv, X, Y, steps=200, lr=0.2, momentum=0.9, loss_of=torch.mean)
    return X, Y, conv


def pictures(X, Y, conv):
    """The four pictures of one lesson, as arrays; of the input only the differences matter."""
    named = {"input": X - X.min(), "target": Y, "result": conv(X), "learned kernel": conv.weight}
    return {name: tensor.detach().numpy()[0, 0] for name, tensor in named.items()}


def in_characters(array, width=38):
    """A picture as lines of text, every character a block of pixels; a small one as its numbers.

    A picture without negative numbers is light and shade; in one of edges, the stronger the denser.
    """
    if array.size <= 9:
        return ["  ".join(f"{value:7.3f}" for value in row) for row in array]
    ink = " .:-=+*#%@" if (array < 0).any() else "@%#*+=-:. "
    array = np.abs(array)
    if array.shape[1] > width:  # characters are twice as high as wide
        across = -(-array.shape[1] // width)
        high, wide = array.shape[0] // (2 * across), array.shape[1] // across
        blocks = array[: high * 2 * across, : wide * across]
        array = blocks.reshape(high, 2 * across, wide, across).mean(axis=(1, 3))
    return ["".join(ink[int(9.99 * v)] for v in row) for row in array / (array.max() or 1.0)]


def print_side_by_side(named):
    """Pictures as text, two in a row."""
    items = [(name, in_characters(array)) for name, array in named.items()]
    for (name, left), (other, right) in zip(items[::2], items[1::2], strict=True):
        print(f"\n{name:<40}{other}")
        for k in range(max(len(left), len(right))):
            cells = [lines[k] if k < len(lines) else "" for lines in (left, right)]
            print(f"{cells[0]:<40}{cells[1]}".rstrip())


def show(lessons, path):
    """All pictures in one PNG at `path`; as text where `path` is empty or matplotlib missing."""
    if path:
        try:
            from minigrad import viz

            viz.save_pictures(path, lessons)
            print(f"\nThe pictures are in {path}.")
            return
        except ImportError as missing:
            print(f"\nNo picture file ({missing}); in characters:")
    for lesson in lessons:
        print_side_by_side(lesson)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--text", action="store_true", help="show the pictures in characters")
    parser.add_argument("--picture", default="learned_edge_kernel.png", help="the PNG to write")
    parser.add_argument("--photograph", default=PHOTOGRAPH, help="a binary PGM file")
    asked = parser.parse_args()

    torch.manual_seed(0)
    print("The black bar: learning a kernel of 1 x 2 whose answer is 1 and -1 at its edges")
    bar = learn_on_bar()
    print(bar[2].weight)
    print("\nThe photograph: learning Sobel's kernel back from the picture of its edges")
    photograph = learn_on_photograph(asked.photograph)
    print(photograph[2].weight)
    show([pictures(*bar), pictures(*photograph)], "" if asked.text else asked.picture)


if __name__ == "__main__":
    main()
