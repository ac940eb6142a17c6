"""Numbers and geometries, without a database: codes, frames, shapes, the locator."""
