"""Claims of "Self-Alignment with Instruction Backtranslation" (Li et al., arXiv 2308.06259)."""
