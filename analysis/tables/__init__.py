"""Results as text. A cell without a number is a dash.

cells.py     a row, a finding, a curve as cells, with their heads
sheets.py    the tables of a results file, in order, with their notes; the report's and the terminal's
markdown.py, latex.py    sheets written out
csv_files.py    every number with its column, for programs
"""
