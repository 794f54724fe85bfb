"""Logs of evaluations, sample by sample: lm-eval's, inspect's and those of `humpback benchmark`, and what two models'
differ by on the samples that both have."""
