"""The contract of users and content, over real HTTP, for every treatment and database that must keep it."""
