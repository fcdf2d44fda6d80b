"""Train, evaluate and describe osler-nano, the demonstration model in osler/nano.

    python tools/train_nano.py rebuild  --data DIR              all of it: train, export, evaluate, examples, card
    python tools/train_nano.py train    --data DIR --work DIR   the training alone, with its export
    python tools/train_nano.py export   --work DIR
    python tools/train_nano.py evaluate --data DIR
    python tools/train_nano.py examples --data DIR
    python tools/train_nano.py card

DIR of --data holds nih_cxr/ and bccd/ (see tools/nano/data.py). The training is a recipe for Osler's own loop
(osler.adapt.training). It takes 25-30 minutes on two free cores, shows the time left, and goes on from its last
checkpoint in the --work folder after Ctrl-C. Needs `pip install 'osler[adapt]'` (or `pip install -e '.[adapt]'` in the
checkout), and for their pictures scikit-image, scikit-learn, pydicom-data and nilearn.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "osler" / "nano"
sys.path.insert(0, str(ROOT))  # the checkout's own osler, installed or not


def rebuild(arguments: argparse.Namespace) -> None:
    """Make everything in the folder anew."""
    for command in (train, evaluate, examples, card):
        command(arguments)


def train(arguments: argparse.Namespace) -> None:
    """Run the fixed recipe, then write the folder."""
    import torch
    from nano.train import Recipe
    from nano.train import train as run

    torch.set_num_threads(arguments.threads)
    if run(Recipe(), arguments.data, arguments.work).ended == "interrupted":
        raise KeyboardInterrupt
    export(arguments)


def export(arguments: argparse.Namespace) -> None:
    """Write the averaged weights of the last checkpoint and everything beside them."""
    from nano.export import write_folder

    write_folder(arguments.work / "checkpoint.pt", arguments.folder)


def evaluate(arguments: argparse.Namespace) -> None:
    """Measure the held-out part and write figures.json."""
    import torch
    from nano.evaluate import write_figures

    torch.set_num_threads(arguments.threads)
    write_figures(arguments.data, arguments.folder, arguments.split)


def examples(arguments: argparse.Namespace) -> None:
    """Copy the two example pictures and say where they come from."""
    from nano.examples import write_examples

    write_examples(arguments.data, arguments.folder)


def card(arguments: argparse.Namespace) -> None:
    """Write CARD.md from figures.json."""
    from nano.card import write_card

    write_card(arguments.folder)


COMMANDS = {
    "rebuild": rebuild,
    "train": train,
    "export": export,
    "evaluate": evaluate,
    "examples": examples,
    "card": card,
}


def main() -> None:
    """Read the command line and run one command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=tuple(COMMANDS))
    parser.add_argument("--data", type=Path, help="folder with nih_cxr/ and bccd/")
    parser.add_argument("--work", type=Path, default=Path("build/nano"), help="where the checkpoint lives")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="the model's folder")
    parser.add_argument("--split", choices=("validation", "test"), default="test")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.command in ("rebuild", "train", "evaluate", "examples") and arguments.data is None:
        parser.error("--data is needed: the folder that holds nih_cxr/ and bccd/")
    try:
        COMMANDS[arguments.command](arguments)
    except KeyboardInterrupt:
        sys.exit("stopped; the same command goes on from the last checkpoint")


if __name__ == "__main__":
    main()
