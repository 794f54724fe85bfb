"""Out: an artifact as others take it, data in a layout that their programs read, models as plain folders.

What leaves is checked against the record first, goes with a card that says what it is made of and what may be done with
it, and holds no path of this computer. The record stays the truth: the card repeats it and adds nothing.
"""
