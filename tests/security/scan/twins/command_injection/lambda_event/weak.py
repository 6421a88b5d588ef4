import os
import re


def handler(event, context):
    branch = event["branch"]
    os.system(f"git -C /srv/repo checkout {branch}")
    return {"statusCode": 200}
