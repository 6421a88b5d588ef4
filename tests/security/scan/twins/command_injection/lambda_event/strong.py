import os
import re


def handler(event, context):
    branch = event["branch"]
    if not re.fullmatch(r"[\w-]+", branch):
        return {"statusCode": 422}
    os.system(f"git -C /srv/repo checkout {branch}")
    return {"statusCode": 200}
