"""Edges once more, in small steps: whole numbers, a transposed picture, an update without a tape.

Tensors need not hold fractions; a picture can be looked at sideways; and a parameter may be changed
in place where nothing is recorded.
"""

import minigrad as torch
import minigrad.nn as nn


def corr2d(X, K):
    """The 2-d cross-correlation of X with K."""
    h, w = K.shape
    Y = torch.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
    return Y


class Conv2D(nn.Module):
    """A layer that correlates its input with a kernel and adds a bias."""

    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias


def whole_numbers():
    print("Whole numbers")
    X = torch.tensor([[0, 1, 2], [3, 4, 5], [6, 7, 8]])
    K = torch.tensor([[0, 1], [2, 3]])
    print(X, X.dtype)
    window = X[0:2, 0:2] * K
    print(window, window.sum(), window.sum().item())
    print("written into a tensor of zeros they become fractions:")
    print(corr2d(X, K))
    print(X + K[0, 1], X * 0.5, X // 2, X / 2, X > 4, sep="\n")


def a_bar_and_its_edges():
    print("\nA black bar on white")
    X = torch.ones((6, 8))
    X[:, 2:6] = 0
    K = torch.tensor([[1.0, -1.0]])
    Y = corr2d(X, K)
    print(X)
    print(Y)
    print("The picture lying on its side:", X.t().shape)
    print(X.t())
    print("the kernel finds nothing in it:", corr2d(X.t(), K).abs().sum())
    print("but lying on its side itself, it does:")
    print(corr2d(X.t(), K.t()))
    print("A layer with a kernel not learned yet:")
    layer = Conv2D((1, 2))
    print(layer.weight, layer.bias, layer(X), sep="\n")
    return X, Y


def learn(X, Y):
    print("\nLearning the kernel")
    conv2d = nn.Conv2d(1, 1, kernel_size=(1, 2), bias=False)
    X = X.reshape((1, 1, 6, 8))
    Y = Y.reshape((1, 1, 6, 7))
    lr = 3e-2
    for epoch in range(20):
        Y_hat = conv2d(X)
        loss = ((Y_hat - Y) ** 2).sum()
        conv2d.zero_grad()
        loss.backward()
        with torch.no_grad():
            conv2d.weight -= lr * conv2d.weight.grad
        print(f"epoch {epoch + 1}, loss {loss.item():.4f}")
    print("requires a gradient still:", conv2d.weight.requires_grad, conv2d.weight.is_leaf)
    print(conv2d.weight)
    print(conv2d.weight.detach().reshape((1, 2)))
    with torch.no_grad():
        print("near [[1, -1]]:", (conv2d.weight.reshape(2) - torch.tensor([1, -1])).abs() < 0.05)


def main():
    torch.manual_seed(8)
    whole_numbers()
    X, Y = a_bar_and_its_edges()
    learn(X, Y)


if __name__ == "__main__":
    main()
