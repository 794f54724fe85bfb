"""What results mean. Reads what the harness recorded; never runs a stage."""
