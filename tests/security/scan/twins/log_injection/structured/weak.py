import json
import logging

from django.views import View

log = logging.getLogger("app")


class Search(View):
    def get(self, request):
        term = request.GET.get("q", "")
        log.info(f"search for {term}")
        return None
