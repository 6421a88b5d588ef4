import base64
import json
import marshal

from celery import shared_task


@shared_task
def apply(settings):
    return json.loads(base64.b64decode(settings))
