"""Judging by models behind endpoints: alpaca-eval's annotators, what a run will cost, who may judge whom."""
