"""What tests of modules share: programs that run on both packages, and a net with every kind of part."""

from __future__ import annotations

import torch

import minigrad as mg


def same(program):
    """Run a program on both packages: its answer, printed, must be the same text."""
    ours, theirs = repr(program(mg)), repr(program(torch))
    assert ours == theirs
    return theirs


def story(*actions):
    """A program that runs actions one after the other and tells each one's answer or error."""

    def program(T):
        told = []
        for action in actions:
            try:
                told.append(action(T))
            except Exception as error:
                told.append((type(error).__name__, str(error)))
        return told

    return program


def make_net(T):
    """A module with every kind of part, one parameter and one module there twice."""

    class Block(T.nn.Module):
        def __init__(self, n):
            super().__init__()
            self.scale = T.nn.Parameter(T.ones(n))
            self.register_parameter("nothing", None)
            self.register_buffer("mean", T.zeros(n))
            self.register_buffer("cache", T.ones(n), persistent=False)
            self.register_buffer("void", None)

        def forward(self, x):
            return x * self.scale

        def extra_repr(self):
            return f"n={self.scale.numel()}"

    class Net(T.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = Block(2)
            self.again = self.first
            self.row = T.nn.Sequential(Block(2), T.nn.Sequential(Block(2)))
            self.row[0].scale = self.first.scale
            self.gone = Block(2)
            self.gone = None
            self.count = T.nn.Parameter(T.tensor(1.0), requires_grad=False)

        def forward(self, x):
            return self.row(self.first(x)) * self.count

    return Net()


def numbers(state):
    return [(name, value.tolist()) for name, value in state.items()]


def double_output(module, args, output):
    return output * 2
