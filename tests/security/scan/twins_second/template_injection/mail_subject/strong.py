from django.http import HttpResponse
from django.template import Context, Template
from django.template.loader import render_to_string


def preview(request):
    user = request.user
    body = render_to_string("mail/letter.txt", {"user": user, "text": request.POST["text"]})
    return HttpResponse(body, content_type="text/plain")
