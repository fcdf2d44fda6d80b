"""The command line: one module a verb, nothing but arguments and printing."""
