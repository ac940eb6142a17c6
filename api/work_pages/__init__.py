"""Pages in which work is done: boundary versions, imports, issues, and a cadre's own."""
