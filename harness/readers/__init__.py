"""Readers of what people have: files of records, instruction data, conversations, scores.

Each takes a path and yields rows; what cannot be read comes out beside them as `Unreadable`, with where it stands and
why, and a file of which nothing can be used raises `UnusableFile`. Formats are told by content, never by name.
"""
