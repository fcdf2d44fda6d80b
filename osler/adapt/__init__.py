"""Adapting a model: tuning, merging, exporting and quantising (docs/adapting.md)."""
