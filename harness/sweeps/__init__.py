"""Sweeps: settings tried by several processes on dev prompts, the best of them found. Needs the package optuna."""
