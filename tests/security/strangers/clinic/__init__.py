"""A veterinary clinic: Flask, raw SQL on SQLite, bearer JWT, integer ids."""
