from django.http import HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme


def switch(request):
    target = request.POST.get("next")
    return HttpResponseRedirect(target)
