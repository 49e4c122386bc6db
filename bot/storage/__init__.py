"""Database: engine, tables, migrations. The lowest layer: it imports no other package of ours but the shared modules."""
