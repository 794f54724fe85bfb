"""Human evaluation: two systems' answers to the same prompts, voted on blind in a browser (Humpback, section 3.3).

`items.py` joins the answers and reads screening items, `ballot.py` keeps votes while they are being given, `app.py` is
the web page, `guard.py` keeps strangers out of it. What everybody else reads of a vote is in `spec/votes.py`.
"""
