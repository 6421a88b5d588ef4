from django.http import HttpResponse
from django.shortcuts import render


def hello(request):
    nickname = request.GET.get("nickname", "stranger")
    return HttpResponse("<html><body>Hello, %s!</body></html>" % nickname)
