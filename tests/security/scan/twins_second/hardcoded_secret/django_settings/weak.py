import os
from pathlib import Path

BASE_DIR = Path(__file__).parent
ALLOWED_HOSTS = ["shop.example.com"]
SECRET_KEY = "django-insecure-x8!2k1p0m9w7q5e3r4t6y"
