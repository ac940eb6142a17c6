"""The fictional sample county."""
