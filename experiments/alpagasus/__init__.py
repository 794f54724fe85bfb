"""Claims of "AlpaGasus: Training a Better Alpaca with Fewer Data" (Chen et al., arXiv 2307.08701)."""
