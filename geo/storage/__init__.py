"""Tables, queries, migrations, and where the database comes from."""
