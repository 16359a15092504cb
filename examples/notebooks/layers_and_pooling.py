"""Ready-made layers: a convolution of colour pictures, and three ways to pool.

What to look at are the shapes: of a batch going through a layer, and of the layer's parameters.
"""

import minigrad as torch
import minigrad.nn as nn
import minigrad.nn.functional as F


def convolution_of_colour_pictures():
    print("64 kernels of 3x3 over three colours")
    conv = nn.Conv2d(3, 64, (3, 3))
    X = torch.randn(4, 3, 12, 12)
    Y = conv(X)
    print(conv)
    print("in", X.shape, "out", Y.shape)
    for name, parameter in conv.named_parameters():
        print(name, parameter.shape, parameter.numel(), parameter.requires_grad)
    print("parameters in all:", sum(parameter.numel() for parameter in conv.parameters()))
    print("the first kernel:")
    print(conv.weight[0])
    print("its bias:", conv.bias[0])
    print("one corner of the answer:")
    print(Y[0, 0, :4, :4])
    Y.mean().backward()
    print("gradients:", conv.weight.grad.shape, conv.bias.grad.shape)
    print(conv.bias.grad[:4])


def pooling():
    print("\nPooling: a window is replaced by one number")
    X = torch.arange(144, dtype=torch.float32).reshape(1, 1, 12, 12)
    print(X)
    largest = nn.MaxPool2d(2, 2)
    average = nn.AvgPool2d(2, 2)
    print(largest, largest(X).shape)
    print(largest(X))
    print(average, average(X).shape)
    print(average(X))
    whole = F.adaptive_avg_pool2d(X, (1, 1))
    print("the average of the whole picture:", whole, whole.shape)
    print("in four by three parts:", F.adaptive_avg_pool2d(X, (4, 3)))


def pooling_of_noise():
    print("\nThe same of random numbers, and what flows back")
    X = torch.randn(1, 1, 12, 12, requires_grad=True)
    Y = nn.MaxPool2d(2, 2)(X)
    print(Y)
    Y.sum().backward()
    print("the gradient goes to the largest of each window:")
    print(X.grad)
    X.grad.fill_(0)
    nn.AvgPool2d(2, 2)(X).sum().backward()
    print("and to all alike under an average:", X.grad[0, 0, 0, :4])
    overlapping = nn.MaxPool2d((3, 3), padding=(1, 1), stride=(2, 2))
    print(overlapping, overlapping(X).shape)
    print(overlapping(X))


def main():
    torch.manual_seed(0)
    convolution_of_colour_pictures()
    pooling()
    pooling_of_noise()


if __name__ == "__main__":
    main()
