"""What is asked: setups and one module per claim. Imports the vocabulary only; nothing here computes."""
