"""Laboratory reports, read from pages into rows: what was printed, and beside it what it means."""
