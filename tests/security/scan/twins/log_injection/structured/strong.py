import json
import logging

from django.views import View

log = logging.getLogger("app")


class Search(View):
    def get(self, request):
        term = request.GET.get("q", "")
        log.info(json.dumps({"event": "search", "term": term}))
        return None
