import os

ROOT_URLCONF = "shop.urls"
DEBUG = os.environ.get("SHOP_DEBUG") == "1"
