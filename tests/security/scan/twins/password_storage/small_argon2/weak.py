from argon2 import PasswordHasher

hasher = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
