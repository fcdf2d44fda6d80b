"""Tiny models and makers of synthetic files; imported only by tests and examples."""
