from django.http import HttpResponse


def moved(request):
    response = HttpResponse(status=302)
    response["Location"] = request.GET["to"]
    return response
