"""Readers of judgement files, published or our own, and the rules that turn each prompt's judgement into one outcome.

Every format ends in the same `Judgement`, so that what is computed afterwards is computed once. A row that cannot be
used comes out beside the others with its file, place, field and reason: rows = items + unreadable.
"""
