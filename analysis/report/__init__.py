"""The report: what a results folder holds, as one page that needs nothing else.

`provenance` and `samples` read the store when an experiment has run, and what they return is committed beside the
tables. The page itself is built of committed files alone, so that anybody can build it again without the models.
"""
