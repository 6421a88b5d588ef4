from django.http import HttpResponse
from django.template import Context, Template
from django.template.loader import render_to_string


def preview(request):
    user = request.user
    body = Template("Dear {{ user }}, " + request.POST["text"]).render(Context({"user": user}))
    return HttpResponse(body, content_type="text/plain")
