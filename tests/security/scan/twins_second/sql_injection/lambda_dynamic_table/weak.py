import json
import os

import pymysql

TABLES = {"eu": "orders_eu", "us": "orders_us"}


def handler(event, context):
    region = event["queryStringParameters"]["region"]
    connection = pymysql.connect(host=os.environ["DB_HOST"], connect_timeout=3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM orders_{}".format(region))
    return {"statusCode": 200, "body": json.dumps({"count": cursor.fetchone()})}
