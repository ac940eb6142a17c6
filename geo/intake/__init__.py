"""Files and rows from outside become records; every refused row keeps its number and reason."""
