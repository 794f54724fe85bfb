"""Mean and 95 % interval again: recompute.py FOLDER M1, or FOLDER M1 uncurated, or FOLDER "A5 60=60" "A5 120=120"."""

import csv
import gzip
import re
import sys

import numpy as np


def points(folder, arm):  # each seed's base, and (seeds, prompts) from 0 to 100 against what the arm was judged by
    with gzip.open(f"{folder}/outcomes.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    shown = [name for name in rows[0] if name.startswith(f"{arm} against ")][:2]
    orders = np.array([[float(row[name] or "nan") for name in shown] for row in rows])
    bases = {row["seed"]: row["base"] for row in rows}
    return list(bases.values()), 100 * np.nanmean(orders, axis=1).reshape(len(bases), -1)


def interval(bases, scores):  # bases (or the seeds of one base) and prompts are crossed random factors
    there, means = ~np.isnan(scores), np.nanmean(scores, axis=1, keepdims=True)
    moves = np.where(there, scores - means, 0) * (there.shape[1] / there.sum(axis=1, keepdims=True))
    units = np.array(bases if len(set(bases)) > 1 else range(len(bases)))
    table = np.stack([(means + moves)[units == one].mean(axis=0) for one in np.unique(units)])
    (n, m), rows, columns, mean = table.shape, table.mean(axis=1), table.mean(axis=0), table.mean()
    left = np.square(table - rows[:, None] - columns + mean).sum() / ((n - 1) * (m - 1))
    squares = [(max(m * rows.var(ddof=1), left), n - 1), (max(n * columns.var(ddof=1), left), m - 1)]
    whole = left + sum(square - left for square, _ in squares)
    drawn = sum(((own * one + whole) / (own + 1)) ** 2 / own for one, own in squares if one > left)
    degrees = whole**2 / drawn if drawn else (n - 1) * (m - 1)  # Satterthwaite's
    angle = (np.arange(1_000_000) + 0.5) * np.pi / 2_000_000  # Student's t is sqrt(degrees) tan(angle)
    share = np.cumsum(np.cos(angle) ** (degrees - 1))
    t = np.sqrt(degrees) * np.tan(np.interp(0.95, share / share[-1], angle + angle[0]))
    return mean + t * np.sqrt(whole / table.size) * np.array([0, -1, 1])


arms, sizes = zip(*(re.fullmatch(r"(.+?)(?:=(\d+))?", word).groups() for word in sys.argv[2:]), strict=True)
weights = np.linalg.pinv(np.vander(np.log(np.array(sizes, float)), 2))[0] if any(sizes) else [1, -1][: len(arms)]
scores = sum(weight * points(sys.argv[1], arm)[1] for weight, arm in zip(weights, arms, strict=True))
print(*interval(points(sys.argv[1], arms[0])[0], scores - 50 * (len(arms) == 1)))
