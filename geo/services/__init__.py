"""What happens: each service flushes and never commits."""
