import logging
import traceback

from rest_framework.response import Response
from rest_framework.views import exception_handler

log = logging.getLogger(__name__)


def explain(exc, context):
    response = exception_handler(exc, context)
    if response is not None:
        return response
    return Response({"detail": str(exc), "trace": traceback.format_exc()}, status=500)
