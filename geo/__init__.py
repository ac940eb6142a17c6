"""The geospatial heart: pure core, intake, storage and services."""
