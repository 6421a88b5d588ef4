from django.db import connection
from django.views import View


class Report(View):
    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.region = request.GET.get("region")

    def get(self, request):
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(total) FROM sales WHERE region = %s", [self.region])
            return cursor.fetchone()
