from django.http import HttpResponse


def moved(request):
    response = HttpResponse(status=302)
    response["Location"] = "/articles/" + request.GET["slug"]
    return response
