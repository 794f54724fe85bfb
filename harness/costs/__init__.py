"""What a plan costs before anything is there: sizes, hours, memory, calls, disk, by a model that docs/costs.md states.

Every estimate comes from an artifact's expression and, where one is finished, from its record. Nothing here needs a
GPU, data or a network. What cannot be known is said and never guessed.
"""
