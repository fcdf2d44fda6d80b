"""The training of osler-nano, the demonstration model: see tools/train_nano.py."""
