import os
from pathlib import Path

BASE_DIR = Path(__file__).parent
ALLOWED_HOSTS = ["shop.example.com"]
SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
