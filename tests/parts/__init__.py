"""Real parts for tests: each module starts one of them and takes it down again, whatever the test does."""
