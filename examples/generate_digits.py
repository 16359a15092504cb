"""Two networks play: one draws digits, the other tells them from real ones (a small DCGAN).

    python examples/generate_digits.py                # draws generated_digits.png

Both are told which digit is meant, so that the net can be asked for a 7.

Sources: Radford et al., https://arxiv.org/abs/1511.06434; Mirza and Osindero, https://arxiv.org/abs/1411.1784
"""

from train_digits import digits
from training import draw, epochs, main, options, progress

import minigrad as torch
import minigrad.nn as nn
import minigrad.nn.functional as F
from minigrad.optim import Adam
from minigrad.utils.data import DataLoader

NOISE = 16


def generator():
    """(N, NOISE + 10, 1, 1) noise and digits to (N, 1, 8, 8) pictures."""
    return nn.Sequential(
        nn.ConvTranspose2d(NOISE + 10, 64, kernel_size=2, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, kernel_size=4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 1, kernel_size=4, stride=2, padding=1),
        nn.Sigmoid(),
    )


def discriminator():
    """(N, 11, 8, 8) pictures with their digits to (N, 1) logits: real or not?"""
    return nn.Sequential(
        nn.Conv2d(11, 32, kernel_size=4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.3),
        nn.Conv2d(32, 64, kernel_size=4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(64 * 2 * 2, 1),
    )


def drawn(generate, kinds):
    """Pictures (N, 1, 8, 8) of these digits (N,), from fresh noise."""
    wanted = F.one_hot(kinds, 10).float()
    noise = torch.randn(len(kinds), NOISE)
    return generate(torch.cat([noise, wanted], 1)[:, :, None, None])


def judged(discriminate, pictures, kinds):
    """The logits (N, 1) of pictures being real and of these digits."""
    planes = F.one_hot(kinds, 10).float()[:, :, None, None].expand(-1, -1, 8, 8)
    return discriminate(torch.cat([pictures, planes], 1))


def loss_if(real, logits):
    """How wrong the logits are if all pictures are real, or if none is."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, 0.9 if real else 0))


def likeness(pictures, kinds, real, real_kinds):
    """The share of pictures whose nearest real picture is of the digit that was asked for."""
    distances = (pictures.flatten(1)[:, None] - real.flatten(1)[None]).square().sum(2)
    return (real_kinds[distances.argmin(1)] == kinds).float().mean().item()


def run(args):
    for_training, _ = digits()
    batches = DataLoader(for_training, args.batch_size, shuffle=True, drop_last=True)
    generate, discriminate = generator(), discriminator()
    drawing = Adam(generate.parameters(), lr=args.lr, betas=(0.5, 0.999))
    judging = Adam(discriminate.parameters(), lr=args.lr, betas=(0.5, 0.999))
    parts = {"generate": generate, "discriminate": discriminate}

    for epoch in epochs(args, **parts, drawing=drawing, judging=judging):
        generate.train()
        for real, kinds in progress(batches, f"epoch {epoch}"):
            fake = drawn(generate, kinds)

            judging.zero_grad()
            loss = loss_if(True, judged(discriminate, real, kinds))
            loss += loss_if(False, judged(discriminate, fake.detach(), kinds))
            loss.backward()
            judging.step()

            drawing.zero_grad()
            fooled = loss_if(True, judged(discriminate, fake, kinds))
            fooled.backward()
            drawing.step()
        if epoch % 10 == 0:
            print(f"epoch {epoch:3d}: judging {loss.item():.3f}, drawing {fooled.item():.3f}")

    generate.eval()
    kinds = torch.arange(10).repeat_interleave(10)
    with torch.no_grad():
        pictures = drawn(generate, kinds)
    draw(args.picture, pictures, "ten drawings of every digit")
    real, real_kinds = next(iter(DataLoader(for_training, len(for_training))))
    print(
        f"{likeness(pictures, kinds, real, real_kinds):.0%} of the drawings are most like a real picture of their digit"
    )


if __name__ == "__main__":
    parser = options(__doc__, epochs=60, lr=0.002)
    parser.add_argument("--picture", default="generated_digits.png", help="the picture to write")
    main(run, parser)
