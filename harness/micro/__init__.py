"""The micro world: a small made-up world that a one-million-parameter Llama learns in minutes, and an oracle for it.

Pure Python, no heavy import. Everything is a function of a `World`, a size and a seed, the same on every machine.
"""
