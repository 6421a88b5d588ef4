from django.http import HttpResponse
from django.shortcuts import render


def hello(request):
    nickname = request.GET.get("nickname", "stranger")
    return render(request, "hello.html", {"nickname": nickname})
