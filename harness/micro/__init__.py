"""The micro world: a small made-up world that a one-million-parameter Llama learns in minutes, with an oracle that knows the truth.

Pure Python, no heavy import. Everything is a function of a `World`, a size and a seed, and gives the same on every machine.
"""
