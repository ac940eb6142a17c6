"""What the numbers mean: coverage now, surfaces and clusters later."""
