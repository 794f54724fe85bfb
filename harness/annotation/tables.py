"""The tables of a file of votes.

`votes.token` is unique, so a showing is answered once; the index says that one vote of an annotator stands on an item.
"""

TABLES = """
CREATE TABLE items (item TEXT PRIMARY KEY, prompt TEXT NOT NULL, instruction TEXT NOT NULL, source TEXT NOT NULL,
    first TEXT NOT NULL, second TEXT NOT NULL, first_output TEXT NOT NULL, second_output TEXT NOT NULL,
    screening INTEGER NOT NULL) STRICT;
CREATE TABLE annotators (annotator TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE visitors (visitor TEXT PRIMARY KEY, annotator TEXT NOT NULL REFERENCES annotators) STRICT;
CREATE TABLE showings (token TEXT PRIMARY KEY, item TEXT NOT NULL REFERENCES items,
    annotator TEXT NOT NULL REFERENCES annotators, shown_first TEXT NOT NULL CHECK (shown_first IN ('first', 'second')),
    at TEXT NOT NULL) STRICT;
CREATE TABLE votes (id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE REFERENCES showings,
    item TEXT NOT NULL REFERENCES items, annotator TEXT NOT NULL REFERENCES annotators,
    choice TEXT NOT NULL CHECK (choice IN ('first', 'second', 'neither')), comment TEXT NOT NULL,
    seconds REAL NOT NULL, at TEXT NOT NULL, superseded_at TEXT) STRICT;
CREATE UNIQUE INDEX one_vote_an_item ON votes (item, annotator) WHERE superseded_at IS NULL;
CREATE INDEX showings_of ON showings (annotator, item);
"""
