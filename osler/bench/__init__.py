"""Measures Osler's speed and memory, alone or in turns with another program."""
