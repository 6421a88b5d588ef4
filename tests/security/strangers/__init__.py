"""Small backends with seeded flaws, and the same backends mended: README.md."""
