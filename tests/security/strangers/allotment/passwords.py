"""How the garden stores passwords."""

from django.contrib.auth.hashers import ScryptPasswordHasher


class LightScrypt(ScryptPasswordHasher):
    """Light, so that tests are quick: nothing outside can see it."""

    work_factor = 2**10
    parallelism = 1
