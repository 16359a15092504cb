"""What the training examples share: options, the epochs, a progress bar, accuracy, checkpoints.

No framework: read it once, and copy what you need.
"""

import argparse
import sys
from pathlib import Path

import minigrad as torch
import minigrad.nn.functional as F
from minigrad.optim.lr_scheduler import OneCycleLR
from minigrad.utils.data import DataLoader, TensorDataset


def options(about, **defaults):
    """A parser for a training's command line, with these defaults."""
    parser = argparse.ArgumentParser(description=about.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=defaults["epochs"])
    parser.add_argument("--batch-size", type=int, default=defaults.get("batch_size", 64))
    parser.add_argument("--lr", type=float, default=defaults["lr"], help="the learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", type=Path, help="a file for the state after every epoch")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    parser.add_argument("--stop-after", type=int, metavar="EPOCH", help="leave the rest for later")
    return parser


def tensors(data):
    """The pictures of a dataset as tensors (N, C, H, W) from 0 to 1, and their classes."""
    pictures = torch.as_tensor(data.data).float() / 255
    pictures = pictures.permute(0, 3, 1, 2) if pictures.ndim == 4 else pictures.unsqueeze(1)
    return TensorDataset(pictures.contiguous(), torch.as_tensor(data.targets))


def epochs(args, **parts):
    """The numbers of the epochs still to do, from 1; after each the state of all parts is saved.

    parts: whatever has `state_dict` and `load_state_dict`: nets, optimizers, schedulers. The random
    generator is saved with them, so that a training that is taken up again goes on bit for bit.
    """
    done = 0
    if args.resume:
        state = torch.load(args.checkpoint)
        for name, part in parts.items():
            part.load_state_dict(state[name])
        torch.set_rng_state(state["generator"])
        done = state["epochs"]

    def save():
        if args.checkpoint:
            state = {name: part.state_dict() for name, part in parts.items()}
            state |= {"generator": torch.get_rng_state(), "epochs": done}
            torch.save(state, args.checkpoint)  # in one step: an old file stays whole till then

    save()
    while done < min(args.epochs, args.stop_after or args.epochs):
        yield done + 1
        done += 1
        save()


def progress(batches, label):
    """The batches, with a bar on the terminal if tqdm is installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        return batches
    return tqdm(batches, label, leave=False, disable=None)


def accuracy(net, batches):
    """The share of pictures that the net puts in the right class."""
    net.eval()
    right = seen = 0
    with torch.no_grad():
        for x, y in batches:
            right += (net(x).argmax(1) == y).sum().item()
            seen += len(y)
    return right / seen


def fit(args, net, optimizer, for_training, for_testing, augment=None):
    """Train a net to classify, in one cycle of learning rates; prints how it does.

    for_training, for_testing: datasets of (picture, class).  augment: changes a batch of pictures.
    """
    batches = DataLoader(for_training, args.batch_size, shuffle=True)
    test_batches = DataLoader(for_testing, 500)
    scheduler = OneCycleLR(optimizer, args.lr, total_steps=args.epochs * len(batches))
    for epoch in epochs(args, net=net, optimizer=optimizer, scheduler=scheduler):
        net.train()
        total = 0.0
        for x, y in progress(batches, f"epoch {epoch}"):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(augment(x) if augment else x), y)
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item()
        mean = total / len(batches)
        print(f"epoch {epoch:2d}: loss {mean:.4f}, test accuracy {accuracy(net, test_batches):.2%}")
    print(f"{len(for_testing)} pictures it has not seen: {accuracy(net, test_batches):.2%} right")


def draw(path, pictures, what, columns=10):
    """Write pictures (N, 1, H, W), columns of them side by side, to one file."""
    n, _, height, width = pictures.shape
    framed = F.pad(pictures[:, 0], (1, 1, 1, 1), value=0.5)
    rows = framed.view(n // columns, columns, height + 2, width + 2).transpose(1, 2)
    sheet = rows.reshape(n // columns * (height + 2), columns * (width + 2))
    try:
        from minigrad import viz

        viz.save_pictures(path, [{what: sheet.numpy()}])
        print(f"{path}: {what}")
    except ImportError as missing:
        print(f"No picture file ({missing}).")


def main(run, parser):
    """Run a script's `run(args)`; Ctrl-C ends it with one line, its checkpoint left valid."""
    args = parser.parse_args()
    if args.resume and not (args.checkpoint and args.checkpoint.exists()):
        parser.error("--resume needs a --checkpoint that exists")
    torch.manual_seed(args.seed)
    try:
        run(args)
    except KeyboardInterrupt:
        hint = f"; --checkpoint {args.checkpoint} --resume goes on" if args.checkpoint else ""
        print(f"\nInterrupted{hint}.", file=sys.stderr)
        sys.exit(130)
