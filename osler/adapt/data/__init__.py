"""Examples to learn from: read, checked, divided, shown. Needs no torch."""
